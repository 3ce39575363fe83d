"""What a script may say of jobs, models and services, and which of its cases is whose.

A script names its cases by pattern, as in file names. Several cases in a list are for those that fit the pattern one
after the other: the first job has the first case, the second the second, and the last case is for all that follow.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Generic, TypeVar

C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class JobCase:
    """The course of a training job. `exit_code` None loses it at its end; else it may be lost `lost_for` a while."""

    duration: float = 1.0
    exit_code: int | None = 0
    log: str = ""
    pending: float = 0.0
    create_error: str = ""
    lost_at: float = math.inf
    lost_for: float = 0.0


class ModelOutcome(StrEnum):
    """How an import ends."""

    PUBLISHED = "published"
    FAILED = "failed"
    BUILDING_FAILED = "building_failed"


@dataclass(frozen=True, slots=True)
class ModelCase:
    """The course of a model's import."""

    outcome: ModelOutcome = ModelOutcome.PUBLISHED
    duration: float = 0.0
    message: str = ""


class ServiceOutcome(StrEnum):
    """How a service does with a model."""

    RUNNING = "running"
    FAILED = "failed"
    CONCERNING = "concerning"


@dataclass(frozen=True, slots=True)
class ServiceCase:
    """How the instances of a service do with one model. `answer` is the body of every prediction."""

    start: float = 0.0
    outcome: ServiceOutcome = ServiceOutcome.RUNNING
    crash_after: float = math.inf
    answer: bytes | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """All cases, by pattern: of a job's name, of `name version` of a model, of a service's name."""

    jobs: Mapping[str, Sequence[JobCase]] = field(default_factory=dict)
    models: Mapping[str, Sequence[ModelCase]] = field(default_factory=dict)
    services: Mapping[str, Sequence[ServiceCase]] = field(default_factory=dict)


class Casting(Generic[C]):
    """Gives cases away: whoever comes for the first time takes the next one of the first pattern that fits its name."""

    def __init__(self, cases: Mapping[str, Sequence[C]]) -> None:
        self._cases = cases
        self._given: dict[str, C] = {}
        self._next: dict[str, int] = {}
        self._lock = threading.Lock()

    def case(self, who: str, name: str) -> C | None:
        """The case of `who`, always the same one; None when the script says nothing of the name."""
        pattern = next((pattern for pattern in self._cases if fnmatchcase(name, pattern)), None)
        if pattern is None:
            return None
        with self._lock:
            if who not in self._given:
                cases, turn = self._cases[pattern], self._next.get(pattern, 0)
                self._given[who], self._next[pattern] = cases[min(turn, len(cases) - 1)], turn + 1
            return self._given[who]

    def taken(self, who: str) -> C | None:
        """The case that `who` has, if any."""
        with self._lock:
            return self._given.get(who)
