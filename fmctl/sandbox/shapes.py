"""Shapes of JSON: of which type each field of a request must be, checked before anything reads it.

A shape is a `Kind`, a mapping of the fields that are known to their shapes, or a list with the shape of its items.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeAlias

from fmctl.sandbox.wire import WireError


class Kind(StrEnum):
    """A type of one value, as the error names it."""

    TEXT = "text"
    INTEGER = "an integer"
    NUMBER = "a number"
    SWITCH = "true or false"
    TEXTS = "an object of texts"
    ANY = "anything"


Shape: TypeAlias = "Kind | Mapping[str, Shape] | Sequence[Shape]"


def accept(value: Any, shape: Shape, where: str = "") -> Any:
    """The value as far as it is known: fields that the shape does not have, and those that are null, count as not sent.

    Raises for the first value of another type than its shape says.
    """
    if isinstance(shape, Kind):
        if not _fits(value, shape):
            raise _wrong(where, shape)
        return value
    if isinstance(shape, Mapping):
        if not isinstance(value, dict):
            raise _wrong(where, "an object")
        sent = [(name, inner) for name, inner in shape.items() if value.get(name) is not None]
        return {name: accept(value[name], inner, f"{where}.{name}" if where else name) for name, inner in sent}
    if not isinstance(value, list):
        raise _wrong(where, "a list")
    return [accept(item, shape[0], f"{where}[{at}]") for at, item in enumerate(value)]


def _fits(value: Any, kind: Kind) -> bool:
    match kind:
        case Kind.TEXT:
            return isinstance(value, str)
        case Kind.INTEGER:
            return type(value) is int
        case Kind.NUMBER:
            return type(value) in (int, float)
        case Kind.SWITCH:
            return isinstance(value, bool)
        case Kind.TEXTS:
            return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
        case Kind.ANY:
            return True


def _wrong(where: str, expected: str) -> WireError:
    return WireError(400, "ModelArts.2825", f"{where or 'The body'} must be {expected}.")
