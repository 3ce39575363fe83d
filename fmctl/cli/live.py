"""What apply shows on a terminal: a line for all that has begun, rewritten in place until the results stand there."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Event as Flag
from threading import RLock, Thread
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from fmctl.cli.output import coloured, tint
from fmctl.cli.painting import Region
from fmctl.cli.progress import Printer
from fmctl.cli.tailing import Tail
from fmctl.domain.event import Event, EventType
from fmctl.domain.plan import Plan
from fmctl.domain.resource import ResourceId
from fmctl.domain.values import span
from fmctl.kinds import RUNS
from fmctl.report.table import clipped, legible, table, width

if TYPE_CHECKING:
    from fmctl.connect import Session

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
FRAMES_PER_SECOND = 5
NARROWEST_LOG = 12
"""With less room than this the line of the log is left out."""
FAILED = "x"
_ATTEMPT = re.compile(r"\S+-[0-9a-f]{10}-r([0-9]+): ")
ENDINGS = (EventType.COMPLETE, EventType.ERRORED)


class Row(NamedTuple):
    """One line: its sign and name, phase, for how long, and what there is to say."""

    name: str
    phase: str
    elapsed: str
    says: str = ""
    ended: bool = False


@dataclass(slots=True)
class _Shown:
    """One resource that has begun; ``took`` is there when it has ended."""

    phase: str
    started: float
    sign: str = ""
    says: str = ""
    took: float | None = None


class LivePrinter(Printer):
    """A line a resource: phase, for how long, the last line of its log; below them how much is done."""

    def __init__(self, full: bool = False) -> None:
        super().__init__(full)
        self._shown: dict[ResourceId, _Shown] = {}
        self._expected: frozenset[ResourceId] = frozenset()
        self._tail: Tail | None = None
        self._region = Region(sys.stderr, style=tint if coloured(sys.stderr) else None)
        self._lock, self._over = RLock(), Flag()
        self._thread = Thread(target=self._loop, name="fmctl-live", daemon=True)

    def attach(self, session: Session) -> None:
        """Logs are asked for through this session."""
        super().attach(session)
        self._tail = Tail(session.api, lambda: self._region.size()[1])

    def plan(self, plan: Plan) -> None:
        """Show what will be done, and remember it."""
        super().plan(plan)
        self._expected = frozenset(change.id for change in plan.changes if change.writes)

    def __enter__(self) -> Self:
        self._thread.start()
        if self._tail:
            self._tail.start()
        return self

    def __exit__(self, *_: Any) -> None:
        if self._tail:
            self._tail.stop()
        self._over.set()
        with self._lock:
            self._region.clear()

    def _show(self, event: Event) -> None:
        """Take in what happened; the next frame shows it."""
        id, ended = event.change.id, event.type in ENDINGS
        row = _Shown(phase_text(event), time.monotonic() - event.elapsed)
        if ended:
            failed = event.type is EventType.ERRORED
            row.took, row.says = event.elapsed, event.message.split("\n")[0] if failed else ""
            row.sign = FAILED if failed else event.change.action.symbol.strip() or "✓"
            row.phase = "failed" if failed else event.message
        with self._lock:
            self._shown[id] = row
        if self._tail:
            self._tail.watch(id, None if ended else row.phase)

    def _loop(self) -> None:
        while not self._over.wait(1 / FRAMES_PER_SECOND):
            with self._lock:
                if not self._over.is_set():
                    self._region.paint(self._frame())

    def _frame(self) -> Sequence[str]:
        return frame(list(self._rows()), self._counts(), *self._region.size())

    def _counts(self) -> str:
        """``3 of 7 done, 1 failed, 2 not started``; nothing where there is only one thing to count."""
        every = self._expected | self._shown.keys()
        ended = [one for one in self._shown.values() if one.took is not None]
        if len(every) < 2:
            return ""
        failed, waiting = sum(one.sign == FAILED for one in ended), len(every) - len(self._shown)
        more = [f"{count} {word}" for count, word in ((failed, "failed"), (waiting, "not started")) if count]
        return ", ".join([f"{len(ended)} of {len(every)} done", *more])

    def _rows(self) -> Iterator[Row]:
        now = time.monotonic()
        spinner = FRAMES[int(now * FRAMES_PER_SECOND) % len(FRAMES)]
        for id, one in self._shown.items():
            ended = one.took is not None
            says = one.says if ended or not self._tail else self._tail.line(id)
            elapsed = span(one.took if one.took is not None else now - one.started)
            yield Row(f"{one.sign or spinner} {id}", legible(one.phase.split("\n")[0]), elapsed, legible(says), ended)


def phase_text(event: Event) -> str:
    """The phase, and which retry it is of; the name of a run ends with its attempt."""
    if event.type is EventType.START:
        return str(event.change.action)  # the message is the reason, which the plan has told
    attempt = _ATTEMPT.match(event.message) if event.change.id.kind in RUNS else None
    return (event.phase or event.message) + (f" (retry {attempt[1]})" if attempt else "")


def frame(rows: Sequence[Row], counts: str, columns: int, height: int) -> Sequence[str]:
    """The rows that fit on the screen, each on one line, and the counts; what has ended well gives way first."""
    room = max(1, height - 3)
    open_ = [row for row in rows if not row.ended]
    shown, hidden = [*_kept(rows, room - len(open_)), *open_[:room]], max(0, len(open_) - room)
    cells = [(clipped(row.name, columns * 5 // 8), row.phase, row.elapsed) for row in shown]
    plain = table(("", "", ""), cells, columns)[1:] if shown else []
    lines = [_saying(line, row.says, columns) for line, row in zip(plain, shown, strict=True)]
    more = f"and {hidden} more in progress" if hidden else ""
    below = "; ".join(part for part in (more, counts) if part)
    return [*lines, clipped(below, columns)] if below and rows else lines


def _kept(rows: Sequence[Row], room: int) -> Sequence[Row]:
    """Of what has ended, what failed, and for the rest of the room the newest, in their order."""
    newest = [row for row in rows if row.ended][::-1]
    ranked = sorted(newest, key=lambda row: not row.name.startswith(FAILED + " "))
    kept = set(map(id, ranked[: max(0, room)]))
    return [row for row in rows if id(row) in kept]


def _saying(line: str, text: str, columns: int) -> str:
    """The last line of the log where there is room for some of it."""
    room = columns - width(line) - 2
    return f"{line}  {clipped(text, room)}" if text and room >= NARROWEST_LOG else line
