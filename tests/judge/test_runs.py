"""Runs are started for a reason, stopped after a yes, and left alone when they are somebody else's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .manifests import solo
from .server import Judge
from .user import User

RUN = "TrainingJob/solo"


@pytest.fixture
def alone(user: User) -> User:
    """A user with one run that stands alone."""
    return user.write(**solo())


def test_another_content_is_another_run(alone: User, judge: Judge) -> None:
    """What changed a run starts the next one; going back to what has completed starts nothing."""
    alone.apply()
    alone.write(**solo(epochs=2))
    decision = alone.decision(RUN, code=1)
    alone.apply()
    alone.write(**solo(epochs=1)).apply()

    assert ("create", "spec_changed", False) == decision
    assert 2 == judge.jobs.posted


def test_an_older_run_is_not_run_over(alone: User, judge: Judge) -> None:
    """While a run goes on, its successor is refused until the manifest says what to do."""
    judge.switches.job_course = (0, 0, 60)
    alone.apply("--no-wait")
    decision = alone.write(**solo(epochs=2)).decision(RUN, code=5)
    alone.apply(code=5)
    alone.write(**solo(epochs=2, more="onSpecChange: stopAndRun")).apply(code=5)
    refused = judge.jobs.posted
    alone.apply("-y", "--no-wait")

    assert ("refuse", "older_run_active", False) == decision
    assert (1, 2) == (refused, judge.jobs.posted)
    assert "Terminated" == judge.jobs.named("solo")[0].phase


def test_a_record_that_vanished_starts_nothing(alone: User, judge: Judge) -> None:
    """The receipt of a completed run outlives the platform's record of it."""
    alone.apply()
    judge.jobs.rows.clear()
    decision = alone.decision(RUN, code=0)
    alone.apply()

    assert ("noop", "record_gone", False) == decision
    assert 1 == judge.jobs.posted


def test_a_run_that_vanished_is_lost(alone: User, judge: Judge) -> None:
    """A run that was going on and is gone is not started again unasked."""
    judge.switches.job_course = (0, 0, 60)
    alone.apply("--no-wait")
    judge.jobs.rows.clear()
    action, reason, _ = alone.decision(RUN, code=6)
    alone.apply(code=6)

    assert ("refuse", "lost") == (action, reason)
    assert 1 == judge.jobs.posted


def test_a_run_of_the_same_name_is_used_and_never_touched(alone: User, judge: Judge, tmp_path: Path) -> None:
    """The same name is the same content, whoever started it; to stop it is refused."""
    alone.apply()
    name = judge.jobs.named("solo")[0].name
    judge.jobs.rows.clear()
    shutil.rmtree(tmp_path / "user" / "ledger")
    before = len(judge.calls)
    theirs = judge.jobs.by_hand(name, "by hand", train_url="/bkt/solo/x/")
    alone.apply()
    theirs.ends = "Running"
    alone.write(**solo(more="state: stopped")).apply("-y", code=6)

    assert [] == judge.writes(before)


def test_a_run_is_described_anew_in_place(alone: User, judge: Judge) -> None:
    """Another description changes the run that is there."""
    alone.apply()
    change = alone.write(**solo(description="two")).change(RUN, code=1)
    alone.apply()
    [job] = judge.jobs.named("solo")

    assert ["spec.description"] == [field["path"] for field in change["fields"]]
    assert job.description.startswith("two [fmctl:judge@")


def test_a_failed_run_is_retried_within_its_budget(alone: User, judge: Judge) -> None:
    """Without a budget a failure stays; with one, as many attempts follow, each with a name of its own."""
    judge.switches.job_ends = {"solo": "Failed"}
    answer = alone.apply(code=7)
    alone.apply(code=7)
    unasked = judge.jobs.posted
    alone.write(**solo(more="retries: {user: 2}")).apply(code=7)
    first, *more = [job.name for job in judge.jobs.named("solo")]

    assert "ValueError: boom" in answer.out + answer.err
    assert 1 == unasked
    assert [f"{first}-r1", f"{first}-r2"] == more


def test_a_failure_blocks_what_depends_on_it(user: User, judge: Judge) -> None:
    """Nothing is made of a run that did not pass its evaluation."""
    judge.switches.job_ends = {"evalu": "Failed"}
    user.apply(code=7)

    assert (2, 0, 0) == judge.posted
