"""Waiting, stopping, starting, receipts and copying, for one thing at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
from declared import job, model, resources, service
from world import World

from fmctl.acting import plan_deletion, plan_start, plan_stop
from fmctl.copying import copy, parse_wanted
from fmctl.domain.event import Event, Outcome
from fmctl.domain.plan import Action
from fmctl.domain.problem import ExitCode, FmctlError, NotReady, Refused, UsageError
from fmctl.domain.resource import ResourceId
from fmctl.execute import Limits
from fmctl.kinds import KINDS
from fmctl.receipts import write_receipts
from fmctl.sandbox.serving.scripted import Script
from fmctl.waiting import Goal, wait_for
from fmctl.workflow import apply as carry_out

TRAIN, DIGITS = ResourceId("TrainingJob", "train"), ResourceId("Service", "digits")
MODEL = ResourceId("ModelVersion", "digits-1-0-0")
SHARE = {"modelRef": "digits-1-0-0", "weight": 100, "flavor": "modelarts.vm.cpu.2u"}
LEAVE = Limits(parallelism=1, wait=False)


def ignore(_: Event) -> None:
    """Who wants to hear nothing."""


def waited(
    world: World, *ids: ResourceId, goal: Goal = Goal.READY, timeout: float | None = None
) -> dict[ResourceId, tuple[ExitCode, str]]:
    found = wait_for(ids, goal, world.session(), timeout, ignore)
    return {one.id: (one.code, one.message) for one in found}


def begin(world: World, seconds: float) -> None:
    """A job that has just been started and will take so long."""
    world.runner.durations = {"*": seconds}
    world.apply(resources(job()), LEAVE)


# ------------------------------------------------------------------ waiting


@pytest.mark.parametrize(
    ("exit_code", "goal", "code"),
    [
        (0, Goal.READY, ExitCode.OK),
        (1, Goal.READY, ExitCode.RUN_ENDED),
        (0, Goal.STOPPED, ExitCode.RUN_ENDED),
        (None, Goal.READY, ExitCode.RUN_ENDED),
    ],
)
def test_waiting_for_a_run_ends_however_it_ends(
    world: World, exit_code: int | None, goal: Goal, code: ExitCode
) -> None:
    """Any final phase ends the wait: 0 for the one that is wanted, 7 for every other."""
    world.runner.outcomes = {"*": exit_code}
    begin(world, 60)

    assert code is waited(world, TRAIN, goal=goal)[TRAIN][0]


def test_a_lost_run_has_its_time_to_recover(world: World) -> None:
    """Abnormal may come back for ten minutes, and is an end after them."""
    world.runner.outcomes = {"*": None}
    begin(world, 60)
    before = world.clock.now()
    waited(world, TRAIN)

    assert 600 < world.clock.now() - before < 720


def test_a_run_that_was_seen_to_end_has_its_receipt(world: World) -> None:
    """Waiting leaves the receipt, so that the platform may forget the run."""
    begin(world, 60)
    before = [name for name in world.facts.names() if name.endswith(".end.json")]
    waited(world, TRAIN)

    assert before == []
    assert 1 == len([name for name in world.facts.names() if name.endswith(".end.json")])


def test_waiting_has_a_limit(world: World) -> None:
    """When the time is over the run goes on, and the exit code is 9."""
    begin(world, 3600)
    started = world.clock.now()
    code, message = waited(world, TRAIN, timeout=90.0)[TRAIN]

    assert ExitCode.TIMEOUT is code
    assert "not ready after 1m 30s: Running" == message
    assert pytest.approx(90, abs=1) == world.clock.now() - started


def test_one_look_serves_all_that_are_waited_for(world: World) -> None:
    """Waiting for many jobs costs as many searches as waiting for one."""
    world.runner.durations = {"*": 300}
    world.apply(resources(job("one"), job("two"), job("three")), LEAVE)
    before = world.transport.count("POST", "/training-job-searches")
    ids = [ResourceId("TrainingJob", name) for name in ("one", "two", "three")]
    done = waited(world, *ids)

    looks = world.transport.count("POST", "/training-job-searches") - before - len(ids)
    assert {ExitCode.OK} == {code for code, _ in done.values()}
    assert looks < 35  # 300 s in steps that grow to 15 s


def test_what_is_not_there_is_gone_or_a_failure(world: World) -> None:
    """An absent object is what `deleted` waits for, and ends any other wait at once with 4."""
    assert (ExitCode.OK, "gone") == waited(world, DIGITS, goal=Goal.DELETED)[DIGITS]
    assert ExitCode.API is waited(world, DIGITS)[DIGITS][0]


def test_deletion_is_waited_for(world: World) -> None:
    """`deleted` ends when the object is gone, and not before."""
    world.apply(resources(job()))
    still = waited(world, TRAIN, goal=Goal.DELETED, timeout=5.0)[TRAIN]
    session = world.session()
    plan = plan_deletion((), [str(TRAIN)], session)
    carry_out(plan, session, LEAVE, ignore)

    assert ExitCode.TIMEOUT is still[0]
    assert (ExitCode.OK, "gone") == waited(world, TRAIN, goal=Goal.DELETED)[TRAIN]


def test_models_and_services_are_ready_when_they_work(world: World) -> None:
    """A published version and a running service are ready at once; a stopped service is not, and says so."""
    world.apply(resources(model(), service()))
    ready = waited(world, MODEL, DIGITS)
    running = waited(world, DIGITS, goal=Goal.STOPPED, timeout=5.0)[DIGITS]
    stopping(world, DIGITS)

    assert {(ExitCode.OK, "published"), (ExitCode.OK, "running")} == set(ready.values())
    assert ExitCode.TIMEOUT is running[0]
    assert (ExitCode.API, "stopped") == waited(world, DIGITS)[DIGITS]
    assert (ExitCode.OK, "stopped") == waited(world, DIGITS, goal=Goal.STOPPED)[DIGITS]


def test_a_failed_service_is_final(world: World) -> None:
    """It will not come up by itself, so waiting ends at once, with the reason."""
    world.launcher.scripts = {"digits": Script(fails="no weights")}
    world.apply(resources(model(), service()))
    before = world.clock.now()
    code, message = waited(world, DIGITS)[DIGITS]

    assert ExitCode.API is code
    assert message.startswith("failed: ")
    assert 5 > world.clock.now() - before


def test_a_concerning_service_has_two_minutes(world: World) -> None:
    """Instances may recover; what is concerning for longer is a failure."""
    world.apply(resources(model(), service(models=[{**SHARE, "instances": 2}])))
    world.launcher.scripts = {"digits": Script(ready_after=1e9)}
    world.launcher.alive()[0].kill()
    world.session().clock.sleep(5)
    before = world.clock.now()
    code, message = waited(world, DIGITS)[DIGITS]

    assert (ExitCode.API, "concerning") == (code, message)
    assert 120 <= world.clock.now() - before < 140


# ------------------------------------------------------------------ stopping and starting


def stopping(world: World, id: ResourceId) -> list[Outcome]:
    session = world.session()
    plan = plan_stop(id, session)
    return carry_out(plan, session, Limits(parallelism=1), ignore)


def test_a_stopped_service_is_started(world: World) -> None:
    """`start` brings a service back as it was; what runs already is left alone."""
    world.apply(resources(model(), service()))
    stopping(world, DIGITS)
    session, events = world.session(), list[Event]()
    plan = plan_start(DIGITS, session)
    (outcome,) = carry_out(plan, session, Limits(), events.append)

    assert [Action.START] == [change.action for change in plan.changes]
    assert "running" == outcome.message
    assert [Action.NOOP] == [change.action for change in plan_start(DIGITS, world.session()).changes]
    assert all(change.action is Action.NOOP for change in world.plan(resources(model(), service()))[0].changes)


def test_a_foreign_service_is_not_started(world: World) -> None:
    """Whose marker is another set's, or none, is refused by name."""
    world.apply(resources(model(), service()))
    stopping(world, DIGITS)
    world.project = type(world.project)(world.project.root, "other", document=world.project.document)
    (change,) = plan_start(DIGITS, world.session()).changes

    assert Action.REFUSE is change.action
    assert "set 'demo'" in change.message


