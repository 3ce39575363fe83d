"""Execute: the order of doing, failures that stay local, shared waiting, and creates that happen once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from declared import Manifest, job, model, resource, resources, service
from seeds import seed_job
from world import MODEL_CONFIG, SET, Breakage, MemoryFacts, SharedClock, World

from fmctl import workflow
from fmctl.domain.event import Ending, Event, EventType, Outcome
from fmctl.domain.live import Live
from fmctl.domain.plan import Reason
from fmctl.domain.problem import ExitCode, LedgerError, worst
from fmctl.domain.resource import Resource
from fmctl.execute import Limits, outcome_codes
from fmctl.sandbox.faults import FaultPlan, Faults
from fmctl.sandbox.serving.scripted import Script

CHAIN = [
    job("pretrain"),
    job("train", requires=["pretrain"]),
    model(source={"from": "obs://fmctl-demo/digits/"}, requires=["train"]),
    service(),
]


def created(world: World) -> list[str]:
    """The names of what was created, in the order of the requests."""
    found = []
    for request in world.transport.requests:
        body = json.loads(request.content or b"{}")
        if request.method == "POST" and request.url.path.endswith(("/training-jobs", "/models", "/services")):
            found.append(body.get("model_name") or body.get("service_name") or body["metadata"]["name"])
    return [name.rpartition("-")[0] or name for name in found]


def endings(outcomes: list[Outcome]) -> dict[str, Ending]:
    return {outcome.change.id.name: outcome.ending for outcome in outcomes}


def jobs(world: World) -> dict[str, str]:
    """Every job that the sandbox holds: name and phase."""
    found = (record["job"] for record in world.sandbox.store.find("training_jobs"))
    return {one["metadata"]["name"]: one["status"]["phase"] for one in found}


# ------------------------------------------------------------------ order and failures


def test_what_is_needed_is_made_first(world: World) -> None:
    """Creates follow the references, each only when what it needs is ready."""
    outcomes = world.apply(resources(*CHAIN[::-1]), Limits(parallelism=4))

    assert ["pretrain", "train", "digits", "digits"] == created(world)
    assert {Ending.DONE} == set(endings(outcomes).values())


def test_a_failure_skips_what_depends_on_it_alone(world: World) -> None:
    """A failed branch is cut off, and every other branch is carried out."""
    world.runner.outcomes = {"pretrain-*": 1}

    outcomes = world.apply(resources(*CHAIN, job("apart"), job("last", requires=["apart"])))

    assert {
        "pretrain": Ending.FAILED,
        "train": Ending.SKIPPED,
        "digits-1-0-0": Ending.SKIPPED,
        "digits": Ending.SKIPPED,
        "apart": Ending.DONE,
        "last": Ending.DONE,
    } == endings(outcomes)
    assert ExitCode.RUN_ENDED is worst(outcome_codes(outcomes))


def test_what_needs_a_run_that_is_wanted_stopped_was_not_applied(world: World) -> None:
    """Nothing has failed, and yet not all is as wanted: apply says 0 only where the next plan has nothing to do."""
    declared = resources(job("paused", state="stopped"), job("after", requires=["paused"]))
    outcomes = world.apply(declared)

    assert {"paused": Ending.DONE, "after": Ending.SKIPPED} == endings(outcomes)
    assert ExitCode.API is worst(outcome_codes(outcomes))
    assert not world.plan(declared)[0].empty


def test_what_needs_a_run_that_is_stopped_is_not_started(world: World) -> None:
    """Stopped is not completed: there is nothing that others could use."""
    world.runner.durations = {"first-*": 3600}
    world.apply(resources(job("first")), Limits(parallelism=1, wait=False))
    declared = resources(job("first", state="stopped"), job("second", requires=["first"]))

    plan, _ = world.plan(declared)
    outcomes = world.apply(declared)

    assert "blocked: needs TrainingJob/first, which is to be stopped" == plan.changes[1].message
    assert {"first": Ending.DONE, "second": Ending.SKIPPED} == endings(outcomes)
    assert ["first"] == created(world)


def test_a_failed_run_shows_the_end_of_its_log(world: World) -> None:
    """Who reads that a run failed reads why."""
    world.runner.outcomes = {"*": 3}

    (outcome,) = world.apply(resources(job()))

    assert "exited with 3" in outcome.message
    assert "started" in outcome.log


def test_attempts_go_on_within_one_apply(world: World) -> None:
    """As long as the policy has budget the next attempt follows in the same apply, and no longer."""
    world.runner.outcomes = {"*": 1}
    declared = resource(job(retries={"user": 2}))

    (outcome,) = world.apply((declared,))

    name = f"train-{declared.hash}"
    assert {name: "Failed", f"{name}-r1": "Failed", f"{name}-r2": "Failed"} == jobs(world)
    assert ExitCode.RUN_ENDED is outcome.code


def test_an_attempt_that_completes_ends_the_retries(world: World) -> None:
    """A run that completes is the result, whatever its number."""
    world.runner.outcomes = {"*-r1": 0, "*": 1}
    declared = resource(job(retries={"user": 2}))

    (outcome,) = world.apply((declared,))

    assert Ending.DONE is outcome.ending
    assert {f"train-{declared.hash}": "Failed", f"train-{declared.hash}-r1": "Completed"} == jobs(world)


def test_a_bug_fails_one_change(world: World) -> None:
    """What is wrong with fmctl itself ends one change with 255, and the others go on."""
    declared = resources(job("one"), job("two"))
    plan, session = world.plan(declared)
    broken = replace(plan.changes[0], desired=replace(plan.changes[0].desired, spec={}))

    outcomes = workflow.apply(
        replace(plan, changes=(broken, *plan.changes[1:])), session, Limits(parallelism=2), lambda _: None
    )

    assert [ExitCode.INTERNAL, ExitCode.OK] == [outcome.code for outcome in outcomes]


# ------------------------------------------------------------------ waiting together


def test_thirty_jobs_in_flight_are_watched_together(world: World) -> None:
    """Waiting costs searches by ten names from 0.5 s to 15 s apart, not a poll per job."""
    world.runner.durations = {"*": 600}

    world.apply(resources(*(job(f"job-{number}") for number in range(30))), Limits(parallelism=10))

    looks = world.transport.count("POST", "/training-job-searches") / 3
    details = sum(r.method == "GET" and "/training-jobs/" in r.url.path for r in world.transport.requests)
    assert 600 / 15 < looks < 80
    assert 0 == details


def test_looking_that_fails_for_a_while_is_no_failure(world: World) -> None:
    """Trouble with looking is not trouble of what is looked at."""
    world.runner.durations = {"*": 600}
    declared = resources(job())
    plan, session = world.plan(declared)
    world.transport.broken = [Breakage("POST", "/training-job-searches", "502", times=12)]

    outcomes = workflow.apply(plan, session, Limits(parallelism=1), lambda _: None)

    assert {"train": Ending.DONE} == endings(outcomes)


def test_a_throttled_api_only_takes_longer(world: World) -> None:
    """429 is waited out; nothing is created twice and nothing fails."""
    clock = world.clock
    faults = Faults(world.sandbox.wsgi, FaultPlan(throttle=3), clock, wait=lambda _: None)
    world.transport.inner = httpx.WSGITransport(faults)

    outcomes = world.apply(resources(*CHAIN))

    assert {Ending.DONE} == set(endings(outcomes).values())
    assert faults.counts["throttled"] > 0
    assert 2 == len(jobs(world))


def test_events_tell_each_phase(world: World) -> None:
    """A change that waits tells where it is, from its start to its end."""
    events: list[Event] = []

    world.apply(resources(job()), events=events)

    types = [event.type for event in events]
    assert (EventType.START, EventType.COMPLETE) == (types[0], types[-1])
    assert {"Creating", "Pending", "Running", "Completed"} >= {event.phase for event in events if event.phase}
    assert EventType.PROGRESS in types


# ------------------------------------------------------------------ exactly once

ENDS = {"TrainingJob": "/training-jobs", "ModelVersion": "/models", "Service": "/services"}


@pytest.mark.parametrize("way", ["reset", "timeout", "garbage", "502"])
@pytest.mark.parametrize("kind", ENDS)
def test_a_lost_answer_makes_one_object(world: World, kind: str, way: str) -> None:
    """Whatever becomes of the answer to a creating call, one object comes of it."""
    world.transport.broken = [Breakage("POST", ENDS[kind], way)]

    outcomes = world.apply(resources(job(), model(), service()))

    assert {Ending.DONE} == set(endings(outcomes).values())
    assert 0 == world.transport.broken[0].times
    assert [1, 1, 1] == [len(world.sandbox.store.find(name)) for name in ("training_jobs", "models", "services")]


@pytest.mark.parametrize("kind", ENDS)
def test_a_lost_answer_and_a_lagging_list_make_one_object(world: World, kind: str) -> None:
    """An object that no list shows yet is waited for and not made again."""
    faults = Faults(world.sandbox.wsgi, FaultPlan(list_lag=30), world.clock, wait=lambda _: None)
    world.transport.inner = httpx.WSGITransport(faults)
    world.transport.broken = [Breakage("POST", ENDS[kind], "502")]

    outcomes = world.apply(resources(job(), model(), service()))

    assert faults.counts["hidden"] > 0
    assert {Ending.DONE} == set(endings(outcomes).values())
    assert [1, 1, 1] == [len(world.sandbox.store.find(name)) for name in ("training_jobs", "models", "services")]


class Killed(BaseException):
    """The end of the process, which nothing catches."""


class DyingFacts(MemoryFacts):
    """A ledger in front of which the process dies."""

    def __init__(self, fact: str) -> None:
        super().__init__()
        self.fact: str | None = fact

    def write(self, name: str, fact: Mapping[str, Any]) -> None:
        if self.fact and f".{self.fact}." in name:
            raise Killed
        super().write(name, fact)


@pytest.mark.parametrize("fact", ["intent", "created", "end"])
def test_an_apply_that_was_killed_is_picked_up(world: World, fact: str) -> None:
    """Killed before any fact is written, the next apply ends with one run that completed."""
    dying = DyingFacts(fact)
    world.facts = dying
    declared = resources(job())
    with pytest.raises(Killed):
        world.apply(declared)
    dying.fact = None

    outcomes = world.apply(declared)

    assert {"train": Ending.DONE} == endings(outcomes)
    assert ["Completed"] == list(jobs(world).values())
    assert world.plan(declared)[0].empty


def test_an_unwritable_ledger_stops_apply_before_its_first_create(world: World) -> None:
    """Without a ledger a run could be started twice, so none is started."""

    class Unwritable(MemoryFacts):
        def check_writable(self) -> None:
            msg = "read-only"
            raise LedgerError(msg)

    world.facts = Unwritable()

    with pytest.raises(LedgerError):
        world.apply(resources(job()))

    assert {} == jobs(world)


def test_the_ledger_knows_a_run_before_and_after_its_post(world: World) -> None:
    """Intent, created, end: the three facts of a run, with its id and its phase."""
    declared = resource(job())

    world.apply((declared,))

    facts = {name.rsplit(".", 2)[-2]: fact for name, fact in world.facts.facts.items()}
    (record,) = world.sandbox.store.find("training_jobs")
    assert {"intent", "created", "end"} == set(facts)
    assert record["job"]["metadata"]["id"] == facts["created"]["remoteId"]
    assert "Completed" == facts["end"]["phase"]


def test_an_apply_without_changes_writes_missing_receipts(world: World) -> None:
    """Every apply that sees an ended run leaves its receipt, so that the run outlives the platform's record."""
    declared = resource(job())
    seed_job(world, f"train-{declared.hash}", "Completed", f"[fmctl:{SET}@{declared.marker}s]")

    world.apply((declared,))
    with world.sandbox.store.background():
        world.sandbox.store.delete("training_jobs", f"job-train-{declared.hash}")

    assert world.plan((declared,))[0].empty


