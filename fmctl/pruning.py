"""Pruning: what to do about objects that the set owns and nothing declares any more.

Candidates are models and services that carry the set's marker, and its active jobs; ended runs are records. What
somebody still uses is kept, and what Orphan leaves behind, or nobody asked to prune, is a note and no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

from fmctl.domain.live import POLICIES, Live, World
from fmctl.domain.plan import Action, Change, Reason
from fmctl.domain.resource import Resource
from fmctl.kinds.base import Kind


def pruned(
    world: World, resources: Sequence[Resource], decided: Iterable[Change], kinds: Mapping[str, Kind], *, prune: bool
) -> tuple[list[Change], list[str]]:
    """Changes for what is to go, and notes about what stays; ``decided`` are those of the declared resources."""
    changes: list[Change] = []
    notes: list[str] = []
    loose = {change.live.remote_name for change in decided if change.live and change.writes}
    order = list(kinds)
    for live in sorted(world.undeclared, key=lambda live: -order.index(live.id.kind)):  # what uses, then what is used
        what = f"{live.id} ({live.remote_name}) belongs to this set"
        if live.marker is None or live.marker.policy == POLICIES["Orphan"]:
            notes.append(f"{what}; its deletionPolicy leaves it behind")
        elif not prune:
            notes.append(f"{what} and is not declared; --prune removes it")
        elif kept := _kept_by(live, loose, resources, kinds):
            notes.append(f"{what} and is not declared; kept: {kept} uses it")
        else:
            stops = live.marker.policy == POLICIES["Stop"]
            action = Action.STOP if stops else Action.DELETE
            changes.append(Change(live.id, action, Reason.NOT_DECLARED, live.phase, live=live))
            loose.add(live.remote_name)
    return changes, sorted(notes)


def _kept_by(live: Live, loose: Set[str], resources: Sequence[Resource], kinds: Mapping[str, Kind]) -> str | None:
    """Who goes on using an object: a declared resource that names it, or a live one that neither goes nor changes."""
    for resource in resources:
        if kinds[resource.kind].names(resource.spec, live.remote_id):
            return str(resource.id)
    return next((name for name in live.facts.get("usedBy", ()) if name not in loose), None)
