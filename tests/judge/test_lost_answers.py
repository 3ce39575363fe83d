"""Answers that never arrive: what was made is found by its name, and nothing is made twice."""

from __future__ import annotations

import pytest

from .manifests import ONCE, chain
from .server import CREATIONS, Judge
from .server.faults import LOSSES, drops, instead
from .user import User

UNDONE = {"reset": drops, "503-html": instead(503, b"<html>busy</html>", "text/html")}


@pytest.mark.parametrize("way", LOSSES)
def test_a_creation_without_an_answer_makes_one(user: User, judge: Judge, way: str) -> None:
    """Every call that makes something may be carried out and lose its answer in any way."""
    judge.fault("POST", CREATIONS["jobs"], LOSSES[way], nth=(1, 2))
    judge.fault("POST", CREATIONS["models"], LOSSES[way])
    judge.fault("POST", CREATIONS["services"], LOSSES[way])
    user.apply()

    assert ONCE == judge.posted


@pytest.mark.usefixtures("swift")
@pytest.mark.parametrize("way", UNDONE)
def test_a_creation_that_never_happened_is_sent_again(user: User, judge: Judge, way: str) -> None:
    """A call that was lost on its way there is made good for."""
    for path in CREATIONS.values():
        judge.fault("POST", path, UNDONE[way], carried_out=False)
    user.apply()

    assert ONCE == judge.posted


def test_an_answer_is_lost_while_lists_lag(user: User, judge: Judge) -> None:
    """What was made, not told of, and not listed yet is waited for."""
    judge.switches.lag = 1.0
    for path in CREATIONS.values():
        judge.fault("POST", path, LOSSES["504-html"])
    user.apply()

    assert ONCE == judge.posted


@pytest.mark.parametrize("carried_out", [True, False])
def test_a_lost_update_of_a_service_is_carried_out(up: User, judge: Judge, carried_out: bool) -> None:
    """A new config whose answer is lost is read back, and sent again if it is not there."""
    judge.fault("PUT", r"/services/", drops, carried_out=carried_out, nth=(1, 3))
    up.write(**chain(instances=2)).apply()

    assert 2 == judge.services.named("digits")[0].config[0]["instance_count"]
    assert "No changes." in up.diff(code=0).out


@pytest.mark.parametrize("carried_out", [True, False])
def test_lost_deletions_are_carried_out(up: User, judge: Judge, carried_out: bool) -> None:
    """Everything is gone in the end, whatever becomes of the answers."""
    for path in ("/services/", "/models/", "/training-jobs/"):
        judge.fault("DELETE", path, drops, carried_out=carried_out)
    up.run("delete", "-f", str(up.folder), "-y", code=0)

    assert [] == [*judge.jobs.alive(), *judge.models.alive(), *judge.services.alive()]
