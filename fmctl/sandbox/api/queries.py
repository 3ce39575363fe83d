"""Numbers in the queries of training endpoints, checked alike everywhere."""

from collections.abc import Mapping, Sequence
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
        raise WireError(400, "ModelArts.2764", f"{name} must be one of {', '.join(filter(None, allowed))}.")
    return text


def selected(call: Call, labels: Mapping[str, str]) -> bool:
    """Whether labels fit the `labelSelector` of the query: `a=b,c!=d,e`, all of it; an absent one fits any."""
    for term in filter(None, (call.query.get("labelSelector") or "").split(",")):
        name, unequal, value = term.partition("!=")
        if not unequal:
            name, equal, value = term.replace("==", "=").partition("=")
            fits = labels.get(name) == value if equal else name in labels
        else:
            fits = labels.get(name) != value
        if not fits:
            return False
    return True


def records(call: Call, found: Sequence[T], most: int = 1000) -> Sequence[T]:
    """The part that `limit` and `offset` ask for; here the offset counts records, not pages."""
    limit, offset = number(call, "limit", most, 1, most), number(call, "offset", 0, 0)
    return found[offset : offset + limit]
