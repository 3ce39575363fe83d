"""Pruning: what to do about objects that the set owns and nothing declares any more.

Candidates are models and services that carry the set's marker, and its active jobs; ended runs are records. What
somebody still uses is kept, and what Orphan leaves behind, or nobody asked to prune, is a note and no difference.
"""

from __future__ import annotations

from collections.abc import Sequence

from fmctl.domain.live import POLICIES, Live, World
from fmctl.domain.plan import Action, Change, Reason
from fmctl.domain.resource import Resource
from fmctl.kinds.service import Service, live_name


def pruned(
    world: World, resources: Sequence[Resource], set_name: str, *, prune: bool
) -> tuple[list[Change], list[str]]:
    """Changes for what is to go, and notes about what stays."""
    services = {live_name(resource): resource for resource in resources if resource.kind == Service.name}
    leaving = {live.remote_name for live in world.undeclared if live.id.kind == Service.name}
    changes: list[Change] = []
    notes: list[str] = []
    for live in world.undeclared:
        what = f"{live.id} ({live.remote_name}) belongs to this set"
        kept = _kept_by(live, services, leaving)
        if not prune:
            notes.append(f"{what} and is not declared; --prune removes it")
        elif live.marker is None or live.marker.policy == POLICIES["Orphan"]:
            notes.append(f"{what}; its deletionPolicy leaves it behind")
        elif kept:
            notes.append(f"{what} and is not declared; kept: {kept}")
        else:
            stops = live.marker.policy == POLICIES["Stop"]
            action = Action.STOP if stops else Action.DELETE
            changes.append(Change(live.id, action, Reason.NOT_DECLARED, live.phase, live=live))
    return changes, notes


def _kept_by(live: Live, services: dict[str, Resource], leaving: set[str]) -> str | None:
    """Why something must stay: a service that is not ours to change uses it, or one of ours goes on using it."""
    for name in live.facts.get("usedBy", ()):
        if name in services:
            models = services[name].spec["models"]
            if any(model.get("modelId") == live.remote_id for model in models):
                return f"service {name} declares it by modelId"
        elif name not in leaving:
            return f"service {name} uses it"
    return None
