"""Numbers in the queries of training endpoints, checked alike everywhere."""

from collections.abc import Sequence
from typing import TypeVar

from fmctl.sandbox.wire import Call, WireError

MOST = 1_000_000_000
T = TypeVar("T")


def number(call: Call, name: str, default: int, least: int, most: int = MOST) -> int:
    """A whole number within its limits; an absent or empty one is the default."""
    text = call.query.get(name) or str(default)
    if not (text.isascii() and text.isdigit()) or not least <= int(text) <= most:
        raise WireError(400, "ModelArts.2764", f"{name} must be an integer from {least} to {most}.")
    return int(text)


def choice(call: Call, name: str, default: str, allowed: Sequence[str]) -> str:
    """One of a few words; an absent or empty one is the default."""
    text = call.query.get(name) or default
    if text not in allowed:
        raise WireError(400, "ModelArts.2764", f"{name} must be one of {', '.join(allowed)}.")
    return text


def records(call: Call, found: Sequence[T], most: int = 1000) -> Sequence[T]:
    """The part that `limit` and `offset` ask for; here the offset counts records, not pages."""
    limit, offset = number(call, "limit", most, 1, most), number(call, "offset", 0, 0)
    return found[offset : offset + limit]
