"""Reading answers: one that has not the shape of the API's says nothing, least of all that something is absent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

from fmctl.domain.live import Live
from fmctl.domain.problem import NoAnswer

Item = Mapping[str, Any]
K = TypeVar("K")
_COUNTS = ("count", "total", "total_count")


def legible(read: Callable[[K, Item], Live]) -> Callable[[K, Item], Live]:
    """``read``, with NoAnswer for what it cannot read."""

    @wraps(read)
    def checked(self: K, item: Item) -> Live:
        try:
            return read(self, item)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise _garbage(read.__module__.rpartition(".")[2].replace("_", " ")) from error

    return checked


def items_of(answer: Any, key: str, identify: Callable[[Item], Any]) -> list[Item]:
    """The items of a list, all of which ``identify`` knows; a counted list may lack the key when it is empty."""
    items = answer.get(key) if isinstance(answer, Mapping) else None
    if items is None and isinstance(answer, Mapping) and any(name in answer for name in _COUNTS):
        return []
    try:
        if isinstance(items, list) and all(identify(item) for item in items):
            return items
    except (LookupError, TypeError):
        pass
    raise _garbage(f"list of {key}")


def _garbage(what: str) -> NoAnswer:
    return NoAnswer(f"the answer is no {what} of ModelArts", hint="is the endpoint right, or is there a proxy between?")
