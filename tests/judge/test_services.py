"""Services are changed in place, put back when they drift, and never left in doubt."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .manifests import chain
from .server import Judge
from .server.services import Service
from .user import User

pytestmark = pytest.mark.usefixtures("swift")
SERVICE = "Service/digits"


def live(judge: Judge) -> Service:
    """The service of the chain."""
    [service] = judge.services.named("digits")
    judge.services.settle(service)
    return service


def updates(judge: Judge, since: int) -> list[dict[str, Any]]:
    """The fields of each update that was sent."""
    return [call.body for call in judge.asked("PUT", "/services/", since)]


UPDATES: dict[str, tuple[dict[str, Any], str, list[list[str]]]] = {
    "instances": ({"instances": 2}, "spec.models[0].instances", [["config"], ["description"]]),
    "variable": ({"mode": "slow"}, "spec.models[0].env.MODE", [["config"], ["description"]]),
    "description": ({"description": "new words"}, "spec.description", [["description"]]),
}


@pytest.mark.parametrize("what", UPDATES)
def test_a_service_is_updated_in_place(up: User, judge: Judge, what: str) -> None:
    """The config goes first, the marker after it in a call of its own; the service stays the same."""
    declared, path, sent = UPDATES[what]
    id = live(judge).id
    up.write(**chain(**declared))
    change = up.change(SERVICE, code=1)
    before = len(judge.calls)
    up.apply()

    assert ("update", "manifest_changed", [path]) == (
        change["action"],
        change["reason"],
        [field["path"] for field in change["fields"]],
    )
    assert sent == [list(body) for body in updates(judge, before)]
    assert id == live(judge).id
    assert "No changes." in up.diff(code=0).out


def test_an_update_keeps_the_secrets(up: User, judge: Judge) -> None:
    """A new config has every variable, those that came from a secret too."""
    up.write(**chain(mode="slow")).apply()

    assert {"MODE": "slow", "API_KEY": up.environ["JUDGE_KEY"]} == live(judge).config[0]["envs"]


def test_a_rolled_back_update_fails_and_is_tried_again(up: User, judge: Judge) -> None:
    """A service that went back keeps its old marker, so that the change is not forgotten."""
    judge.switches.rolls_back = True
    old = live(judge).description
    answer = up.write(**chain(instances=2)).apply(code=4)
    after = live(judge).description
    decision = up.decision(SERVICE, code=1)
    judge.switches.rolls_back = False
    up.apply()

    assert "rolled back" in answer.out + answer.err
    assert old == after
    assert ("update", "manifest_changed", False) == decision
    assert 2 == live(judge).config[0]["instance_count"]


def test_drift_is_shown_and_put_back(up: User, judge: Judge) -> None:
    """What somebody else changed is shown as theirs, and undone."""
    live(judge).config[0]["instance_count"] = 7
    change = up.change(SERVICE, code=1)
    up.apply()

    assert ("drift", True) == (change["reason"], change["drift"])
    assert [{"path": "spec.models[0].instances", "before": 7, "after": 1}] == change["fields"]
    assert 1 == live(judge).config[0]["instance_count"]


def test_a_service_that_was_stopped_is_started(up: User, judge: Judge) -> None:
    """Stopping a service in the console is drift too."""
    live(judge).become("stopped", live(judge).moved)
    decision = up.decision(SERVICE, code=1)
    up.apply()

    assert ("start", "drift", True) == decision
    assert "running" == live(judge).status


def test_a_drifted_secret_is_put_back_without_being_shown(up: User, judge: Judge) -> None:
    """A variable that came from a secret is compared, and neither of its values is told."""
    live(judge).config[0]["envs"]["API_KEY"] = "theirs-now"
    plan = up.plan(code=1)
    up.apply()

    assert "theirs-now" not in json.dumps(plan)
    assert up.environ["JUDGE_KEY"] == live(judge).config[0]["envs"]["API_KEY"]


def test_stopping_asks_and_a_stopped_service_can_be_changed(up: User, judge: Judge) -> None:
    """Nothing is stopped without a yes; a config that starts what should be stopped is followed by a stop."""
    up.write(**chain(more="state: stopped"))
    before = len(judge.calls)
    up.apply(code=5)
    refused = judge.writes(before)
    up.apply("-y")
    stopped = live(judge).status
    judge.switches.starts_on_config = True
    up.write(**chain(more="state: stopped", instances=3)).apply("-y")

    assert ([], "stopped") == (refused, stopped)
    assert ("stopped", 3) == (live(judge).status, live(judge).config[0]["instance_count"])


def test_a_failed_service_is_started_once_per_apply(user: User, judge: Judge) -> None:
    """A service with the right config that failed gets one more start, and the apply says why it failed."""
    judge.switches.service_fails = True
    first = user.apply(code=4)
    before = len(judge.calls)
    user.apply(code=4)

    assert "container exited" in first.out
    assert [{"status": "running"}] == updates(judge, before)


@pytest.mark.parametrize("owner", ["", "theirs [fmctl:other@0123456789d]"])
def test_a_service_of_somebody_else_is_never_touched(user: User, judge: Judge, owner: str) -> None:
    """Without our marker it is refused; what does not need it is carried out."""
    theirs = judge.services.by_hand("digits", judge.models.by_hand("other", "1.0.0").id, owner)
    decision = user.decision(SERVICE, code=6)
    user.apply(code=6)

    assert ("refuse", "not_ours", False) == decision
    assert (2, 1, 0) == judge.posted
    assert [] == updates(judge, 0)
    assert owner == theirs.description


def test_another_pool_replaces_the_service(user: User, judge: Judge) -> None:
    """What cannot be changed in place is deleted and made again, after a yes."""
    judge.switches.linger = 0.5
    user.write(**chain(more="pool: pool-a")).apply()
    old = live(judge).id
    user.write(**chain(more="pool: pool-b"))
    user.apply(code=5)
    kept = live(judge).id
    user.apply("-y")

    assert old == kept
    assert old != live(judge).id
    assert "pool-b" == live(judge).pool
