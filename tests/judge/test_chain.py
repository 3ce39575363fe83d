"""The chain of two runs, a model and a service: made once, and then in sync whatever is lost."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from .manifests import ONCE
from .server import ACCOUNT, CREATIONS, Judge
from .user import User

MARKED = re.compile(r"\[fmctl:judge@[0-9a-f]{10}[sdo]\]$")


def creations(judge: Judge) -> list[dict[str, str]]:
    return [call.body.get("metadata", call.body) for path in CREATIONS.values() for call in judge.asked("POST", path)]


def test_everything_is_made_once_and_marked(user: User, judge: Judge) -> None:
    """One call makes each object, and that call already carries the marker."""
    user.apply()

    assert ONCE == judge.posted
    assert 4 == len([body for body in creations(judge) if MARKED.search(body["description"])])


def test_a_run_is_named_by_its_content(up: User, judge: Judge) -> None:
    """The name of a run is the resource's and ten digits of its hash."""
    names = [job.name for job in judge.jobs.rows.values()]

    assert all(re.fullmatch(r"(pre|evalu)-[0-9a-f]{10}", name) for name in names)


def test_parameters_are_sent_as_written(up: User, judge: Judge) -> None:
    """A number keeps the spelling of its manifest."""
    sent = judge.jobs.named("pre")[0].body["algorithm"]["parameters"]

    assert [{"name": "epochs", "value": "1"}, {"name": "lr", "value": "1e-4"}] == sent


def test_references_become_addresses(up: User, judge: Judge) -> None:
    """What is made of a run is made of the folder that this run wrote."""
    pre, evalu = judge.jobs.named("pre")[0], judge.jobs.named("evalu")[0]
    [model] = judge.models.rows.values()

    assert f"/bkt/out/{pre.name}/model/" == evalu.body["algorithm"]["inputs"][0]["remote"]["obs"]["obs_url"]
    assert (f"/bkt/out/{pre.name}/", pre.id) == (model.body["source_location"], model.body["source_job_id"])


def test_a_second_apply_writes_nothing(up: User, judge: Judge) -> None:
    """What is in sync is left alone."""
    before = len(judge.calls)
    answer = up.apply()

    assert "No changes." in answer.out
    assert [] == judge.writes(before)


def test_diff_of_what_is_in_sync_takes_eight_calls(up: User, judge: Judge) -> None:
    """Looking costs a handful of calls, on both sides together."""
    before = len(judge.calls)
    up.diff(code=0)

    assert len(judge.calls) - before <= 8


@pytest.mark.usefixtures("swift")
@pytest.mark.parametrize("ledger", ["folder", "obs"])
def test_what_is_in_sync_stays_so_without_anything_local(tmp_path: Path, judge: Judge, ledger: str) -> None:
    """The platform alone knows what was applied: neither home nor ledger is needed to see it."""
    user = User(tmp_path / "user", judge, tmp_path / "ledger" if ledger == "folder" else None)
    user.apply()
    text, plan = user.diff(code=0).out, user.plan(code=0)
    shutil.rmtree(user.home)
    shutil.rmtree(tmp_path / "ledger", ignore_errors=True)
    bucket = judge.objects.buckets[ACCOUNT.bucket]
    for key in [key for key in bucket if "ledger" in key]:
        del bucket[key]

    assert (text, plan) == (user.diff(code=0).out, user.plan(code=0))


def test_lists_that_lag_make_nothing_twice(user: User, judge: Judge) -> None:
    """What lists do not show yet is not made again, neither by the same apply nor by the next."""
    judge.switches.lag = 1.0
    user.apply()
    user.apply()

    assert ONCE == judge.posted


def test_two_applies_at_the_same_moment_make_everything_once(tmp_path: Path, judge: Judge) -> None:
    """Whoever comes second uses what the first has made."""
    users = [User(tmp_path / name, judge, tmp_path / name / "ledger") for name in ("one", "other")]
    programs = [user.program("apply", "-f", str(user.folder)) for user in users]
    for user, program in zip(users, programs, strict=True):
        user.finish(program, code=0)

    assert ONCE == judge.posted
