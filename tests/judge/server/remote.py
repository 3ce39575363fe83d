"""What jobs, models and services have in common: they are born, listed late, and gone late."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from .rules import Rules
from .switches import Switches


@dataclass(slots=True, kw_only=True)
class Remote:
    """One object of the platform."""

    name: str
    description: str = ""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    born: float = field(default_factory=time.time)
    lag: float = 0.0
    deleted: float = 0.0


Kind = TypeVar("Kind", bound=Remote)


class Table(Generic[Kind]):
    """All objects of one kind, and how the platform lets them be seen."""

    def __init__(self, switches: Switches, rules: Rules) -> None:
        self.switches, self.rules = switches, rules
        self.rows: dict[str, Kind] = {}
        self.posted = 0
        """How many were made by clients."""

    def put(self, row: Kind) -> Kind:
        """Keep an object that did not come through the API: somebody used the console."""
        self.rows[row.id] = row
        return row

    def post(self, row: Kind) -> Kind:
        """Keep an object that a client made."""
        row.lag = self.switches.lag
        self.posted += 1
        return self.put(row)

    def alive(self) -> Iterator[Kind]:
        """Objects that were not deleted."""
        return (row for row in self.rows.values() if not row.deleted)

    def there(self) -> Iterator[Kind]:
        """Objects that can be read: the deleted ones for a while too."""
        return (row for row in self.rows.values() if self.readable(row))

    def readable(self, row: Kind) -> bool:
        return not row.deleted or time.time() - row.deleted < self.switches.linger

    def listed(self) -> list[Kind]:
        """Objects that lists show at this moment, newest first."""
        rows = (row for row in self.rows.values() if self._visible(row, time.time()))
        return sorted(rows, key=lambda row: row.born, reverse=True)

    def _visible(self, row: Kind, now: float) -> bool:
        if row.deleted:
            return now - row.deleted < max(row.lag, self.switches.linger)
        return max(0.0, now - row.born) >= row.lag  # a clock that is set back hides nothing

    def like(self, name: str, wanted: str) -> bool:
        """Whether a fuzzy search for ``wanted`` finds ``name``; platforms are more or less generous."""
        if self.switches.like == "wildcard":
            return re.search(re.escape(wanted.lower()).replace("_", "."), name.lower()) is not None
        return self.switches.like == "everything" or wanted in name

    def named(self, name: str) -> list[Kind]:
        """Objects of a resource: those whose name is ``name``, or begins so, oldest first."""
        rows = (row for row in self.alive() if row.name == name or row.name.startswith(f"{name}-"))
        return sorted(rows, key=lambda row: row.born)

    def text(self, description: str) -> str:
        """A description as it is shown."""
        return description or ("NULL" if self.switches.null_description else "")

    def ordered(
        self, rows: list[Kind], query: Mapping[str, str], keys: Mapping[str, Callable[[Kind], Any]]
    ) -> list[Kind]:
        """The rows of a v1 list in the order that is asked for; by default by the first key, the newest first."""
        key, order = query.get("sort_by", next(iter(keys))), query.get("order", "desc")
        self.rules.one_of(key, keys.keys(), "sort_by", "3037")
        self.rules.one_of(order, ["asc", "desc"], "order", "3037")
        return sorted(rows, key=keys[key], reverse=order == "desc")

    def page(
        self, rows: list[Kind], query: Mapping[str, str], unit: str, total: int
    ) -> tuple[list[Kind], dict[str, Any]]:
        """The rows of one page of a v1 list, and its counts."""
        limit, offset = int(query.get("limit", 1000)), int(query.get("offset", 0))
        self.rules.demand(1 <= limit <= 1000 and offset >= 0, f"limit {limit}, offset {offset}", "3037")
        limit = min(limit, self.switches.most)
        start = offset if unit == "item" else offset * limit
        found = rows[start : start + limit]
        return found, {"total_count": total if self.switches.totals_lie else len(rows), "count": len(found)}


def spelled(url: str, spelling: str, region: str) -> str:
    """An address of object storage in another spelling of the same."""
    bucket, _, key = url.removeprefix("obs:/").lstrip("/").partition("/")
    known = {
        "obs": f"obs://{bucket}/{key}",
        "https": f"https://{bucket}.obs.{region}.example.com/{key}",
        "bare": f"/{bucket}/{key}".rstrip("/"),
    }
    return known.get(spelling, url)


def milliseconds(moment: float) -> int:
    """A moment as the platform writes it."""
    return int(moment * 1000)
