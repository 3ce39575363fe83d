"""Deletion: the plans of ``fmctl delete`` and ``fmctl stop``, from manifests or from addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fmctl.domain.live import Live, World
from fmctl.domain.plan import Action, Change, Plan, Reason, Target
from fmctl.domain.ports import Api
from fmctl.domain.problem import UsageError
from fmctl.domain.resource import Resource, ResourceId
from fmctl.kinds import parse
from fmctl.kinds.base import Kind
from fmctl.plan import assemble


def plan_deletion(
    resources: Sequence[Resource],
    names: Sequence[str],
    kinds: Mapping[str, Kind],
    api: Api,
    target: Target,
    *,
    any_set: bool,
) -> Plan:
    """Delete what exists of ``resources`` and ``names``; what the set does not own is refused.

    ``any_set`` says that there is no project file, so that every marked object may be named.
    """
    wanted = {resource.id: resource for resource in resources}
    ids = dict.fromkeys([*wanted, *(_id(name) for name in names)])
    changes = []
    for id in ids:
        for live in _find(id, wanted.get(id), kinds, api):
            owned = live.marker is not None and (any_set or live.owned_by(target.set))
            if owned:
                changes.append(Change(live.id, Action.DELETE, Reason.NOT_DECLARED, _what(live), live=live))
            elif not kinds[id.kind].is_run:  # a foreign run of our name is left alone without a word
                hint = f"{live.remote_name} belongs to {live.owner}"
                changes.append(Change(live.id, Action.REFUSE, Reason.NOT_OURS, hint, live=live))
    return assemble(changes, World({}), kinds, target, ())


def plan_stop(id: ResourceId, kinds: Mapping[str, Kind], api: Api, target: Target, *, any_set: bool) -> Plan:
    """Stop what is going on of one job or service; what the set does not own is refused."""
    changes = []
    for live in kinds[id.kind].find(id.name, None, api):
        if not live.active:
            continue
        if live.marker is not None and (any_set or live.owned_by(target.set)):
            changes.append(Change(live.id, Action.STOP, Reason.MANIFEST_CHANGED, _what(live), live=live))
        else:
            hint = f"{live.remote_name} belongs to {live.owner}"
            changes.append(Change(live.id, Action.REFUSE, Reason.NOT_OURS, hint, live=live))
    return assemble(changes, World({}), kinds, target, ())


def _id(name: str) -> ResourceId:
    """An address with its kind in any case, singular or plural."""
    kind, rest = parse(name)
    if rest is None:
        msg = f"{name} names no resource"
        raise UsageError(msg, hint="for example Service/digits")
    return ResourceId(kind, rest)


def _find(id: ResourceId, resource: Resource | None, kinds: Mapping[str, Kind], api: Api) -> Iterator[Live]:
    """The live objects of one address: every run of a job, the one object of another kind."""
    yield from kinds[id.kind].find(id.name, resource, api)


def _what(live: Live) -> str:
    return f"{live.remote_name}, {live.phase}"
