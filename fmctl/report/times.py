"""Times as people read them."""

from __future__ import annotations

from datetime import datetime

from fmctl.domain.values import span


def when(milliseconds: int, now: float) -> str:
    """``2026-11-20 13:30:46 (5m 2s ago)`` in local time; ``-`` for no time."""
    if not milliseconds:
        return "-"
    past = now - milliseconds / 1000
    return f"{clock(milliseconds)} ({span(past)} ago)" if past >= 0 else clock(milliseconds)


def clock(milliseconds: int) -> str:
    """``2026-11-20 13:30:46`` in local time; ``-`` for no time."""
    if not milliseconds:
        return "-"
    return datetime.fromtimestamp(milliseconds / 1000).strftime("%Y-%m-%d %H:%M:%S")


def age(milliseconds: int, now: float) -> str:
    """``5m``: how long ago; ``-`` for no time."""
    return span(max(0.0, now - milliseconds / 1000)).split()[0] if milliseconds else "-"
