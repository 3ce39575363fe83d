"""The run table: what to do about a resource that is realised by runs, given its runs and the ledger.

A run starts for one of five reasons: there is neither run nor ledger entry; the run hash changed; ``rerun`` changed;
the retry policy has budget; fmctl itself stopped it and it is wanted again. Never because a record vanished.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fmctl.domain.live import Health, Live, Observed
from fmctl.domain.plan import Action, Change, Reason
from fmctl.domain.resource import Resource
from fmctl.domain.values import span
from fmctl.kinds.base import Deciding, Records
from fmctl.kinds.remedies import ended, timed_out

RECOVERY_SECONDS = 600  # an Abnormal run may come back (Lost, Unknown) for this long
DEFAULT_RETRIES = {"infra": 2, "user": 0}
RESTING = "Completed"
_EXISTED = ("created", "end", "stopped")


def wanted(resource: Resource) -> bool:
    """Whether a run is wanted, rather than the end of one."""
    return bool(resource.spec.get("state", "running") == "running")


def failure_class(live: Live, records: Records, name: str) -> str | None:
    """``user`` or ``infra`` for a run that failed, None for one that did not."""
    if live.phase == "Failed":
        return "user"
    if live.phase == "Abnormal":
        return "infra"
    if timed_out(live) and not records.has(name, live.hash, "stopped", live.attempt):
        return "user"
    return None


def recovering(live: Live, now: float) -> bool:
    """Whether an Abnormal run is young enough that the platform may still bring it back."""
    ended = (live.started + live.duration if live.started else live.created) / 1000
    return live.phase == "Abnormal" and now - ended < RECOVERY_SECONDS


def failures(runs: Iterable[Live], records: Records, name: str, hash: str) -> Mapping[str, int]:
    """How many attempts of this hash failed, by class, from live runs and from receipts of runs that are gone."""
    count: Counter[str] = Counter()
    seen = set()
    for run in runs:
        if run.hash == hash:
            seen.add(run.attempt)
            cause = failure_class(run, records, name)
            if cause:
                count[cause] += 1
    for attempt in records.attempts(name, hash):
        if attempt not in seen and records.has(name, hash, "end", attempt):
            cause = (records.get(name, hash, "end", attempt) or {}).get("class")
            if cause:
                count[cause] += 1
    return dict(count)


def has_budget(resource: Resource, cause: str, failed: Mapping[str, int]) -> bool:
    """Whether the retry policy allows another attempt after ``failed``; never of a job that ``useRun`` names."""
    if "useRun" in resource.spec:
        return False
    budget = {**DEFAULT_RETRIES, **resource.spec.get("retries", {})}
    return failed.get(cause, 0) <= int(budget[cause])


def decide(resource: Resource, observed: Observed, deciding: Deciding) -> Iterator[Change]:
    """The run table, row by row; what still runs of another content is stopped, waited for or in the way of a start."""
    ours = (run for run in observed.others if run.active and run.owned_by(deciding.set_name))
    older = [run for run in ours if run.hash != resource.hash]
    if not wanted(resource):
        yield from (_stops(run, resource) for run in older)
    for change in _row(resource, observed, deciding):
        yield from _beside(older, change, resource) if change.action is Action.CREATE else (change,)


def _row(resource: Resource, observed: Observed, deciding: Deciding) -> Iterator[Change]:
    """The row of the table that the current run, or its absence, is in."""
    live = observed.live
    if live is None or live.attempt < max(_attempts(resource.name, resource.hash, deciding.records), default=0):
        yield from _without_run(resource, observed, deciding)
    elif live.active or recovering(live, deciding.now):
        yield _going_on(resource, live, observed.others, deciding)
    else:
        yield _at_rest(resource, live, observed.others, deciding)


def _beside(older: Sequence[Live], create: Change, resource: Resource) -> Iterator[Change]:
    """A start while runs of another content go on: ``onSpecChange`` decides."""
    policy = resource.spec.get("onSpecChange", "error")
    names = ", ".join(run.remote_name for run in older)
    if older and policy == "error":
        used = ", ".join(f"{run.remote_name} ({run.phase}, {_used(run)})" for run in older)
        hint = f"{used} still runs an older spec; set onSpecChange to stopAndRun or runAfter, or wait for it"
        yield replace(
            create, action=Action.REFUSE, reason=Reason.OLDER_RUN_ACTIVE, message=hint, live=older[-1], attempt=0
        )
    elif older and policy == "runAfter":
        message = ", ".join(filter(None, (create.message, f"after {names}")))
        yield replace(create, message=message, live=older[-1])
    else:
        yield from (_stops(run, resource) for run in older)
        yield create


def _stops(run: Live, resource: Resource) -> Change:
    """The end of a run of another content; one that makes room for a new one waits until that can start."""
    needs = resource.needs if wanted(resource) else ()
    hint = f"stops {run.remote_name}, {_used(run)}"
    return Change(resource.id, Action.STOP, Reason.OLDER_RUN_ACTIVE, hint, desired=resource, live=run, needs=needs)


def _going_on(resource: Resource, live: Live, others: Sequence[Live], deciding: Deciding) -> Change:
    """Rows for a run that goes on, or may."""
    change = _Row(resource, live)
    if wanted(resource) or not live.active:
        failed = failures(others, deciding.records, resource.name, resource.hash)
        return change(Action.NOOP, Reason.PROGRESSING, f"{live.phase}, {_used(live)}", failed=failed)
    if live.phase == "Terminating":
        return change(Action.NOOP, Reason.PROGRESSING, "being stopped")
    if not live.owned_by(deciding.set_name):
        return change(Action.REFUSE, Reason.NOT_OURS, f"runs as {live.remote_name}, which belongs to {live.owner}")
    drift = live.marker is not None and live.marker.hash == resource.marker
    reason = Reason.DRIFT if drift else Reason.MANIFEST_CHANGED
    stop = change(Action.STOP, reason, f"stops {live.remote_name}, {_used(live)}", drift=drift)
    return replace(stop, needs=())


def _at_rest(resource: Resource, live: Live, others: Sequence[Live], deciding: Deciding) -> Change:
    """Rows for a run that has ended."""
    records, change = deciding.records, _Row(resource, live)
    if live.phase == RESTING or not wanted(resource):
        return change(Action.NOOP, Reason.IN_SYNC, live.phase)
    failed = failures((live, *others), records, resource.name, resource.hash)
    cause = failure_class(live, records, resource.name)
    if cause and has_budget(resource, cause, failed):
        return change.again(Reason.RETRY, f"attempt {live.attempt} ended {live.phase} ({cause})", failed)
    if cause:
        return change(Action.NOOP, Reason.DEGRADED, ended(live), failed=failed)
    if "useRun" in resource.spec:
        hint = "stopped; nothing is started in place of the job that useRun names"
    elif records.has(resource.name, live.hash, "stopped", live.attempt):
        return change.again(Reason.STOPPED_BY_FMCTL, f"attempt {live.attempt} was stopped by fmctl", failed)
    else:
        hint = "stopped outside fmctl; change `rerun` to run it again"
    return change(Action.NOOP, Reason.DRIFT, hint, drift=True, failed=failed)


class _Row:
    """Builds the changes of one resource whose current run is known."""

    def __init__(self, resource: Resource, live: Live) -> None:
        self.resource, self.live = resource, live

    def __call__(
        self,
        action: Action,
        reason: Reason,
        message: str,
        *,
        drift: bool = False,
        failed: Mapping[str, int] | None = None,
    ) -> Change:
        return Change(
            self.resource.id,
            action,
            reason,
            message,
            drift=drift,
            desired=self.resource,
            live=self.live,
            attempt=self.live.attempt,
            failures=failed or {},
            needs=self.resource.needs,
        )

    def again(self, reason: Reason, message: str, failed: Mapping[str, int]) -> Change:
        """A next attempt of the same content."""
        return Change(
            self.resource.id,
            Action.CREATE,
            reason,
            message,
            desired=self.resource,
            attempt=self.live.attempt + 1,
            failures=failed,
            needs=self.resource.needs,
        )


def _without_run(resource: Resource, observed: Observed, deciding: Deciding) -> Iterator[Change]:
    """Rows for a resource whose current hash has no run on the platform."""
    records = deciding.records

    def change(action: Action, reason: Reason, message: str = "", **more: Any) -> Change:
        return Change(resource.id, action, reason, message, desired=resource, needs=resource.needs, **more)

    attempts = _attempts(resource.name, resource.hash, records)
    last = max(attempts, default=0)
    end = records.get(resource.name, resource.hash, "end", last) if attempts else None
    if end:
        yield _record_gone(resource, end, last, observed, deciding)
    elif attempts and wanted(resource):
        hint = "its run is gone and nobody saw it end; change `rerun` to run it again"
        yield change(Action.REFUSE, Reason.LOST, hint, attempt=last, drift=True)
    elif "useRun" in resource.spec and not attempts:
        yield change(Action.REFUSE, Reason.LOST, f"useRun names {resource.spec['useRun']!r}, and no such job exists")
    elif wanted(resource):
        yield change(Action.CREATE, _reason(resource, observed, deciding))
    else:
        yield change(Action.NOOP, Reason.IN_SYNC, "(not started)")


def _record_gone(
    resource: Resource, end: Mapping[str, Any], attempt: int, observed: Observed, deciding: Deciding
) -> Change:
    """The platform forgot the run; its receipt says how it ended, and so what would be done were it there."""
    gone = Live(
        resource.id,
        str(end.get("remoteId", "")),
        str(end.get("run", "")),
        str(end.get("phase", "")),
        Health.HEALTHY if end.get("phase") == RESTING else Health.DEGRADED,
        attempt=attempt,
        hash=resource.hash,
        facts={"gone": True, "outputs": end.get("outputs", {})},
    )
    row = _Row(resource, gone)
    if gone.phase == RESTING or not wanted(resource):
        return row(Action.NOOP, Reason.RECORD_GONE, f"{gone.phase} (record gone)")
    seen = filter(None, (observed.live, *observed.others))
    failed = failures(seen, deciding.records, resource.name, resource.hash)
    cause = end.get("class")
    if cause and has_budget(resource, cause, failed):
        return row.again(Reason.RETRY, f"attempt {attempt} ended {gone.phase} ({cause})", failed)
    if cause:
        return row(Action.NOOP, Reason.DEGRADED, f"{gone.phase} (record gone)", failed=failed)
    if "useRun" not in resource.spec and deciding.records.has(resource.name, resource.hash, "stopped", attempt):
        return row.again(Reason.STOPPED_BY_FMCTL, f"attempt {attempt} was stopped by fmctl", failed)
    return row(Action.NOOP, Reason.DRIFT, f"{gone.phase} outside fmctl (record gone)", drift=True, failed=failed)


def _reason(resource: Resource, observed: Observed, deciding: Deciding) -> Reason:
    """Why content without a run or a fact of its own starts: there never was any, or there was another."""
    ours = {run.hash for run in observed.others if run.owned_by(deciding.set_name)}
    older = (ours | _carried_out(resource.name, deciding.records)) - {resource.hash, ""}
    if not older:
        return Reason.ABSENT
    return Reason.RERUN if older & resource.older else Reason.SPEC_CHANGED


def _carried_out(name: str, records: Records) -> frozenset[str]:
    """Hashes of runs that existed."""
    return frozenset(hash for hash in records.hashes(name) if _attempts(name, hash, records))


def _attempts(name: str, hash: str, records: Records) -> list[int]:
    """Attempts of one hash that existed: what was only meant to be created does not count."""
    known = records.attempts(name, hash)
    return [attempt for attempt in known if any(records.has(name, hash, fact, attempt) for fact in _EXISTED)]


def _used(run: Live) -> str:
    """What a run has used so far, in words."""
    nodes = int(run.facts.get("nodes", 1) or 1)
    return f"{span(run.duration / 1000)} on {nodes} node{'s' if nodes > 1 else ''}"