@pytest.mark.parametrize("changed", [{}, {"parameters": {"lr": "2"}}], ids=["retried", "edited"])
def test_an_attempt_that_nobody_watched_leaves_its_receipt(world: World, changed: Mapping[str, Any]) -> None:
    """A receipt is due of every ended run that apply saw, also of those that it starts another one after."""
    before = resource(job(retries={"user": 1}))
    seed_job(world, f"train-{before.hash}", "Failed", f"[fmctl:{SET}@{before.marker}s]")

    world.apply(resources(job(retries={"user": 1}, **changed)))

    receipt = world.facts.facts[f"train/{before.hash}.end.json"]
    assert ("Failed", "user") == (receipt["phase"], receipt["class"])


def test_an_attempt_whose_record_is_gone_counts(world: World) -> None:
    """Retries are counted over receipts too: two budgets are not three because the platform has forgotten one."""
    declared = resources(job(retries={"user": 1}))
    world.runner.outcomes = {"train-*": 1}
    world.apply(declared)
    first = next(iter(jobs(world)))
    with world.sandbox.store.background():
        world.sandbox.store.delete("training_jobs", _id_of(world, first))

    world.apply(declared)

    assert [f"{first}-r1"] == list(jobs(world))


def _id_of(world: World, name: str) -> str:
    found = (record["job"]["metadata"] for record in world.sandbox.store.find("training_jobs"))
    return next(metadata["id"] for metadata in found if metadata["name"] == name)


