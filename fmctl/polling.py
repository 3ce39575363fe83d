"""Polling: when to look next at all that is in flight of one kind, and when to give up looking. It only counts."""

from __future__ import annotations

from dataclasses import dataclass

from fmctl.domain.problem import ApiError, ExitCode, FmctlError

FIRST_LOOK, GROWTH, SLOWEST_LOOK = 0.5, 1.5, 15.0
TROUBLE_SECONDS = 300


@dataclass(slots=True)
class Poller:
    """The shared look at one kind; all times are seconds of one clock."""

    due: float = 0.0
    busy: bool = False
    """A look is under way."""
    _interval: float = FIRST_LOOK
    _trouble_since: float | None = None

    def wake(self, now: float, *, moved: bool) -> None:
        """Something begins to be watched; where it ``moved``, the next look is soon."""
        if moved:
            self._interval = FIRST_LOOK
            self.due = min(self.due, now + FIRST_LOOK) if self.due else 0.0
        if self.due <= now:
            self.due = now + self._interval

    def looked(self, now: float) -> None:
        """A look has come back: the next is later than this one was."""
        self.busy = False
        self._interval = min(self._interval * GROWTH, SLOWEST_LOOK)
        self.due = now + self._interval

    def well(self) -> None:
        """The look was answered."""
        self._trouble_since = None

    def gives_up(self, error: FmctlError, now: float) -> bool:
        """Whether a failed look is the last: it is denied, or none has been answered for five minutes."""
        if self._trouble_since is None:
            self._trouble_since = now
        denied = isinstance(error, ApiError) and error.code is ExitCode.AUTH
        return denied or now - self._trouble_since > TROUBLE_SECONDS
