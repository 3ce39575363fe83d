"""Plan: one decision per resource, complete, ordered and deterministic. Data in, data out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fmctl.compare import differences
from fmctl.domain.live import Health, Live, World
from fmctl.domain.plan import FORMAT_VERSION, QUIET, Action, Change, Plan, Reason, Target, summarize
from fmctl.domain.resource import Resource, ResourceId, Spec
from fmctl.kinds.base import Deciding, Kind, Records, Secret
from fmctl.pruning import pruned

SETTLED = frozenset({Reason.IN_SYNC, Reason.PROGRESSING, Reason.RECORD_GONE})


def plan(
    resources: Sequence[Resource],
    world: World,
    kinds: Mapping[str, Kind],
    records: Records,
    target: Target,
    now: float,
    secret: Secret,
    *,
    prune: bool = False,
) -> Plan:
    """Decide about every resource, in the order of doing; with ``prune`` also about what nothing declares."""
    deciding = Deciding(target.set, records, world, now, differences, secret)
    changes: list[Change] = []
    for resource in resources:
        observed = world.observed[resource.id]
        changes.extend(kinds[resource.kind].decide(resource, observed, deciding))
    changes = _note_blocked(_refuse_dependents(changes), _runs(kinds))
    more, notes = pruned(world, resources, changes, kinds, prune=prune)
    return assemble(changes + more, kinds, target, world, notes)


def assemble(
    changes: list[Change],
    kinds: Mapping[str, Kind],
    target: Target,
    world: World | None = None,
    notes: Sequence[str] = (),
) -> Plan:
    """Decisions in the order of doing, counted and with their checksum; ``world`` is what they were decided from."""
    world = world or World({})
    ordered = tuple(_by_doing(changes, list(kinds)))
    runs = tuple(_runs_beside(ordered, world, _runs(kinds)))
    checksum = _checksum(ordered, world, target)
    return Plan(target, ordered, summarize(ordered, _runs(kinds)), checksum, tuple(notes), runs)


def _runs_beside(changes: Sequence[Change], world: World, kinds: frozenset[str]) -> Iterator[Live]:
    """The runs of declared resources that no change is about."""
    known = {change.live.remote_id for change in changes if change.live}
    for id, seen in world.observed.items():
        runs = filter(None, (seen.live, *seen.others)) if id.kind in kinds else ()
        yield from (run for run in runs if run.remote_id not in known)


def _runs(kinds: Mapping[str, Kind]) -> frozenset[str]:
    """The kinds whose objects are runs."""
    return frozenset(name for name, kind in kinds.items() if kind.is_run)


def _refuse_dependents(changes: Iterable[Change]) -> list[Change]:
    """What needs a refused resource, and would be written, is refused with it."""
    refused: dict[ResourceId, Change] = {}
    result = []
    for change in changes:  # in the order of references, so that refusals spread
        cause = next((refused[need] for need in change.needs if need in refused), None)
        if cause and change.writes:
            message = f"needs {cause.id}, which is refused ({cause.reason})"
            change = replace(change, action=Action.REFUSE, reason=cause.reason, message=message, fields=())
        if change.action is Action.REFUSE:
            refused[change.id] = change
        result.append(change)
    return result


def _note_blocked(changes: Iterable[Change], runs: frozenset[str]) -> list[Change]:
    """Say of what will be skipped that it needs something that is not as wanted and stays so."""
    stuck: dict[ResourceId, Change] = {}
    result = []
    for change in changes:
        cause = next((stuck[need] for need in change.waits_for if need in stuck), None)
        stuck.pop(change.id, None)  # what was said of an earlier change of the same
        if cause:
            text = f"blocked: needs {cause.id}, which is {_as_it_stays(cause)}"
            change = replace(change, message=", ".join(filter(None, (change.message, text))))
        if cause or _stays_unfinished(change, runs):
            stuck[change.id] = change
        result.append(change)
    return result


def _stays_unfinished(change: Change, runs: frozenset[str]) -> bool:
    """Whether a run is stopped, or left alone though it did not complete: others cannot have what they need of it."""
    if change.id.kind not in runs or change.action not in (Action.NOOP, Action.REUSE, Action.STOP):
        return False
    unfinished = change.live is None or change.live.health is not Health.HEALTHY
    return unfinished and (change.action is Action.STOP or change.reason is not Reason.PROGRESSING)


def _as_it_stays(change: Change) -> str:
    """What a run is like that others wait for in vain, in words."""
    if change.action is Action.STOP:
        return "to be stopped"
    return change.live.phase if change.live else "not started"


def _by_doing(changes: list[Change], kinds: Sequence[str]) -> Iterator[Change]:
    """Creates in the order of references; deletes last and the other way: what uses before what is used."""
    yield from (change for change in changes if change.action is not Action.DELETE)
    deletes = [change for change in changes if change.action is Action.DELETE]
    yield from sorted(deletes, key=lambda change: (-kinds.index(change.id.kind), change.id))


# ------------------------------------------------------------------ checksum


def _checksum(changes: Sequence[Change], world: World, target: Target) -> str:
    """SHA-256 over what was decided and what it was decided from; no times, counters or paths of this machine."""
    declared = {change.id: change.desired.spec for change in changes if change.desired}
    going = {change.id for change in changes if change.reason is Reason.PROGRESSING}
    form = {
        "formatVersion": FORMAT_VERSION,
        "set": target.set,
        "host": target.host,
        "project": target.project,
        "workspace": target.workspace,
        "changes": [_decision(change) for change in changes],
        "resources": {str(c.id): [c.desired.hash, c.desired.marker] for c in changes if c.desired},
        "live": {
            str(id): _state(seen.live, declared.get(id, {}), going=id in going)
            for id, seen in world.observed.items()
            if seen.live
        },
    }
    text = json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _decision(change: Change) -> list[Any]:
    """A decision, with those that only differ in how far a run or a service has come made equal."""
    at_work = change.live is not None and change.live.active
    settled = change.action in QUIET and (change.reason in SETTLED or at_work)
    reason = Reason.IN_SYNC if settled else change.reason
    return [str(change.id), change.action, reason, change.drift, [list(field) for field in change.fields]]


def _state(live: Live, declared: Spec, *, going: bool) -> list[Any]:
    """The marker and the normalised user-set fields of a live object; what the platform fills in comes and goes."""
    phase = "well" if going or live.active or live.health is Health.HEALTHY else live.phase
    shown = {key: value for key, value in live.spec.items() if key in declared and key != "models"}
    models = [{k: v for k, v in model.items() if k != "env"} for model in live.spec.get("models", ())]
    return [str(live.marker or ""), phase, {**shown, "models": models}]