@pytest.mark.parametrize("declared", [{}, {"description": "ours"}], ids=["nothing", "ours"])
def test_an_ignored_description_stays_when_something_else_is_put_back(
    world: World, declared: Mapping[str, Any]
) -> None:
    """The marker is rewritten behind the text that somebody else wrote, and that text stays."""
    ignoring = {"ignoreDifferences": ["spec.description"], **declared}
    before = resource(job(**ignoring))
    seed_job(world, f"train-{before.hash}", "Completed", f"by hand [fmctl:{SET}@{before.marker}s]")

    world.apply(resources(job(deletionPolicy="Orphan", **ignoring)))

    (record,) = world.sandbox.store.find("training_jobs")
    assert record["job"]["metadata"]["description"].startswith(f"by hand [fmctl:{SET}@")
    assert record["job"]["metadata"]["description"].endswith("o]")


def labelled(manifest: Manifest, **labels: str) -> Manifest:
    return {**manifest, "metadata": {**manifest["metadata"], "labels": labels}}


def tags(world: World) -> list[object]:
    """What was sent as tags, in the order of the requests."""
    sent = (r for r in world.transport.requests if r.url.path.endswith("/tags/create"))
    return [json.loads(request.content)["tags"] for request in sent]


@pytest.mark.parametrize("way", [None, "502", "garbage"])
def test_labels_become_tags_where_the_platform_has_them(world: World, way: str | None) -> None:
    """A second call, for runs and services; trouble with tags is no trouble of what they are on."""
    world.transport.broken = [Breakage("POST", "/tags/create", way, times=99)] if way else []
    declared = resources(
        labelled(job(), team="vision"), labelled(model(), team="nobody"), labelled(service(), tier="1")
    )

    outcomes = world.apply(declared)

    expected = [[{"key": "team", "value": "vision"}], [{"key": "tier", "value": "1"}]]
    assert {Ending.DONE} == set(endings(outcomes).values())
    assert expected == [sent for index, sent in enumerate(tags(world)) if sent not in tags(world)[:index]]
    assert world.plan(declared)[0].empty


