"""Deletion: the plans of ``fmctl delete`` and ``fmctl stop``, from manifests or from addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from fmctl.domain.live import Live, World
from fmctl.domain.plan import Action, Change, Plan, Reason, Target
from fmctl.domain.ports import Api
from fmctl.domain.problem import FmctlError, UsageError
from fmctl.domain.resource import Resource, ResourceId
from fmctl.kinds import parse
from fmctl.kinds.base import Kind, Records
from fmctl.plan import assemble


def plan_deletion(
    resources: Sequence[Resource],
    names: Sequence[str],
    kinds: Mapping[str, Kind],
    api: Api,
    records: Records,
    target: Target,
    *,
    any_set: bool,
) -> Plan:
    """Delete what exists of ``resources``, or only of the ``names`` among them; what the set does not own is refused.

    Names alone are those of the manifests, which the ledger knows, or the live ones. ``any_set`` says that there is
    no project file, so that every marked object may be named.
    """
    declared = {resource.id: resource for resource in resources}
    ids = [_id(name) for name in names] or list(declared)
    changes = []
    for id in ids:
        lives = list(kinds[id.kind].find(id.name, declared.get(id), api)) or list(_recorded(id, kinds, api, records))
        for live in lives if kinds[id.kind].is_run else (replace(live, id=id) for live in lives):
            if live.may_be_changed_by(target.set, any_set=any_set):
                changes.append(Change(live.id, Action.DELETE, Reason.NOT_DECLARED, _what(live), live=live))
            elif not kinds[id.kind].is_run:  # a foreign run of our name is left alone without a word
                hint = f"{live.remote_name} belongs to {live.owner}"
                changes.append(Change(live.id, Action.REFUSE, Reason.NOT_OURS, hint, live=live))
    return assemble(changes, World({}), kinds, target, ())


def require_all(plan: Plan, names: Sequence[str]) -> None:
    """FmctlError, before anything is deleted, for a name that nothing has."""
    found = {change.id for change in plan.changes}
    for id in map(_id, names):
        if id not in found:
            msg = f"{id} is not there"
            raise FmctlError(msg, hint="nothing was deleted; see `fmctl get`, or name its manifest with -f")


def plan_stop(id: ResourceId, kinds: Mapping[str, Kind], api: Api, target: Target, *, any_set: bool) -> Plan:
    """Stop what is going on of one job or service; what the set does not own is refused."""
    changes = []
    for live in kinds[id.kind].find(id.name, None, api):
        if not live.active:
            continue
        if live.may_be_changed_by(target.set, any_set=any_set):
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


def _recorded(id: ResourceId, kinds: Mapping[str, Kind], api: Api, records: Records) -> Iterator[Live]:
    """Objects whose marker has a hash that the ledger knows under this name: a manifest's name is not in a live one."""
    hashes = records.hashes(id.name)
    if hashes:
        yield from (live for live in kinds[id.kind].everything(api) if live.marker and live.marker.hash in hashes)


def _what(live: Live) -> str:
    owner = f", set {live.marker.set}" if live.marker else ""
    return f"{live.remote_name}, {live.phase}{owner}"