def test_a_service_that_is_not_there_cannot_be_started(world: World) -> None:
    """The message says where to look."""
    with pytest.raises(FmctlError, match="no service named digits") as caught:
        plan_start(DIGITS, world.session())

    assert "fmctl get Service" in str(caught.value.hint)


# ------------------------------------------------------------------ receipts


def receipts(world: World) -> int:
    """How many there are after somebody has seen the job's runs."""
    session = world.session()
    write_receipts(KINDS["TrainingJob"].find("train", None, session.api), session)
    return len([name for name in world.facts.names() if name.endswith(".end.json")])


def test_only_own_runs_that_have_ended_get_receipts(world: World) -> None:
    """A run that goes on, and a run of another set, get none; an own one gets one, once."""
    begin(world, 60)
    going_on = receipts(world)
    world.session().clock.sleep(120)
    own = world.project
    world.project = type(own)(own.root, "other", document=own.document)
    foreign = receipts(world)
    world.project = own

    assert (0, 0, 1, 1) == (going_on, foreign, receipts(world), receipts(world))


def test_a_foreign_run_is_not_stopped(world: World) -> None:
    """What runs for another set is refused."""
    begin(world, 3600)
    world.project = type(world.project)(world.project.root, "other", document=world.project.document)
    session = world.session()
    plan = plan_stop(TRAIN, session)

    assert [Action.REFUSE] == [change.action for change in plan.changes]


