"""Kinds: what verbs do when the world moves while they work, and spellings that mean the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from declared import job, model, resource, resources, service
from faketime import FakeClock
from world import World

from fmctl.domain.event import Ending, Outcome
from fmctl.domain.live import Live
from fmctl.domain.plan import Action
from fmctl.domain.problem import NotReady
from fmctl.execute import Limits
from fmctl.kinds import KINDS
from fmctl.kinds.service import Service
from fmctl.kinds.settling import CONCERNING_SECONDS, settled
from fmctl.sandbox.serving.scripted import Script


def names(world: World) -> list[str]:
    """The jobs that the sandbox holds."""
    return sorted(record["job"]["metadata"]["name"] for record in world.sandbox.store.find("training_jobs"))


def endings(outcomes: list[Outcome]) -> dict[str, Ending]:
    return {outcome.change.id.name: outcome.ending for outcome in outcomes}


# ------------------------------------------------------------------ schemas


def undescribed(schema: Mapping[str, Any], at: str) -> Iterator[str]:
    for key, field in schema.get("properties", {}).items():
        if isinstance(field, dict):
            yield from () if field.get("description") else (f"{at}.{key}",)
            yield from undescribed(field, f"{at}.{key}")
            yield from undescribed(field.get("items", {}), f"{at}.{key}[]")


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_says_what_it_is(kind: str) -> None:
    """`fmctl explain`, editors and the reference have something to say about each field."""
    assert [] == list(undescribed(KINDS[kind].spec_schema, kind))


# ------------------------------------------------------------------ runs


def test_a_budget_outlives_the_apply_that_began_to_use_it(world: World) -> None:
    """Attempts that failed in an apply that was left count in the apply that goes on."""
    world.runner.outcomes, world.runner.durations = {"*": 1}, {"*-r1": 600}
    declared = resource(job(retries={"user": 1}))
    world.apply((declared,), Limits(parallelism=1, timeout=60))

    world.apply((declared,))

    name = f"train-{declared.hash}"
    assert [name, f"{name}-r1"] == names(world)


def test_a_run_that_is_redescribed_in_flight_keeps_its_retries(world: World) -> None:
    """An update in place changes nothing about what follows when the run fails."""
    world.runner.outcomes, world.runner.durations = {"*-r1": 0, "*": 1}, {"*": 600}
    world.apply(resources(job(retries={"user": 1})), Limits(parallelism=1, wait=False))

    outcomes = world.apply(resources(job(retries={"user": 1}, description="in other words")))

    assert [(Action.UPDATE, Ending.DONE)] == [(one.change.action, one.ending) for one in outcomes]
    assert 2 == len(names(world))


def test_a_folder_with_a_space_is_one_word_of_the_command(world: World) -> None:
    """The command of an image is a line of shell: what is in it is quoted."""
    world.put("obs://fmctl-demo/my code/train.py", "print('hello')\n")
    algorithm = {"code": "obs://fmctl-demo/my code/", "bootFile": "train.py", "image": "org/image:1"}

    world.apply(resources(job(algorithm=algorithm)))

    (body,) = [json.loads(r.content) for r in world.transport.requests if r.url.path.endswith("/training-jobs")]
    assert "python ${MA_JOB_DIR}/'my code/train.py'" == body["algorithm"]["command"]


# ------------------------------------------------------------------ services

FLAVOR = "modelarts.vm.cpu.2u"


def puts(world: World) -> list[dict[str, Any]]:
    """The bodies of all updates of services."""
    return [json.loads(r.content) for r in world.transport.requests if r.method == "PUT"]


def test_a_secret_that_is_not_set_is_missed_model_by_model(world: World) -> None:
    """A new version is not deployed without its secret because the old one has it."""
    world.secrets = {"KEY": "hush"}
    env = {"KEY": {"valueFrom": {"env": "KEY"}}}
    old = {"modelRef": "digits-1-0-0", "flavor": FLAVOR, "env": env}
    new = {"modelRef": "digits-2-0-0", "flavor": FLAVOR, "env": env}
    world.apply(resources(model(), service("digits", {**old, "weight": 100})))
    world.secrets = {}

    canary = service("digits", {**old, "weight": 90}, {**new, "weight": 10})
    outcomes = world.apply(resources(model(), model("digits-2-0-0"), canary))

    (failed,) = [outcome for outcome in outcomes if outcome.ending is Ending.FAILED]
    assert "the environment variable KEY is not set" in failed.message
    assert [] == puts(world)


def test_ignored_fields_are_named_with_and_without_spec(world: World) -> None:
    """`state` and `spec.state` are the same field."""
    world.apply(resources(model(), service(state="stopped")))

    plans = [world.plan(resources(model(), service(ignoreDifferences=[name])))[0] for name in ("state", "spec.state")]

    assert [[()], [()]] == [[change.fields for change in plan.changes if change.writes] for plan in plans]


def test_no_accelerator_is_none(world: World) -> None:
    """`npu: 0` is what a service without accelerators has."""
    none = {"modelRef": "digits-1-0-0", "weight": 100, "resources": {"cpu": 8, "memory": "32Gi", "npu": 0}}
    declared = resources(model(), service("digits", none, pool="pool0a1b2c3d"))
    outcomes = world.apply(declared)

    assert {Ending.DONE} == set(endings(outcomes).values())
    assert world.plan(declared)[0].empty


def test_a_new_config_may_wake_a_failed_service_whose_state_is_ignored(world: World) -> None:
    """`failed` is a state to be in and none to ask for."""
    world.launcher.scripts["digits"] = Script(fails="ImportError: no module named torch")
    world.apply(resources(model(), service()))
    world.launcher.scripts.clear()
    two = {"modelRef": "digits-1-0-0", "weight": 100, "flavor": FLAVOR, "instances": 2}

    outcomes = world.apply(resources(model(), service("digits", two, ignoreDifferences=["spec.state"])))

    assert {Ending.DONE} == set(endings(outcomes).values())
    assert [] == [body["status"] for body in puts(world) if "status" in body]


def test_a_service_is_concerning_for_as_long_as_it_stays_so() -> None:
    """Two minutes of trouble are two minutes on end: what moves in between begins anew."""
    clock = FakeClock()
    waiting = settled(seen("concerning"), clock)
    watches = [next(waiting)]
    for phase in ("deploying", "concerning", "deploying", "concerning"):
        clock.sleep(CONCERNING_SECONDS)
        watches.append(waiting.send(seen(phase)))

    assert ["concerning", "deploying", "concerning", "deploying", "concerning"] == [w.message for w in watches]

    clock.sleep(CONCERNING_SECONDS + 1)
    with pytest.raises(NotReady, match="concerning for over 120 s"):
        waiting.send(seen("concerning"))


def seen(phase: str) -> Live:
    return Service().read({"service_id": "id", "service_name": "digits", "status": phase, "config": []})
