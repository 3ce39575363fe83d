"""What the lists of services of the second generation share: filters, order, and pages that begin at full ones."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fmctl.sandbox.models.checks import invalid
from fmctl.sandbox.wire import Call, Reply

DEFAULT_LIMIT = 10
MOST = 500
MOST_DIGITS = 18
SORT_KEYS = {"create_at": "create_at", "update_at": "update_at"}

Record = dict[str, Any]


def page(call: Call, records: Sequence[Record]) -> Reply:
    """The page that begins at `offset`, in the envelope of all lists."""
    limit, offset = window(call)
    counts = {"current": offset // limit, "size": limit, "pages": -(-len(records) // limit), "total": len(records)}
    return Reply(200, {"data": list(records[offset : offset + limit]), **counts})


def window(call: Call, limit: int = DEFAULT_LIMIT, offset: int = 0) -> tuple[int, int]:
    """How many records are asked for, and from which one on; the arguments are for who does not say."""
    limit, offset = number(call, "limit", limit), number(call, "offset", offset)
    if not 1 <= limit <= MOST:
        raise invalid("limit", f"1 to {MOST}")
    if offset % limit:
        raise invalid("offset", f"a multiple of limit, {limit}")
    return limit, offset


def ordered(
    call: Call, records: Iterable[Record], keys: Mapping[str, str] = SORT_KEYS, default: str = "update_at"
) -> list[Record]:
    """Sorted as `sort_key` (one, or several with commas) and `sort_dir` ask; the newest first when they do not."""
    names, direction = (call.query.get("sort_key") or default).split(","), call.query.get("sort_dir") or "DESC"
    if not keys.keys() >= set(names):
        raise invalid("sort_key", f"one of {', '.join(keys)}")
    if direction.upper() not in {"ASC", "DESC"}:
        raise invalid("sort_dir", "ASC or DESC")
    # Records come oldest first, and a sort keeps that for equal keys: turned round as a whole for DESC.
    found = sorted(records, key=lambda record: [record[keys[name]] for name in names])
    return found if direction.upper() == "ASC" else found[::-1]


def chosen(call: Call, name: str) -> frozenset[str]:
    """The values of a filter, which may be repeated or joined by commas."""
    return frozenset(value for text in call.query.getlist(name) for value in text.split(",") if value)


def number(call: Call, name: str, default: int) -> int:
    """A whole number in the query."""
    text = call.query.get(name) or str(default)
    if not text.isascii() or not text.isdecimal() or len(text) > MOST_DIGITS:
        raise invalid(name, "a whole number of at least 0")
    return int(text)
