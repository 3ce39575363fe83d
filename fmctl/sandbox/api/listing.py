"""What the lists of models and services share: record offset, limit, order, and texts that match in part."""

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

from fmctl.sandbox.wire import Call, WireError

INVALID = "ModelArts.3037"
DEFAULT_LIMIT = 1000
LONGEST_NUMBER = 18  # digits

Record = dict[str, Any]


def page(call: Call, records: Sequence[Record]) -> list[Record]:
    """The records from `offset` on, `limit` at most. The offset counts records, not pages."""
    offset, limit = _number(call, "offset", 0), _number(call, "limit", DEFAULT_LIMIT)
    return list(records[offset : offset + limit])


def ordered(
    call: Call,
    records: Sequence[Record],
    keys: Collection[str],
    default: str,
    rank: Callable[[str, Any], Any] = lambda _, value: value,
) -> list[Record]:
    """Sorted as `sort_by` and `order` ask; the newest first by default. `rank` makes values comparable."""
    key, order = call.query.get("sort_by") or default, call.query.get("order") or "desc"
    if key not in keys:
        raise WireError(400, INVALID, f"Invalid parameter sort_by: {key}. It must be one of {', '.join(sorted(keys))}.")
    if order not in {"asc", "desc"}:
        raise WireError(400, INVALID, f"Invalid parameter order: {order}. It must be asc or desc.")
    # Records come oldest first, and a sort keeps that for equal keys: turned round as a whole for "desc".
    oldest_first = sorted(records, key=lambda record: rank(key, record[key]))
    return oldest_first if order == "asc" else oldest_first[::-1]


def contains(text: str, wanted: str, *, literal: bool) -> bool:
    """Whether `wanted` stands somewhere in `text`. Unless taken literally, its underscores match any character."""
    if literal:
        return wanted in text
    return re.search(re.escape(wanted).replace("_", "."), text) is not None


def is_set(call: Call, name: str) -> bool:
    """Whether a switch is on; clients write it as JSON and as Python have it."""
    return call.query.get(name, "").lower() == "true"


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name) or str(default)
    if not text.isdecimal() or len(text) > LONGEST_NUMBER:
        raise WireError(400, INVALID, f"Invalid parameter {name}: {text}. It must be a whole number of at least 0.")
    return int(text)