def test_what_has_no_labels_is_given_no_tags(world: World) -> None:
    """The second call is made for labels alone."""
    world.apply(resources(job(), model(), service()))

    assert [] == tags(world)


# ------------------------------------------------------------------ leaving


class Interrupted(SharedClock):
    """A clock at which somebody presses Ctrl-C after some looks."""

    def __init__(self, world: World, looks: int) -> None:
        super().__init__(world.sandbox, world.clock)
        self.left = looks

    def sleep(self, seconds: float) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        super().sleep(seconds)


def interrupted(world: World, declared: tuple[Resource, ...], looks: int) -> list[Outcome]:
    plan, session = world.plan(declared)
    session = replace(session, clock=Interrupted(world, looks))
    return workflow.apply(plan, session, Limits(parallelism=1), lambda _: None)


@pytest.mark.parametrize("looks", [1, 2, 5])
def test_ctrl_c_detaches(world: World, looks: int) -> None:
    """Ctrl-C leaves runs running; the next apply waits for them and starts nothing twice."""
    world.runner.durations = {"*": 600}
    declared = resources(job("first"), job("second", requires=["first"]))

    left = interrupted(world, declared, looks)

    assert {"first": Ending.LEFT, "second": Ending.SKIPPED} == endings(left)
    assert ExitCode.CANCELLED is worst(outcome_codes(left))
    assert {Ending.DONE} == set(endings(world.apply(declared)).values())
    assert ["first", "second"] == created(world)


