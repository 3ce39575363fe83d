"""What happens while a plan is carried out; printers format events, nothing else prints."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fmctl.domain.live import Live
from fmctl.domain.plan import Change
from fmctl.domain.problem import ExitCode


class EventType(StrEnum):
    """The types of the JSON stream that concern one change."""

    START = "apply_start"
    PROGRESS = "apply_progress"
    COMPLETE = "apply_complete"
    ERRORED = "apply_errored"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one change; ``elapsed`` is seconds since it started."""

    type: EventType
    change: Change
    message: str
    phase: str = ""
    elapsed: float = 0.0

    def __str__(self) -> str:
        begins = f"{self.change.action} " if self.type is EventType.START else ""
        return f"{self.change.id}: {begins}{self.message}"


class Ending(StrEnum):
    """How one change ended."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one change: what to print about it and which exit code it asks for."""

    change: Change
    ending: Ending
    message: str
    code: ExitCode = ExitCode.OK
    live: Live | None = None
    written: bool = False
    """Whether the remote side was changed."""
    log: str = ""
    """The last lines of a failed run's log."""

    def __repr__(self) -> str:
        return f"<{self.change.action} {self.change.id}: {self.ending}, {self.message}>"
