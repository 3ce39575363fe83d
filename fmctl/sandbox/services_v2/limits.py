"""Who may call a service, and how often: lists of addresses, and the requests of the last second or minute."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

UNITS = {"SECONDS": 1.0, "MINUTES": 60.0}


def admits(limits: Mapping[str, Any], address: str) -> bool:
    """Whether a caller at this address is let in: on the white list, if there is one, and not on the black list."""
    white, black = limits.get("ip_white_list"), limits.get("ip_black_list")
    return (not white or _is_in(address, white)) and not (black and _is_in(address, black))


def _is_in(address: str, networks: Iterable[str]) -> bool:
    return any(ip_address(address) in ip_network(one, strict=False) for one in networks)


class RateLimits:
    """The requests of each service that are still within its window."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recent: dict[str, deque[float]] = {}

    def admit(self, service_id: str, limit: Mapping[str, Any] | None, now: float) -> bool:
        """Whether one more is within the limit; one that is refused does not count."""
        if not limit:
            return True
        with self._lock:
            recent = self._recent.setdefault(service_id, deque())
            while recent and recent[0] <= now - UNITS[limit["unit"]]:
                recent.popleft()
            if len(recent) >= limit["num"]:
                return False
            recent.append(now)
            return True

    def forget(self, service_id: str) -> None:
        """The service is gone."""
        with self._lock:
            self._recent.pop(service_id, None)
