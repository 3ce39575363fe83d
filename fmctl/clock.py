"""Real time."""

from __future__ import annotations

import time


class SystemClock:
    """The machine's clock; implements ``domain.ports.Clock``."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        time.sleep(seconds)
