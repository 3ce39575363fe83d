"""What a real-time service is, and what it remembers."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from .remote import Remote, milliseconds

Body = dict[str, Any]
UNITS = {"DAYS": 86_400, "HOURS": 3_600, "MINUTES": 60}


@dataclass(slots=True, kw_only=True)
class Service(Remote):
    """One service; its status moves on when somebody looks."""

    config: list[Body]
    pool: str = ""
    status: str = "running"
    until: float = 0.0
    """When the status ends by itself; 0 for never."""
    moved: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    operated: float = field(default_factory=time.time)
    schedule: list[Body] = field(default_factory=list)
    before: list[Body] | None = None
    """The config to which a failed update goes back."""
    fails: bool = False
    logs: list[Body] = field(default_factory=list)

    def become(self, status: str, at: float, lasts: float = 0.0) -> None:
        """Go over to another status, for a while or for good."""
        self.status, self.moved, self.until = status, at, at + lasts if lasts else 0.0

    def log(self, result: str, at: float, config: list[Body]) -> None:
        """Remember how an update ended, newest first."""
        log = {"update_time": milliseconds(at), "result": result, "config": config}
        self.logs.insert(0, {**log, "cluster_id": "", "extend_config": []})

    def due(self) -> dict[str, int]:
        """When its schedule stops it, if it has one and is up."""
        if not self.schedule or self.status not in ("deploying", "running", "concerning"):
            return {}
        [item] = self.schedule
        return {"due_time": milliseconds(self.updated + item["duration"] * UNITS[item["time_unit"]])}
