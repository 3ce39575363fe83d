"""The service table: what to do about a service, given what is live and what was applied last.

Absent, not ours, replaced, updated, started, stopped, or left alone. Data in, data out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fmctl.domain.live import Health, Live, Marker
from fmctl.domain.plan import Action, Change, FieldChange, Reason
from fmctl.domain.resource import Resource, ResourceId
from fmctl.domain.values import moment
from fmctl.kinds.base import Deciding
from fmctl.kinds.masking import mask, spelled_out
from fmctl.kinds.schema import ignored
from fmctl.kinds.service_config import aligned, as_applied, auto_stopped, comparable, filled
from fmctl.kinds.settling import moving


def decide(resource: Resource, live: Live | None, marker: Marker, deciding: Deciding) -> Change:
    """One change for one service; ``marker`` is the one that it should carry."""
    if live is None or live.phase == "deleting":
        return _change(resource, live, Action.CREATE, Reason.ABSENT, "after the old one is gone" if live else "")
    if not live.owned_by(deciding.set_name):
        hint = f"service {live.remote_name} belongs to {live.owner}"
        return _change(resource, live, Action.REFUSE, Reason.NOT_OURS, hint)
    moved = live.marker != marker
    shown, fields = _differences(resource, live, deciding, moved=moved)
    if fields or moved:
        both = _both_moved(resource, replace(live, spec=shown), fields, deciding) if moved else ""
        return _differs(resource, live, fields, both, moved=moved)
    return _rests(resource, live)


def _change(
    resource: Resource, live: Live | None, action: Action, reason: Reason, message: str = "", **more: Any
) -> Change:
    needs = () if action is Action.STOP else resource.needs  # stopping waits for nothing
    return Change(resource.id, action, reason, message, desired=resource, live=live, needs=needs, **more)


def _differences(
    resource: Resource, live: Live, deciding: Deciding, *, moved: bool
) -> tuple[dict[str, Any], tuple[FieldChange, ...]]:
    """The live spec with its models in the manifest's order and its secrets masked, and which fields differ."""

    def model_id(ref: ResourceId) -> str | None:
        model = deciding.world.live(ref)
        return None if model is None or model.health is Health.DEGRADED else model.remote_id

    desired = comparable(resource, live, model_id, deciding.secret, moved=moved)
    if live.phase == "failed" or (auto_stopped(live) and not moved):
        desired.pop("state", None)
    elif "state" not in resource.spec and "state" not in ignored(resource.spec):
        desired["state"] = "running"
    known = live.spec if moved else filled(live.spec, desired["models"])
    there = aligned(known.get("models", ()), desired["models"])
    there, desired["models"] = mask(there, desired["models"], spelled_out(resource), moved=moved)
    shown = {**live.spec, "models": there}
    return shown, deciding.differences(shown, desired)


def _differs(resource: Resource, live: Live, fields: Sequence[FieldChange], both: str, *, moved: bool) -> Change:
    """Replace, start, stop or update it: the manifest ``moved``, or somebody moved the service, or ``both``."""
    reason = Reason.MANIFEST_CHANGED if moved else Reason.DRIFT
    paths = {field.path: field for field in fields}
    more: dict[str, Any] = {"drift": bool(fields) and not moved, "fields": tuple(fields)}
    if "spec.pool" in paths:
        message = "the pool cannot be changed: it is down meanwhile and gets a new address"
        return _change(resource, live, Action.REPLACE, reason, message, **more)
    if [*paths] == ["spec.state"]:
        action = Action.STOP if paths["spec.state"].after == "stopped" else Action.START
        return _change(resource, live, action, reason, live.phase, **more)
    message = both if fields else "only the marker is rewritten"
    if live.facts.get("rolledBack"):
        message = f"last attempt was rolled back at {moment(live.facts['rolledBack'])}"
    return _change(resource, live, Action.UPDATE, reason, message, **more)


def _both_moved(resource: Resource, live: Live, fields: Sequence[FieldChange], deciding: Deciding) -> str:
    """Which of the fields that will change were changed outside fmctl too, by the record of the last apply."""
    paths = {field.path for field in fields}
    if all(path == "spec.description" or ".env" in path for path in paths):
        return ""  # these are not on record
    last = live.marker and deciding.records.get(resource.name, live.marker.hash, "applied")
    if not last:
        return "no record of the last apply, so it may have moved outside fmctl too"
    was = deciding.differences(live.spec, as_applied(last["config"], live, ignored(resource.spec)))
    outside = [f"{field.path} ({field.after} -> {field.before})" for field in was if field.path in paths]
    return f"moved outside fmctl too: {', '.join(outside)}" if outside else ""


def _rests(resource: Resource, live: Live) -> Change:
    """Nothing differs: only the phase is left to look at."""
    wanted = resource.spec.get("state", "running")
    if live.phase == "failed" and wanted == "running":
        why = f"failed: {live.message or 'no reason given'}"
        return _change(resource, live, Action.START, Reason.DEGRADED, why)
    if moving(live):
        return _change(resource, live, Action.NOOP, Reason.PROGRESSING, live.phase)
    if live.health is Health.DEGRADED:
        return _change(resource, live, Action.NOOP, Reason.DEGRADED, live.phase)
    message = "(auto-stopped)" if auto_stopped(live) and wanted == "running" else live.phase
    return _change(resource, live, Action.NOOP, Reason.IN_SYNC, message)
