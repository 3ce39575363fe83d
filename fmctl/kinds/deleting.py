"""Deleting: waiting until an object that was deleted is gone."""

from __future__ import annotations

from fmctl.domain.live import Live
from fmctl.kinds.base import Steps, Watch


def until_gone(live: Live) -> Steps:
    """Wait for the end of a deleted object; another of its name is somebody else's, made meanwhile."""
    seen: Live | None = live
    while seen and seen.remote_id == live.remote_id:
        seen = yield Watch(live.remote_id, live.remote_name, "being deleted")
    return None
