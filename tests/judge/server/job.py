"""What a training job is, and how it moves on as time passes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from .remote import Remote

Body = dict[str, Any]
ENDED = frozenset({"Completed", "Failed", "Terminated", "Abnormal"})
TERMINATING = 0.2
"""Seconds that a termination takes."""


@dataclass(slots=True, kw_only=True)
class Job(Remote):
    """One run."""

    body: Body
    course: tuple[float, float, float] = (0, 0, 0)
    ends: str = "Completed"
    waits_as: str = "Pending"
    stopped: float = 0.0

    @property
    def phase(self) -> str:
        """The phase of this moment."""
        now = time.time()
        if self.stopped:
            return "Terminating" if now - self.stopped < TERMINATING else "Terminated"
        age = now - self.born
        for phase, lasts in zip(("Creating", self.waits_as, "Running"), self.course, strict=True):
            if age < lasts:
                return phase
            age -= lasts
        return self.ends

    @property
    def started(self) -> float:
        """When it began or begins to run."""
        return self.born + sum(self.course[:2])

    def ran(self, now: float) -> float:
        """How long it has been running."""
        return max(0.0, min(now, self.stopped or now, self.born + sum(self.course)) - self.started)

    def outputs(self) -> set[str]:
        """Where it writes."""
        return {item["remote"]["obs"]["obs_url"] for item in self.body["algorithm"].get("outputs", [])}
