"""Plan: complete, ordered, deterministic, and told apart by its checksum alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from declared import job, model, resources, service
from seeds import seed_job
from world import SET, World

from fmctl.domain.plan import Action, Plan, Reason
from fmctl.domain.resource import Resource
from fmctl.report.machine import plan_json

CHAIN = [
    job("pretrain"),
    job("train", requires=["pretrain"]),
    model(source={"jobRef": "train", "output": "train_url"}),
    service(),
]


def plan(world: World, declared: tuple[Resource, ...]) -> Plan:
    return world.plan(declared)[0]


def done(world: World, resource: Resource, phase: str = "Completed") -> None:
    """A run of the resource's content, marked as ours."""
    marker = f"[fmctl:{SET}@{resource.marker}s]"
    seed_job(world, f"{resource.name}-{resource.hash}", phase, marker, ran=5)


def test_every_declared_resource_has_an_entry(world: World) -> None:
    """A plan is complete: no-ops, refusals and errors included."""
    declared = resources(*CHAIN, job("other"), job("foreign", state="stopped"))
    done(world, next(r for r in declared if r.name == "other"))

    found = plan(world, declared)

    assert {r.id for r in declared} == {change.id for change in found.changes}


def test_the_order_of_files_does_not_matter(world: World) -> None:
    """Two orders of the same documents give one plan, to the last byte."""
    one, other = (plan(world, resources(*order)) for order in (CHAIN, CHAIN[::-1]))

    assert plan_json(one) == plan_json(other)


def test_what_is_needed_comes_first(world: World) -> None:
    """The order of a plan is the order of doing."""
    found = plan(world, resources(*CHAIN[::-1]))

    assert ["pretrain", "train", "digits-1-0-0", "digits"] == [change.id.name for change in found.changes]


def test_a_refusal_spreads_to_what_needs_it_and_no_further(world: World) -> None:
    """What depends on something refused is refused with it, for the same reason; the rest is not."""
    declared = resources(*CHAIN, job("apart"))
    seed_job(world, "pretrain-1111111111", "Running", f"[fmctl:{SET}@1111111111s]")

    found = {str(change.id): (change.action, change.reason) for change in plan(world, declared).changes}

    refused = (Action.REFUSE, Reason.OLDER_RUN_ACTIVE)
    assert {
        "TrainingJob/pretrain": refused,
        "TrainingJob/train": refused,
        "ModelVersion/digits-1-0-0": refused,
        "Service/digits": refused,
        "TrainingJob/apart": (Action.CREATE, Reason.ABSENT),
    } == found


def test_an_empty_plan_says_so(world: World) -> None:
    """A plan is empty when it neither writes nor refuses."""
    declared = resources(job())
    before = plan(world, declared)
    done(world, declared[0])

    assert not before.empty
    assert plan(world, declared).empty


def test_a_plan_counts_what_it_does(world: World) -> None:
    """A run that starts counts as one to add and as one to start."""
    found = plan(world, resources(*CHAIN)).summary

    assert (4, 0, 0, 2, 0) == tuple(found)


# ------------------------------------------------------------------ checksum


@pytest.mark.parametrize(("first", "second"), [("Creating", "Running"), ("Running", "Completed")])
def test_the_checksum_stays_while_a_run_goes_on(world: World, first: str, second: str) -> None:
    """A run that is progressing or completed counts the same, so that a review outlives the minutes it takes."""
    declared = resources(job(), job("next", requires=["train"]))
    done(world, declared[0], first)
    before = plan(world, declared)
    done(world, declared[0], second)

    assert before.checksum == plan(world, declared).checksum


@pytest.mark.parametrize("marked", [True, False], ids=["ours", "reused"])
def test_the_checksum_stays_while_a_run_may_recover(world: World, marked: bool) -> None:
    """Also where the run is somebody else's, and where the platform has lost it for a moment."""
    (declared,) = resources(job())
    description = f"[fmctl:{SET}@{declared.marker}s]" if marked else ""
    seen = set()
    for phase in ("Running", "Abnormal", "Completed"):
        seed_job(world, f"train-{declared.hash}", phase, description, ended=60)
        seen.add(plan(world, (declared,)).checksum)

    assert 1 == len(seen)


def test_the_checksum_is_no_matter_of_time(world: World) -> None:
    """The same inputs on another day have the same checksum."""
    declared = resources(*CHAIN)
    before = plan(world, declared)
    world.clock.advance(86400)

    assert before.checksum == plan(world, declared).checksum


def test_the_checksum_is_no_matter_of_the_contexts_name(world: World) -> None:
    """What a context is called on one machine is not what is applied to."""
    declared = resources(*CHAIN)
    session = world.session()
    renamed = replace(session, context=replace(session.context, name="elsewhere"))
    from fmctl import workflow

    one, other = (workflow.make_plan(declared, each, workflow.Choice()) for each in (session, renamed))

    assert one.checksum == other.checksum


@pytest.mark.parametrize(
    "changed",
    [
        [job("pretrain", parameters={"lr": "1"}), *CHAIN[1:]],
        [job("pretrain", description="words"), *CHAIN[1:]],
        CHAIN[:-1],
        [*CHAIN, job("more")],
    ],
    ids=["content", "outside the hash", "less", "more"],
)
def test_another_manifest_is_another_checksum(world: World, changed: list[dict[str, object]]) -> None:
    """Whatever is declared otherwise shows in the checksum."""
    assert plan(world, resources(*CHAIN)).checksum != plan(world, resources(*changed)).checksum


def test_another_remote_side_is_another_checksum(world: World) -> None:
    """A run that appeared since the review makes the plan another one."""
    declared = resources(*CHAIN)
    before = plan(world, declared)
    done(world, declared[0], "Failed")

    assert before.checksum != plan(world, declared).checksum


def test_another_set_or_project_is_another_checksum(world: World) -> None:
    """A plan that was reviewed for one place is not approved for another."""
    declared = resources(*CHAIN)
    session = world.session()
    other = replace(session, project=replace(session.project, set="other"))
    from fmctl import workflow

    one, two = (workflow.make_plan(declared, each, workflow.Choice()) for each in (session, other))

    assert one.checksum != two.checksum


HASHED = """
import json, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from declared import job, model, resources, service
from fmctl.report.machine import plan_json
from test_plan import CHAIN
from world import new_world
with new_world(Path({folder!r})) as world:
    print(json.dumps(plan_json(world.plan(resources(*CHAIN))[0])))
"""


def test_a_plan_is_the_same_under_every_hash_seed(tmp_path: Path) -> None:
    """Nothing in a plan depends on the order of a set or of a dict's hash."""
    seen = set()
    for seed in ("0", "1", "42", "4242"):
        program = HASHED.format(tests=str(Path(__file__).parent), folder=str(tmp_path / seed))
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        ended = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True, timeout=60
        )
        seen.add(json.dumps(json.loads(ended.stdout), sort_keys=False))

    assert 1 == len(seen)
