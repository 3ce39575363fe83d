"""Kinds: what verbs do when the world moves while they work, and spellings that mean the same."""

from __future__ import annotations

import json
from typing import Any

from declared import job, model, resource, resources, service
from world import World

from fmctl.domain.event import Ending, Outcome
from fmctl.domain.plan import Action
from fmctl.execute import Limits


def names(world: World) -> list[str]:
    """The jobs that the sandbox holds."""
    return sorted(record["job"]["metadata"]["name"] for record in world.sandbox.store.find("training_jobs"))


def endings(outcomes: list[Outcome]) -> dict[str, Ending]:
    return {outcome.change.id.name: outcome.ending for outcome in outcomes}


def written(world: World, method: str, end: str) -> list[dict[str, Any]]:
    """The bodies of requests."""
    found = [r for r in world.transport.requests if r.method == method and r.url.path.rpartition("/")[0].endswith(end)]
    return [json.loads(request.content) for request in found]


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
