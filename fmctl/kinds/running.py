"""Running: a run is launched once, watched, retried, stopped, changed in place and deleted. See ``runs`` for when."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

from fmctl.domain.live import Live, Marker
from fmctl.domain.plan import Action, Change
from fmctl.domain.problem import NotFound, NotReady, RunEnded, WrongState
from fmctl.domain.resource import Resource
from fmctl.kinds import job_wire, runs
from fmctl.kinds.base import Found, Steps, Watch, Work
from fmctl.kinds.creating import create_once
from fmctl.kinds.deleting import until_gone
from fmctl.kinds.ending import receipt, until_ended, until_settled
from fmctl.kinds.finding import Jobs, Seen
from fmctl.kinds.job_wire import JOBS, TAGGED_JOBS
from fmctl.kinds.provenance import provenance
from fmctl.kinds.remedies import ended, remedy
from fmctl.kinds.schema import ignored
from fmctl.kinds.settling import EFFECT_SECONDS
from fmctl.kinds.tagging import mirror

LOG_LINES = 20


class Running(NamedTuple):
    """What runs are carried out with; ``marker`` is the one of the resource, where there is a manifest."""

    jobs: Jobs
    work: Work
    marker: Marker | None

    def create(self, change: Change) -> Steps:
        """Start a run, after older ones where these are to end first, and again while the retry policy has budget."""
        resource = _desired(change)
        older = change.live if change.live and change.live.active else None
        while older:
            yield from until_ended(older, before=True)
            older = self._active(resource)
        live = yield from self._launch(resource, change.attempt)
        return (yield from self._follow(change, live, retry=True))

    def _active(self, resource: Resource) -> Live | None:
        """A run of an older content that is still going on."""
        seen = Seen(self.jobs.like([f"{resource.name}-"])).named(resource.name)
        ours = (run for run in seen if run.active and run.hash != resource.hash)
        return next((run for run in ours if run.owned_by(self.work.set_name)), None)

    def _launch(self, resource: Resource, attempt: int) -> Found:
        """Create one run, exactly once; the ledger knows before and after."""
        work, name = self.work, job_wire.run_name(resource, attempt)
        body = job_wire.body(resource, name, self._marked(resource.spec.get("description", "")), work)
        fact = {"of": resource.kind, "run": name, **provenance(resource, work)}
        work.records.record(
            resource.name, resource.hash, "intent", fact, attempt
        )  # before the POST: a crash leaves a trace
        answer: list[Live] = []

        def post() -> str:
            job = self.jobs.read(work.api.call("POST", JOBS, body=body))
            answer.append(job)
            return job.remote_id

        remote_id, found = yield from create_once(name, post, lambda: self.jobs.named(name), work.clock)
        fact = {"of": resource.kind, "run": name, "remoteId": remote_id, "marker": resource.marker}
        work.records.record(resource.name, resource.hash, "created", fact, attempt)
        if found is None or found.marker == self.marker:
            mirror(resource, f"{TAGGED_JOBS}/{remote_id}", work.api)
        return found or answer[0]

    def watch(self, change: Change) -> Steps:
        """Wait for a run that is going on; write the receipt of one that has ended."""
        live, resource = change.live, change.desired
        if live is None or resource is None:
            return live
        if live.facts.get("gone"):
            return self._judge(resource, live)
        in_flight = live.active or runs.recovering(live, self.work.clock.now())
        return (yield from self._follow(change, live, retry=in_flight and runs.wanted(resource)))

    def _follow(self, change: Change, live: Live, *, retry: bool) -> Steps:
        """Wait for the end of a run and keep its receipt; with ``retry`` start another while there is budget."""
        resource, work = _desired(change), self.work
        live = yield from until_settled(live, work.clock)
        receipt(live, resource, work)
        cause = runs.failure_class(live, work.records, resource.name)
        if cause and retry:
            failed = {**change.failures, cause: change.failures.get(cause, 0) + 1}
            if runs.has_budget(resource, cause, failed):
                again = replace(change, action=Action.CREATE, live=None, attempt=live.attempt + 1, failures=failed)
                return (yield from self.create(again))
        return self._judge(resource, live)

    def _judge(self, resource: Resource, live: Live) -> Live:
        """The run itself when it ended as wanted; RunEnded with the end of its log when not."""
        if live.phase == runs.RESTING or not runs.wanted(resource):
            return live
        log = "" if live.facts.get("gone") else "\n".join(self.jobs.log(live).splitlines()[-LOG_LINES:])
        raise RunEnded(f"{live.remote_name} ended {ended(live)}", log=log, hint=remedy(live, log))

    def stop(self, live: Live, change: Change) -> Steps:
        """End a run, and keep its receipt."""
        seen = yield from self._terminate(live, str(change.reason))
        if seen:
            own = change.desired if change.desired and change.desired.hash == seen.hash else None
            receipt(seen, own, self.work)
        return seen

    def _terminate(self, live: Live, reason: str) -> Steps:
        """Ask for the end of a run and wait for it; the ledger knows first that it was us."""
        work = self.work
        if live.hash:
            fact = {"of": live.id.kind, "run": live.remote_name, "reason": reason}
            work.records.record(live.id.name, live.hash, "stopped", fact, live.attempt)
        with suppress(WrongState):  # it ended first: 409 ModelArts.2796
            work.api.call("POST", f"{JOBS}/{live.remote_id}/actions", body={"action_type": "terminate"}, safe=True)
        return (yield from until_ended(live))

    def update(self, change: Change, live: Live) -> Steps:
        """Description with the marker, and priority: all that can change in place. It is read back until it shows."""
        resource = _desired(change)
        text = resource.spec.get("description", "" if live.marker != self.marker else live.description)
        if "description" in ignored(resource.spec):
            text = live.description
        body: dict[str, Any] = {"description": self._marked(text)}
        wanted: dict[str, Any] = {"description": text}
        if any(field.path == "spec.priority" for field in change.fields):
            wanted["priority"] = resource.spec["priority"]
            body["spec"] = {"schedule_policy": {"priority": wanted["priority"]}}
        self.work.api.call("PUT", f"{JOBS}/{live.remote_id}", body=body, safe=True)
        live = yield from self._until_shown(live, wanted)
        return (yield from self.watch(replace(change, live=live)))

    def _until_shown(self, live: Live, wanted: Mapping[str, Any]) -> Found:
        """Wait while reads lag behind an update that was answered; NotReady for what the platform dropped."""
        sent = self.work.clock.now()
        while True:
            seen = yield Watch(live.remote_id, live.remote_name, live.phase)
            if seen is None:
                raise NotReady(f"{live.remote_name} disappeared while it was changed", hint="apply again")
            live = seen
            kept = {key: value for key, value in wanted.items() if live.active or key == "description"}
            missing = sorted(key for key, value in kept.items() if live.spec.get(key) != value)
            if not missing and live.marker == self.marker:
                return live
            if self.work.clock.now() - sent > EFFECT_SECONDS:
                what = " and ".join(missing) or "marker"
                msg = f"the {what} of {live.remote_name} was accepted but did not take effect"
                raise NotReady(msg, hint="a priority can be changed while the job is Pending; otherwise apply again")

    def delete(self, live: Live) -> Steps:
        """Delete a run, stopping it first so that its receipt says how it ended."""
        if live.active:
            live = (yield from self._terminate(live, "deleted")) or live
        receipt(live, None, self.work)
        try:
            self.work.api.call("DELETE", f"{JOBS}/{live.remote_id}", safe=True)
        except NotFound:
            return None
        return (yield from until_gone(live))

    def _marked(self, text: str) -> str:
        """A description and the marker."""
        assert self.marker is not None
        return self.marker.mark(text)


def verb(change: Change, running: Running) -> Steps:
    """The steps that carry ``change`` out."""
    live = change.live
    match change.action:
        case Action.CREATE:
            return running.create(change)
        case Action.STOP if live:
            return running.stop(live, change)
        case Action.DELETE if live:
            return running.delete(live)
        case Action.UPDATE if live:
            return running.update(change, live)
    return running.watch(change)


def _desired(change: Change) -> Resource:
    """The resource of a change that has one by construction."""
    assert change.desired is not None
    return change.desired
