"""Platforms list, spell and fill in as they please: that is no difference, and makes nothing twice."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from .manifests import ONCE
from .server import CREATIONS, Judge
from .server.faults import INTERNAL, instead, too_many
from .server.switches import Switches
from .user import User


def crowd(judge: Judge, version: int) -> None:
    """Fill the workspace with what is somebody else's, has similar names, and is newer than all that is there."""
    for number in range(60):
        judge.jobs.by_hand(f"pre-{version}{number:09x}", train_url="/bkt/wrong/")
        judge.jobs.by_hand(f"xpre-{version}-{number}")
        judge.models.by_hand("digits", f"{version}.{number}.0")
        model = judge.models.by_hand(f"digits-{number}", f"{version}.0.0")
        judge.services.by_hand(f"digits-{version}-{number}", model.id)


@pytest.mark.parametrize(
    ("job_offset", "model_offset", "like"), [("page", "item", "wildcard"), ("item", "page", "everything")]
)
def test_a_crowd_hides_nothing(
    user: User, judge: Judge, tmp_path: Path, job_offset: str, model_offset: str, like: str
) -> None:
    """Offsets may count pages or items, pages may be short, totals wrong and searches generous."""
    turn(judge.switches, job_offset=job_offset, model_offset=model_offset, like=like, totals_lie=True, most=50)
    crowd(judge, 2)
    user.apply()
    crowd(judge, 3)
    before = len(judge.calls)
    answer = User(tmp_path / "stranger", judge).diff(code=0)  # who has no ledger, and so no ids to ask for

    assert ONCE == judge.posted
    assert "No changes." in answer.out
    assert len(judge.calls) - before <= 40


def turn(switches: Switches, **values: object) -> None:
    for name, value in values.items():
        assert hasattr(switches, name)
        setattr(switches, name, value)


@pytest.mark.parametrize("spelling", ["obs", "https", "bare"])
def test_what_the_platform_fills_in_is_no_difference(user: User, judge: Judge, spelling: str) -> None:
    """Other spellings, numbers as text, NULL for nothing, bodies that are missing, and fields that come and go."""
    shown = ("details_grow", "weights_as_text", "workspace_as_number", "trailing_slash", "null_description")
    turn(judge.switches, obs_spelling=spelling, odd_phase="Preempting", empty_bodies=True, late_priority=True)
    turn(judge.switches, **dict.fromkeys(shown, True))
    user.apply()

    assert ONCE == judge.posted
    assert "No changes." in user.diff(code=0).out


@pytest.mark.usefixtures("swift")
def test_a_busy_platform_is_given_time(user: User, judge: Judge) -> None:
    """Calls that are refused with 429 or fail inside are made again, and nothing is made twice."""
    judge.fault("*", "", instead(500, INTERNAL), carried_out=False, nth=(2, 9))
    judge.fault("*", "", too_many(Retry_After="1"), carried_out=False, nth=(4,))
    for path in CREATIONS.values():
        judge.fault("POST", path, too_many(Retry_After="0"), carried_out=False)
    user.apply()

    assert ONCE == judge.posted


@pytest.mark.usefixtures("swift")
def test_retry_after_is_kept_to(user: User, judge: Judge) -> None:
    """Who is told to come back in two seconds comes back in two seconds."""
    judge.fault("POST", CREATIONS["jobs"], too_many(Retry_After="2"), carried_out=False)
    user.apply()
    times = [call.at for call in judge.asked("POST", CREATIONS["jobs"])]
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]

    assert 1.9 <= pauses[0] <= 5