# ------------------------------------------------------------------ copying


def written(world: World) -> None:
    """A completed run with two files in its output."""
    (declared,) = resources(job())
    world.apply((declared,))
    for name in ("model/weights.bin", "metrics.json"):
        world.put(f"obs://fmctl-demo/out/train-{declared.hash}/{name}", name)


def test_an_output_is_copied(world: World, tmp_path: Path) -> None:
    """The whole output, or a folder of it, lands in the target under its names."""
    written(world)
    whole = copy("TrainingJob/train:train_url", tmp_path / "whole", world.session(), force=False)
    part = copy("TrainingJob/train:train_url/model/", tmp_path / "part", world.session(), force=False)

    assert (2, 1) == (whole.files, part.files)
    assert (tmp_path / "whole/model/weights.bin").read_text() == "model/weights.bin"
    assert ["weights.bin"] == [path.name for path in (tmp_path / "part").iterdir()]


def test_the_newest_completed_run_is_copied(world: World, tmp_path: Path) -> None:
    """A run that failed later is passed over, and one that completed later is preferred."""
    found = []
    for epochs, exit_code in (("1", 0), ("2", 0), ("3", 1)):
        world.runner.outcomes = {"*": exit_code}
        (declared,) = resources(job(parameters={"epochs": epochs}))
        world.apply((declared,))
        world.put(f"obs://fmctl-demo/out/train-{declared.hash}/epochs", epochs)
        copy("TrainingJob/train", tmp_path / epochs, world.session(), force=False)
        found.append((tmp_path / epochs / "epochs").read_text())

    assert ["1", "2", "2"] == found


def test_the_only_output_need_not_be_named(world: World, tmp_path: Path) -> None:
    """A job with one output means that one."""
    written(world)

    assert 2 == copy("TrainingJob/train", tmp_path / "out", world.session(), force=False).files


def test_a_full_target_is_refused(world: World, tmp_path: Path) -> None:
    """Nothing is written over, unless it is forced."""
    written(world)
    (tmp_path / "mine").write_text("")
    with pytest.raises(Refused, match="not empty"):
        copy("TrainingJob/train:train_url", tmp_path, world.session(), force=False)

    assert 2 == copy("TrainingJob/train:train_url", tmp_path, world.session(), force=True).files


def test_what_cannot_be_copied_is_explained(world: World, tmp_path: Path) -> None:
    """An unknown output names the known ones, an empty path what there is, a job without a result its phase."""
    written(world)
    with pytest.raises(UsageError) as unknown:
        copy("TrainingJob/train:weights", tmp_path, world.session(), force=True)
    with pytest.raises(FmctlError) as nothing:
        copy("TrainingJob/train:train_url/none/", tmp_path, world.session(), force=True)
    with pytest.raises(NotReady) as absent:
        copy("TrainingJob/other:train_url", tmp_path, world.session(), force=True)

    assert "train_url" in str(unknown.value.hint)
    assert "metrics.json, model" in str(nothing.value.hint)
    assert "no run" in absent.value.message


def test_outputs_outlive_the_record_of_their_run(world: World, tmp_path: Path) -> None:
    """When the platform has forgotten a run, its receipt says where it wrote."""
    written(world)
    (record,) = world.sandbox.store.find("training_jobs")
    world.session().api.call("DELETE", f"/v2/{{project_id}}/training-jobs/{record['job']['metadata']['id']}")
    world.session().clock.sleep(600)

    assert not list(KINDS["TrainingJob"].find("train", None, world.session().api))
    assert 2 == copy("TrainingJob/train:train_url", tmp_path / "out", world.session(), force=False).files


@pytest.mark.parametrize("text", ["Service/digits:x", "TrainingJob:x", "Nothing/x"])
def test_only_outputs_of_jobs_are_copied(text: str) -> None:
    """What is not of the form TrainingJob/NAME:OUTPUT is a usage error."""
    with pytest.raises(UsageError):
        parse_wanted(text)
