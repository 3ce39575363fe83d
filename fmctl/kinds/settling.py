"""Settling: waiting until a service is at rest, and starting and stopping it."""

from __future__ import annotations

from fmctl.domain.live import Health, Live
from fmctl.domain.ports import Clock
from fmctl.domain.problem import NotReady, WrongState
from fmctl.kinds.base import Found, Watch, Work
from fmctl.kinds.service_wire import SERVICES

CONCERNING_SECONDS = 120
EFFECT_SECONDS = 60  # a read may lag this long behind a write that was answered


def moving(live: Live) -> bool:
    """Whether a transition is going on; a phase that nobody has seen before is taken for one."""
    return live.health in (Health.PROGRESSING, Health.UNKNOWN)


def look(live: Live, message: str) -> Found:
    """Wait for the next look; a service that is gone fails the change."""
    seen = yield Watch(live.remote_id, live.remote_name, message)
    if seen is None:
        raise NotReady(f"service {live.remote_name} disappeared", hint="somebody deleted it; apply again")
    return seen


def failed(live: Live) -> NotReady:
    """Why a service that is wanted is not to be had."""
    why = live.message or "the platform gives no reason"
    return NotReady(f"service {live.remote_name} failed: {why}", hint="apply starts it once more")


def settled(live: Live, clock: Clock, *, touched: bool = True) -> Found:
    """Wait while a transition lasts, and for two minutes while it is ``concerning``.

    One that was concerning before it was touched is as settled as it gets: the change may be what repairs it.
    """
    since: float | None = None
    while True:
        since = (since or clock.now()) if live.phase == "concerning" and touched else None
        if since is not None:
            if clock.now() - since > CONCERNING_SECONDS:
                msg = f"service {live.remote_name} has been concerning for over {CONCERNING_SECONDS} s"
                raise NotReady(msg, hint="some instances are unhealthy: see its logs")
        elif not moving(live) and "models" in live.spec:
            return live
        live = yield from look(live, live.phase)


def put_state(wanted: str, live: Live, work: Work, *, was_failed: bool = False) -> Found:
    """Start or stop it, unless it is so already: the status that it has is an error to the API."""
    sent: float | None = None
    while True:
        live = yield from settled(live, work.clock, touched=sent is not None)
        if live.spec["state"] == wanted or (wanted == "stopped" and live.phase == "failed"):
            return live
        if live.phase == "failed" and not was_failed:
            raise failed(live)
        if sent is None:
            try:
                work.api.call("PUT", f"{SERVICES}/{live.remote_id}", body={"status": wanted}, safe=True)
                sent = work.clock.now()
            except WrongState:
                pass  # 3519: it moved between the read and the write; look again
        elif work.clock.now() - sent > EFFECT_SECONDS:
            if live.phase == "failed":
                raise failed(live)
            msg = f"service {live.remote_name} stays {live.phase} though it was asked to be {wanted}"
            raise NotReady(msg, hint="apply again")
        seen = live.facts["transition"]
        live = yield from look(live, "starting" if wanted == "running" else "stopping")
        if live.phase == "failed" and live.facts["transition"] != seen:
            raise failed(live)