@pytest.mark.parametrize("moment", [*range(1, 9)])
def test_ctrl_c_at_any_event_detaches(world: World, moment: int) -> None:
    """Whenever it comes, every change has an end to tell, and the next apply makes what is missing once."""
    declared = resources(*CHAIN)
    seen: list[Event] = []

    def emit(event: Event) -> None:
        seen.append(event)
        if len(seen) == moment:
            raise KeyboardInterrupt

    plan, session = world.plan(declared)
    left = workflow.apply(plan, session, Limits(parallelism=1), emit)
    after = world.apply(declared)

    assert (len(declared), ExitCode.CANCELLED) == (len(left), worst(outcome_codes(left)))
    assert {Ending.DONE} == set(endings(after).values())
    assert ["pretrain", "train", "digits", "digits"] == created(world)


def test_a_time_out_leaves_runs_running(world: World) -> None:
    """After --timeout apply ends with 9, and what it started goes on."""
    world.runner.durations = {"*": 600}
    before = world.clock.now()

    outcomes = world.apply(resources(job()), Limits(parallelism=1, timeout=90))

    assert [(Ending.LEFT, ExitCode.TIMEOUT)] == [(outcome.ending, outcome.code) for outcome in outcomes]
    assert 90 <= world.clock.now() - before < 120
    assert ["Running"] == list(jobs(world).values())


def test_run_after_waits_for_every_older_run(world: World) -> None:
    """However many older runs still go on, the new one starts when the last of them has ended."""
    older = {"train-1111111111": 300.0, "train-2222222222": 900.0, "train-3333333333": 600.0}
    world.runner.durations = dict(older)
    for name in older:
        seed_job(world, name, "Running", f"[fmctl:{SET}@{name[-10:]}s]", ran=0)
    before = world.clock.now()
    world.apply(resources(job(onSpecChange="runAfter")))
    jobs = [record["job"] for record in world.sandbox.store.find("training_jobs")]
    (new,) = (each["metadata"] for each in jobs if each["metadata"]["name"] not in older)

    assert new["create_time"] / 1000 >= before + 900


@pytest.mark.parametrize("limits", [Limits(wait=False), Limits(timeout=60)], ids=["no-wait", "timeout"])
def test_a_run_whose_turn_has_not_come_is_not_counted_as_started(world: World, limits: Limits) -> None:
    """What is left before anything was written of it has added nothing."""
    world.runner.durations = {"train-1111111111": 3600}
    seed_job(world, "train-1111111111", "Running", f"[fmctl:{SET}@1111111111s]", ran=0)

    (outcome,) = world.apply(resources(job(onSpecChange="runAfter")), replace(limits, parallelism=1))

    assert (Ending.LEFT, False) == (outcome.ending, outcome.written)
    assert ["train-1111111111"] == list(jobs(world))


def test_no_wait_starts_and_leaves(world: World) -> None:
    """--no-wait starts what can be started, and skips what needs the end of it."""
    world.runner.durations = {"*": 600}

    outcomes = world.apply(
        resources(job("first"), job("second", requires=["first"])), Limits(parallelism=1, wait=False)
    )

    assert {"first": Ending.LEFT, "second": Ending.SKIPPED} == endings(outcomes)
    assert 1 == len(jobs(world))


