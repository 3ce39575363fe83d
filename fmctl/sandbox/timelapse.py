"""Virtual time of a running sandbox: moved by hours in a moment, with everything on the way happening at its time.

Time is moved in steps, and what it advances is advanced after each of them. Steps are short after something has
happened, since then more may be near, and grow longer for as long as nothing happens. So what takes N seconds takes N
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
FINE, COARSE = 2000, 20  # into how many steps what is asked for is divided at least, and what passes by itself
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
    if not start:
        return Pace(virtual, rate)
    try:
        moment = datetime.fromisoformat(start)
    except ValueError as error:
        raise ValueError(f"--start {start}: not a time, such as 2030-01-01T00:00:00Z") from error
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
        self._closed = False

    def now(self) -> float:
        """The time that it is."""
        return self._clock.now()

    def advance(self, seconds: float, steps: int = FINE) -> float:
        """Let so much time pass; the time that it is then."""
        with self._lock:
            left, step, longest = seconds, SHORTEST, max(SHORTEST, seconds / steps)
            while left > 0 and not self._closed:
                step = min(step, left, longest)
                happened = self._pass(step)
                left -= step
                step = SHORTEST if happened else 2 * step
            self._note()
            return self._clock.now()

    def flow(self) -> None:
        """Let pass what has passed since the last call, at the rate; at none, only look what processes have done."""
        before, self._flowed = self._flowed, time.monotonic()
        if self._rate:
            self.advance((self._flowed - before) * self._rate, COARSE)
        else:
            self._account.tick()

    def close(self) -> None:
        """Stop time, also for who is moving it now."""
        self._closed = True
        with self._lock:
            return  # whoever was moving it has come to an end

    def _pass(self, seconds: float) -> bool:
        """Whether anything has happened in a step."""
        before = self._account.store.changes
        self._account.tick_after(partial(self._clock.advance, seconds))
        return self._account.store.changes != before

    def _note(self) -> None:
        note = self._account.state_dir / NOTE
        draft = note.with_suffix(".new")
        draft.write_text(repr(self._clock.now()))
        draft.replace(note)
