"""What the platform and the ledger remember: things that happened, updates of services, what a run used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from fmctl.domain.live import Live
from fmctl.domain.resource import ResourceId


class Happening(NamedTuple):
    """One event of a run or a service. ``at`` is in epoch milliseconds."""

    at: int
    level: str
    source: str
    message: str


class ServiceUpdate(NamedTuple):
    """One update of a service's config: when, how it went (SUCCESS, FAIL, RUNNING), and the share of each model."""

    at: int
    result: str
    shares: tuple[tuple[str, int], ...]


class Usage(NamedTuple):
    """One measure of a run (``cpuUsage``), in percent: the newest value, the mean and the most."""

    name: str
    newest: float
    mean: float
    most: float


class Link(NamedTuple):
    """One step of lineage; ``depth`` counts steps from where one started."""

    depth: int
    id: ResourceId
    remote_name: str
    phase: str
    how: str = ""


class Fact(NamedTuple):
    """One fact of the ledger, by the attempt that it is about."""

    at: str
    fact: str
    hash: str
    attempt: int
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Details:
    """All that is known of one resource; what could not be had is empty."""

    live: Live
    runs: tuple[Live, ...] = ()
    about: tuple[tuple[str, str], ...] = ()
    """What it is made of: names and values, in the order of showing."""
    log: tuple[str, ...] = ()
    usage: tuple[Usage, ...] = ()
    events: tuple[Happening, ...] = ()
    updates: tuple[ServiceUpdate, ...] = ()
    sources: tuple[Link, ...] = ()
    users: tuple[Link, ...] = ()
    why: str = ""
    """Why it is in its state, as far as anybody tells."""
