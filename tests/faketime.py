"""Time that passes only when somebody sleeps."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class FakeClock:
    """Implements ``domain.ports.Clock``; remembers the pauses."""

    time: float = 1_700_000_000.0
    pauses: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time += seconds
