"""Acting on things by name: the plans of ``fmctl delete``, ``stop`` and ``start``. All of them only read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from fmctl.connect import Session, in_set
from fmctl.domain.live import Live
from fmctl.domain.plan import Action, Change, Plan, Reason
from fmctl.domain.problem import FmctlError, UsageError
from fmctl.domain.resource import Resource, ResourceId
from fmctl.kinds import KINDS, parse
from fmctl.kinds.service import Service
from fmctl.observe import fan_out
from fmctl.plan import assemble


def for_owner(names: Sequence[str], session: Session) -> Session:
    """Where no project file says which set is meant: that of the set whose objects are named, for its ledger."""
    if session.project.document is not None:
        return session
    lives = [live for id in map(_id, names) for live in KINDS[id.kind].find(id.name, None, session.api)]
    sets = sorted({live.marker.set for live in lives if live.marker})
    if len(sets) > 1:
        msg = f"{', '.join(names)}: of the sets {', '.join(sets)}"
        raise UsageError(msg, hint="act on one set at a time, in its folder")
    return in_set(session, sets[0]) if sets else session


def plan_deletion(resources: Sequence[Resource], names: Sequence[str], session: Session) -> Plan:
    """Delete what exists of ``resources``, or only of the ``names`` among them.

    Names alone are those of the manifests, which the ledger knows, or the live ones. What the set does not own, and
    what somebody goes on using, is refused.
    """
    declared = {resource.id: resource for resource in resources}
    ids = [_id(name) for name in names] or list(declared)
    lives = [live for id in ids for live in _lives(id, declared.get(id), session)]
    users = _users(lives, session)
    changes = [change for change in (_deletion(live, users[live.remote_id], session) for live in lives) if change]
    told = {change.id for change in changes}
    foreign = {live.id: _refused(live) for live in lives if names and live.id not in told}  # all that there is of it
    return assemble([*changes, *foreign.values()], KINDS, session.target)


def _lives(id: ResourceId, resource: Resource | None, session: Session) -> list[Live]:
    """What exists under an address."""
    kind = KINDS[id.kind]
    lives = list(kind.find(id.name, resource, session.api)) or list(_recorded(id, session))
    return lives if kind.is_run else [replace(live, id=id) for live in lives]


def _recorded(id: ResourceId, session: Session) -> Iterator[Live]:
    """Objects whose marker has a hash that the ledger knows under this name: a manifest's name is not in a live one."""
    hashes = session.ledger.hashes(id.name)
    if hashes:
        everything = KINDS[id.kind].everything(session.api)
        yield from (live for live in everything if live.marker and live.marker.hash in hashes)


def _users(lives: Sequence[Live], session: Session) -> Mapping[str, Sequence[str]]:
    """The live names of what goes on using what is to be deleted, by its remote id."""
    gone = {live.remote_name for live in lives}
    users: dict[str, Sequence[str]] = {}
    with ThreadPoolExecutor() as pool:
        for name, kind in KINDS.items():
            users.update(kind.users([live for live in lives if live.id.kind == name], session.api, fan_out(pool)))
    return {live.remote_id: [one for one in users.get(live.remote_id, ()) if one not in gone] for live in lives}


def _deletion(live: Live, users: Sequence[str], session: Session) -> Change | None:
    """One deletion, unless it is not ours or ``users`` need it."""
    kind = KINDS[live.id.kind]
    if not _ours(live, session):  # a foreign run of our name is left alone without a word
        return None if kind.is_run else _refused(live)
    if users:
        hint = f"{live.remote_name} is used by {', '.join(users)}: delete or change that first"
        return Change(live.id, Action.REFUSE, Reason.REQUESTED, hint, live=live)
    return Change(live.id, Action.DELETE, Reason.REQUESTED, _what(live), live=live)


def require_all(plan: Plan, names: Sequence[str]) -> None:
    """FmctlError, before anything is deleted, for a name that nothing has."""
    found = {change.id for change in plan.changes}
    for id in map(_id, names):
        if id not in found:
            msg = f"{id} is not there"
            raise FmctlError(msg, hint="nothing was deleted; see `fmctl get`, or name its manifest with -f")


def plan_stop(id: ResourceId, session: Session) -> Plan:
    """Stop what is going on of one job or service; what the set does not own is refused."""
    active = [live for live in KINDS[id.kind].find(id.name, None, session.api) if live.active]
    changes = [_on(live, Action.STOP, _what(live), session) for live in active]
    return assemble(changes, KINDS, session.target)


def plan_start(id: ResourceId, session: Session) -> Plan:
    """Start a service that was stopped, by hand or by its schedule; what runs is left alone."""
    live = Service().find_name(id.name, session.api)
    if live is None:
        msg = f"there is no service named {id.name} in context {session.context.name}"
        raise FmctlError(msg, hint="see `fmctl get Service -A`; the name is the live one (serviceName)")
    change = _on(live, Action.START, live.phase, session)
    if change.action is Action.START and live.spec["state"] == "running":
        change = replace(change, action=Action.NOOP, reason=Reason.IN_SYNC)
    return assemble([change], KINDS, session.target)


def _on(live: Live, action: Action, message: str, session: Session) -> Change:
    if not _ours(live, session):
        return _refused(live)
    return Change(live.id, action, Reason.REQUESTED, message, live=live)


def _ours(live: Live, session: Session) -> bool:
    """Whether it may be acted on: any set's object where there is no project file, so that none is meant."""
    return live.may_be_changed_by(session.project.set, any_set=session.project.document is None)


def _refused(live: Live) -> Change:
    hint = f"{live.remote_name} belongs to {live.owner}" + ("; act on it in the folder of that set" * bool(live.marker))
    return Change(live.id, Action.REFUSE, Reason.NOT_OURS, hint, live=live)


def _what(live: Live) -> str:
    owner = f", set {live.marker.set}" if live.marker else ""
    return f"{live.remote_name}, {live.phase}{owner}"


def _id(name: str) -> ResourceId:
    """An address with its kind in any case, singular or plural."""
    kind, rest = parse(name)
    if rest is None:
        msg = f"{name} names no resource"
        raise UsageError(msg, hint="for example Service/digits")
    return ResourceId(kind, rest)
