"""Starting a service that was stopped, by hand or by its schedule, without its manifest."""

from __future__ import annotations

from collections.abc import Callable

from fmctl.connect import Session
from fmctl.domain.event import Event, Outcome
from fmctl.domain.live import Live, World
from fmctl.domain.plan import Action, Change, Plan, Reason
from fmctl.domain.problem import FmctlError
from fmctl.domain.resource import ResourceId
from fmctl.execute import Limits, execute
from fmctl.kinds import KINDS
from fmctl.kinds.service import Service
from fmctl.plan import assemble


def plan_start(id: ResourceId, session: Session) -> Plan:
    """Start one service of the set; what runs is left alone, what is not owned is refused."""
    live = Service().find_name(id.name, session.api)
    if live is None:
        msg = f"there is no service named {id.name} in context {session.context.name}"
        raise FmctlError(msg, hint="see `fmctl get Service -A`; the name is the live one (serviceName)")
    return assemble([_change(live, session)], World({}), KINDS, session.target, ())


def _change(live: Live, session: Session) -> Change:
    any_set = session.project.document is None
    if not live.may_be_changed_by(session.project.set, any_set=any_set):
        hint = f"service {live.remote_name} belongs to {live.owner}"
        return Change(live.id, Action.REFUSE, Reason.NOT_OURS, hint, live=live)
    if live.spec["state"] == "running":
        return Change(live.id, Action.NOOP, Reason.IN_SYNC, live.phase, live=live)
    return Change(live.id, Action.START, Reason.MANIFEST_CHANGED, live.phase, live=live)


def start(plan: Plan, session: Session, emit: Callable[[Event], None]) -> list[Outcome]:
    """Carry a plan of ``plan_start`` out and wait until the service runs."""
    return execute(plan, KINDS, session.work, Limits(), emit)
