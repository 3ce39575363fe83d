"""Addresses: from ``Kind/name``, as it is typed, to the live thing that is meant."""

from __future__ import annotations

from fmctl.connect import Session
from fmctl.domain.live import Live
from fmctl.domain.problem import FmctlError, NotReady, UsageError
from fmctl.domain.resource import ResourceId
from fmctl.kinds import KINDS, parse
from fmctl.kinds.service import Service
from fmctl.kinds.training_job import TrainingJob

STOPPABLE = (TrainingJob.name, Service.name)


def address(what: str, *kinds: str) -> ResourceId:
    """``Kind/name`` of one of ``kinds``."""
    kind, name = parse(what)
    if name is None or (kinds and kind not in kinds):
        msg = f"{what}: this takes {' or '.join(f'{kind}/NAME' for kind in kinds or KINDS)}"
        raise UsageError(msg, hint=None if name else f"kind and name are one word: {kind}/digits")
    return ResourceId(kind, name)


def newest_run(what: str, session: Session) -> Live:
    """The newest run of a training job."""
    id = address(what if "/" in what else f"TrainingJob/{what}", "TrainingJob")
    runs = TrainingJob().runs_of(id.name, session.api)
    if not runs:
        msg = f"no run of {what} in context {session.context.name}"
        raise FmctlError(msg, hint="see `fmctl get TrainingJob -A`")
    return runs[-1]


def service_address(what: str, session: Session, path: str = "") -> str:
    """Where a service answers; the name is the live one."""
    id = address(what, "Service")
    live = Service().find_name(id.name, session.api)
    if live is None:
        msg = f"there is no service named {id.name} in context {session.context.name}"
        raise FmctlError(msg, hint="see `fmctl get Service`; the name is the live one (serviceName)")
    if not live.url:
        msg = f"service {id.name} is {live.phase} and has no address"
        raise NotReady(msg, hint="see `fmctl get Service`")
    return live.url.rstrip("/") + ("/" + path.lstrip("/") if path else "")