class Deaf(httpx.BaseTransport):
    """Answers changes of jobs as if they were made."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            return httpx.Response(200, json=None, request=request)
        return self.inner.handle_request(request)


@pytest.mark.parametrize("way", ["reset", "timeout", "garbage", "bad gateway"])
def test_a_lost_answer_to_a_deletion_is_no_failure(world: World, way: str) -> None:
    """Asked again, the platform has nothing left to delete; that it is gone is seen, not believed."""
    declared = resources(model(source={"from": "obs://fmctl-demo/late/"}))
    world.apply(declared)  # there is nothing to publish yet
    world.put("obs://fmctl-demo/late/model/config.json", json.dumps(MODEL_CONFIG))
    world.put("obs://fmctl-demo/late/model/customize_service.py", "class Digits: ...\n")
    world.transport.broken = [Breakage("DELETE", "", way)]

    (outcome,) = world.apply(declared)

    assert (Reason.NEVER_PUBLISHED, Ending.DONE) == (outcome.change.reason, outcome.ending)
    assert ["digits", "digits"] == created(world)


def test_a_change_that_is_dropped_in_silence_fails(world: World) -> None:
    """A 200 is not believed: what does not read back after a minute fails the change, and says what is missing."""
    (declared,) = resources(job(description="Our words"))
    seed_job(world, f"train-{declared.hash}", "Completed", f"Their words [fmctl:{SET}@{declared.marker}s]")
    world.transport.inner = Deaf(world.transport.inner)
    (outcome,) = world.apply((declared,))

    assert (Ending.FAILED, ExitCode.API) == (outcome.ending, outcome.code)
    assert "the description of" in outcome.message
    assert "did not take effect" in outcome.message


# ------------------------------------------------------------------ services


def test_a_rolled_back_update_fails_and_keeps_the_old_marker(world: World) -> None:
    """An update that the platform takes back fails its change, and the next plan still wants it."""
    world.put("obs://fmctl-demo/broken/model/config.json", '{"model_type": "PyTorch", "apis": [{"url": "/"}]}')
    world.put("obs://fmctl-demo/broken/model/customize_service.py", "class Digits: ...\n")
    world.apply(resources(model(), service()))
    second = model("digits-2-0-0", source={"from": "obs://fmctl-demo/broken/"})
    roll = {"modelRef": "digits-2-0-0", "weight": 100, "flavor": "modelarts.vm.cpu.2u"}
    declared = resources(model(), second, service("digits", roll))
    world.launcher.scripts["digits"] = Script(fails="ImportError: no module named torch")

    outcomes = world.apply(declared)

    (failed,) = [outcome for outcome in outcomes if outcome.ending is Ending.FAILED]
    assert ("digits", ExitCode.API) == (failed.change.id.name, failed.code)
    assert "rolled back" in failed.message
    assert ["digits"] == [change.id.name for change in world.plan(declared)[0].changes if change.writes]


def test_what_somebody_is_changing_is_not_called_in_sync(world: World) -> None:
    """An update that was under way when the plan was made is waited for, and told; it is not reverted unseen."""
    declared = resources(model(), service())
    world.apply(declared)
    (found,) = (document["service"] for document in world.sandbox.store.find("services"))
    path = f"/v1/{{project_id}}/services/{found['service_id']}"
    config = [{**one, "instance_count": 2} for one in world.session().api.call("GET", path)["config"]]
    world.session().api.call("PUT", path, body={"config": config})

    (first,) = (o for o in world.apply(declared) if o.change.id.kind == "Service")
    assert (Ending.FAILED, ExitCode.CONFLICT) == (first.ending, first.code)
    (second,) = (o for o in world.apply(declared) if o.change.id.kind == "Service")
    assert (Ending.DONE, Reason.DRIFT) == (second.ending, second.change.reason)


def test_the_address_of_a_service_is_told(world: World) -> None:
    """The outcome of a service that is up has where it answers."""
    outcomes = world.apply(resources(model(), service()))

    last: Live | None = outcomes[-1].live
    assert last is not None
    assert last.url.startswith("http://")


# ------------------------------------------------------------------ folders


def local(folder: Path) -> Resource:
    algorithm = {**job()["spec"]["algorithm"], "code": "./code"}
    return resource(job(algorithm=algorithm), file=str(folder / "job.yaml"))


def test_a_folder_that_changed_since_the_plan_is_refused(world: World, tmp_path: Path) -> None:
    """What is uploaded is what the plan saw, or nothing."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "train.py").write_text("one")
    plan, session = world.plan((local(tmp_path),))
    (tmp_path / "code" / "train.py").write_text("two")

    (outcome,) = workflow.apply(plan, session, Limits(parallelism=1), lambda _: None)

    assert (Ending.FAILED, ExitCode.API) == (outcome.ending, outcome.code)
    assert "changed while" in outcome.message
    assert {} == jobs(world)


def test_a_variable_that_is_not_set_fails_what_needs_it(world: World) -> None:
    """A value that cannot be had is no difference to a plan; apply starts nothing without it, and does not exit 0."""
    (outcome,) = world.apply(resources(job(env={"DB_PASSWORD": {"valueFrom": {"env": "NOT_SET"}}})))

    assert ExitCode.API is worst(outcome_codes([outcome]))
    assert "NOT_SET is not set" in outcome.message
    assert ({}, {}) == (jobs(world), world.facts.facts)


def test_a_folder_is_uploaded_under_its_digest(world: World, tmp_path: Path) -> None:
    """The address of uploaded content says what it is."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "train.py").write_text("one")
    declared = local(tmp_path)

    world.apply((declared,))

    digest = declared.folders["./code"].digest
    assert b"one" == world.session().store.read(f"obs://fmctl-sandbox/code/{digest}/train.py")
