"""What time it is: asked of an injected clock, so that tests never wait."""

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """A source of time, in seconds since the epoch."""

    def now(self) -> float: ...


class SystemClock:
    """The time of the machine."""

    def now(self) -> float:
        return time.time()


class VirtualClock:
    """Time that stands still until `advance` moves it."""

    def __init__(self, start: float = 1_790_000_000.0) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds
