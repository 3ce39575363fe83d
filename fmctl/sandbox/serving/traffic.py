"""Shares the requests to a service among its models by weight, and counts them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

MINUTE = 60.0


@dataclass(slots=True)
class Count:
    """Requests to one model of one service since they were last collected."""

    invocations: int = 0
    failures: int = 0


class Traffic:
    """Weighted turns: after every 100 requests each model has had exactly its weight, and no model waits for long."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._credit: dict[str, dict[str, int]] = {}
        self._counts: dict[tuple[str, str], Count] = {}
        self._recent: dict[str, deque[float]] = {}

    def choose(self, service_id: str, weights: Mapping[str, int]) -> str:
        """The model whose turn it is."""
        with self._lock:
            before = self._credit.get(service_id, {})
            credit = {model: before.get(model, 0) + weight for model, weight in weights.items()}
            chosen = max(credit, key=lambda model: credit[model])
            credit[chosen] -= sum(weights.values())
            self._credit[service_id] = credit
            return chosen

    def record(self, service_id: str, model_id: str, *, failed: bool) -> None:
        """One request was answered."""
        with self._lock:
            count = self._counts.setdefault((service_id, model_id), Count())
            count.invocations += 1
            count.failures += failed
            self._recent.setdefault(service_id, deque(maxlen=100_000)).append(self._now())

    def collect(self, service_id: str) -> dict[str, Count]:
        """What was counted per model, and start again from zero."""
        with self._lock:
            keys = [key for key in self._counts if key[0] == service_id]
            return {model_id: self._counts.pop((service, model_id)) for service, model_id in keys}

    def per_minute(self, service_id: str) -> int:
        """Requests in the last minute."""
        with self._lock:
            recent = self._recent.get(service_id, deque())
            while recent and recent[0] < self._now() - MINUTE:
                recent.popleft()
            return len(recent)

    def forget(self, service_id: str) -> None:
        """The service is gone."""
        with self._lock:
            self._credit.pop(service_id, None)
            self._recent.pop(service_id, None)
            for key in [key for key in self._counts if key[0] == service_id]:
                del self._counts[key]
