"""Virtual time of a running sandbox: moved by hours in a moment, with everything on the way happening at its time.

Time is moved in steps, and what it advances is advanced after each of them. Steps are short after something has
happened, since more may be near then, and grow longer for as long as nothing happens. So what takes N seconds takes N
seconds and no more than one of the longest steps: 1/2000 of what is asked for at once.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from fmctl.sandbox.account import Account
from fmctl.sandbox.clock import VirtualClock

SHORTEST = 0.35  # seconds; longer than the statuses that a watcher is to see
STEPS = 2000  # into which what is asked for is divided at least
STRIDE = 300.0  # seconds; the longest step while time passes by itself, shorter than any time limit of a deployment
LONGEST_GAP = 0.2  # real seconds made good for at once: a machine that is too slow for a rate goes as fast as it can
FASTEST = 1e7  # virtual seconds per second: some months
NOTE = "clock"


@dataclass(frozen=True, slots=True)
class Pace:
    """How time passes: as it does, or by itself at `rate` virtual seconds per second, from `start` or from now on."""

    virtual: bool = False
    rate: float = 0.0
    start: float | None = None

    def clock(self, state_dir: Path) -> VirtualClock | None:
        """The clock of a sandbox in this folder, where its last one stood if that is later: time never goes back.

        None for real time. That raises AheadOfTime in a folder that is ahead of it: nothing would happen until then.
        """
        note = state_dir / NOTE
        noted = float(note.read_text()) if note.exists() else 0.0
        if self.virtual:
            return VirtualClock(max(time.time() if self.start is None else self.start, noted))
        if noted > time.time():
            raise AheadOfTime(
                f"{state_dir} has lived in virtual time and is {(noted - time.time()) / 3600:.1f} hours ahead: "
                "serve it with --clock virtual, or reset it"
            )
        return None


def pace(*, virtual: bool, rate: float = 0.0, start: str = "") -> Pace:
    """The pace that options ask for; ValueError says what is wrong with them. Times without a zone are UTC."""
    if not virtual and (rate or start):
        raise ValueError("--rate and --start are for --clock virtual")
    if not 0 <= rate <= FASTEST:  # nan is in no interval
        raise ValueError(f"--rate {rate}: not between 0 and {FASTEST:.0f}")
    if not start:
        return Pace(virtual, rate)
    try:
        moment = datetime.fromisoformat(start)
    except ValueError as error:
        raise ValueError(f"--start {start}: not a time, such as 2025-01-01T00:00:00Z") from error
    return Pace(virtual, rate, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


class AheadOfTime(Exception):
    """The folder has lived in virtual time, and real time is not there yet."""


class Timelapse:
    """Moves the clock of an account. With a `rate`, `flow` moves it that much faster than real time."""

    def __init__(self, account: Account, clock: VirtualClock, rate: float = 0.0) -> None:
        self._account = account
        self._clock = clock
        self._rate = rate
        self._flowed = time.monotonic()
        self._lock = threading.Lock()
        self._changes = 0
        self._closed = False

    def now(self) -> float:
        """The time that it is."""
        return self._clock.now()

    def advance(self, seconds: float) -> float:
        """Let so much time pass; the time that it is then."""
        return self._pass(seconds, max(SHORTEST, seconds / STEPS))

    def flow(self) -> None:
        """Let pass what has passed since the last call, at the rate; at none, only look what processes have done."""
        before, self._flowed = self._flowed, time.monotonic()
        if self._rate:
            self._pass(min(self._flowed - before, LONGEST_GAP) * self._rate, STRIDE)
        else:
            self._account.tick()

    def close(self) -> None:
        """Stop time, also for who is moving it now."""
        self._closed = True
        with self._lock:
            return  # whoever was moving it has come to an end

    def _pass(self, left: float, longest: float) -> float:
        with self._lock:
            step = SHORTEST
            while left > 0 and not self._closed:
                step = min(SHORTEST if self._has_changed() else step, left, longest)
                self._account.tick_after(partial(self._clock.advance, step))
                left, step = left - step, 2 * step
            self._note()
            return self._clock.now()

    def _has_changed(self) -> bool:
        """Whether anything has happened since the last question, by itself or on request."""
        before, self._changes = self._changes, self._account.store.changes
        return before != self._changes

    def _note(self) -> None:
        note = self._account.state_dir / NOTE
        draft = note.with_suffix(".new")
        draft.write_text(repr(self._clock.now()))
        draft.replace(note)
