"""What exists on the remote side, in the vocabulary of the manifests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, NamedTuple

from fmctl.domain.resource import ResourceId, Spec


class Health(StrEnum):
    """The one word for how a remote object is doing; every phase of every kind maps to one of these."""

    HEALTHY = "Healthy"
    PROGRESSING = "Progressing"
    DEGRADED = "Degraded"
    SUSPENDED = "Suspended"
    MISSING = "Missing"
    UNKNOWN = "Unknown"


POLICIES = {"Stop": "s", "Delete": "d", "Orphan": "o"}
_MARKER = re.compile(r" ?\[fmctl:([a-z0-9-]{1,20})@([0-9a-f]{10})([sdo])\]$")


class Marker(NamedTuple):
    """The end of a live object's description, which says whose it is: ``[fmctl:<set>@<hash10><policy>]``."""

    set: str
    hash: str
    policy: str

    def __str__(self) -> str:
        return f"[fmctl:{self.set}@{self.hash}{self.policy}]"

    def mark(self, description: str) -> str:
        """``description`` with this marker at its end."""
        return f"{description} {self}" if description else str(self)


def split_marker(description: str | None) -> tuple[str, Marker | None]:
    """A live description as the user's text and the marker; the word NULL is the API's empty description."""
    text = "" if description in (None, "NULL") else str(description)
    found = _MARKER.search(text)
    return (text[: found.start()], Marker(*found.groups())) if found else (text, None)


@dataclass(frozen=True, slots=True)
class Live:
    """One remote object: a run, a model version or a service.

    ``spec`` holds only what can be compared with a manifest, normalised. Times are epoch milliseconds.
    """

    id: ResourceId
    remote_id: str
    remote_name: str
    phase: str
    health: Health
    description: str = ""
    marker: Marker | None = None
    spec: Spec = field(default_factory=dict)
    url: str = ""
    message: str = ""
    created: int = 0
    started: int = 0
    duration: int = 0
    attempt: int = 0
    hash: str = ""
    """The hash in a run's name; empty for other kinds and for runs named otherwise."""
    active: bool = False
    """Still going on: not in a final phase."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What else a verb or a report wants to know: source job, model ids, exit code, transition times."""

    def __repr__(self) -> str:
        return f"<{self.id}: {self.remote_name}, {self.phase}, {self.health}>"

    def owned_by(self, set_name: str) -> bool:
        """Whether the marker names this set."""
        return self.marker is not None and self.marker.set == set_name

    def may_be_changed_by(self, set_name: str, *, any_set: bool) -> bool:
        """Whether a command that names this object may act on it: it is the set's, or any set's where none is meant."""
        return self.marker is not None and (any_set or self.owned_by(set_name))

    def used_by(self, names: Iterable[str]) -> Live:
        """The same with the live names of what uses it."""
        return replace(self, facts={**self.facts, "usedBy": tuple(names)})

    @property
    def owner(self) -> str:
        """Whose it is, in words."""
        return f"set {self.marker.set!r}" if self.marker else "nobody that fmctl knows (no marker)"


@dataclass(frozen=True, slots=True)
class Observed:
    """All that was seen of one resource: its current remote object and, for runs, the others."""

    live: Live | None = None
    others: tuple[Live, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    """All that observe saw: declared resources by id, and owned objects that nothing declares."""

    observed: Mapping[ResourceId, Observed]
    undeclared: tuple[Live, ...] = ()

    def live(self, id: ResourceId) -> Live | None:
        """The current remote object of ``id``."""
        return self.observed.get(id, Observed()).live
