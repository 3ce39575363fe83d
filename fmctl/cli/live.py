"""What apply shows on a terminal: a line for everything in progress, rewritten in place."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from fmctl.cli.progress import Printer
from fmctl.cli.tailing import Tail
from fmctl.domain.event import Event, EventType
from fmctl.domain.plan import Plan
from fmctl.domain.resource import ResourceId
from fmctl.domain.values import span
from fmctl.report.table import clipped, table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    from fmctl.connect import Session

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
FRAMES_PER_SECOND = 5
NARROWEST_LOG = 12
"""With less room than this the line of the log is left out."""


@dataclass(slots=True)
class _Row:
    """One resource in progress."""

    phase: str
    started: float


class LivePrinter(Printer):
    """A line a resource: phase, for how long, the last line of its log; below them how much is done."""

    def __init__(self, full: bool = False) -> None:
        super().__init__(full)
        self._rows: dict[ResourceId, _Row] = {}
        self._ended: dict[EventType, int] = {}
        self._total = 0
        self._tail: Tail | None = None
        self._live: Live | None = None
        self._console: Console | None = None

    def attach(self, session: Session) -> None:
        """Logs are asked for through this session."""
        self._tail = Tail(session.api)

    def plan(self, plan: Plan) -> None:
        """Show what will be done, and remember how much it is."""
        super().plan(plan)
        self._total = sum(change.writes for change in plan.changes)

    def __enter__(self) -> Self:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(stderr=True)
        self._live = Live(
            console=self._console,
            get_renderable=self._frame,
            refresh_per_second=FRAMES_PER_SECOND,
            transient=True,
        )
        self._live.start()
        if self._tail:
            self._tail.start()
        return self

    def __exit__(self, *_: Any) -> None:
        if self._tail:
            self._tail.stop()
        if self._live:
            self._live.stop()

    def event(self, event: Event) -> None:
        """Take in what happened; the next frame shows it."""
        id = event.change.id
        if event.type in (EventType.COMPLETE, EventType.ERRORED):
            self._rows.pop(id, None)
            self._ended[event.type] = self._ended.get(event.type, 0) + 1
        else:
            phase = event.phase or event.message
            self._rows[id] = _Row(phase, time.monotonic() - event.elapsed)
        if self._tail:
            self._tail.watch(id, self._rows[id].phase if id in self._rows else None)

    def _frame(self) -> Text:
        from rich.text import Text

        assert self._console is not None
        lines = frame(list(self._lines()), self._counts(), self._console.width, self._console.height)
        return Text("\n".join(lines), no_wrap=True, overflow="crop")

    def _lines(self) -> Iterator[tuple[str, str, str, str]]:
        now = time.monotonic()
        sign = FRAMES[int(now * FRAMES_PER_SECOND) % len(FRAMES)]
        for id, row in list(self._rows.items()):
            log = self._tail.line(id) if self._tail else ""
            yield f"{sign} {id}", row.phase, span(now - row.started), log

    def _counts(self) -> str:
        done, failed = self._ended.get(EventType.COMPLETE, 0), self._ended.get(EventType.ERRORED, 0)
        if not self._total:
            return ""
        return f"{done + failed} of {self._total} done" + (f", {failed} failed" if failed else "")


def frame(rows: list[tuple[str, str, str, str]], counts: str, columns: int, height: int) -> list[str]:
    """The rows that fit on the screen, each on one line, and the counts."""
    room = max(1, height - 3)
    shown, hidden = rows[:room], len(rows) - room
    cells = [(clipped(name, columns // 2), phase, elapsed) for name, phase, elapsed, _ in shown]
    plain = table(("", "", ""), cells, columns)[1:] if shown else []
    lines = [_with_log(line, row[3], columns) for line, row in zip(plain, shown, strict=True)]
    if hidden > 0:
        counts = f"and {hidden} more in progress; {counts}" if counts else f"and {hidden} more in progress"
    return [*lines, counts] if counts and rows else lines


def _with_log(line: str, log: str, columns: int) -> str:
    """The last line of the log where there is room for some of it."""
    from fmctl.report.table import width

    room = columns - width(line) - 2
    return f"{line}  {clipped(log, room)}" if log and room >= NARROWEST_LOG else line
