"""What a pipeline reads: how a command ended."""

from __future__ import annotations

import os
import signal
import time

import pytest

from .manifests import chain, solo
from .server import CREATIONS, Judge
from .user import User

ZEROS = "sha256:" + "0" * 64
NOWHERE = "http://127.0.0.1:9"
NO_KIND = "apiVersion: fmctl/v1\nkind: Service\nmetadata: {name: UP}\nspec: {modles: []}\n"


@pytest.mark.usefixtures("swift")
def test_diff_tells_differences_from_none(user: User) -> None:
    """0 is in sync and 1 is differences; on demand, as Terraform says it, 2."""
    user.diff(code=1)
    user.diff("--detailed-exitcode", code=2)
    user.apply()
    user.diff(code=0)
    user.diff("--detailed-exitcode", code=0)


@pytest.mark.parametrize("command", ["diff", "apply"])
def test_an_invalid_manifest_is_2_and_asks_nobody(user: User, judge: Judge, command: str) -> None:
    """Where the mistake is and what was meant are told without a call."""
    user.write(**chain(), **{"bad.yaml": NO_KIND})
    answer = user.run(command, "-f", str(user.folder), code=2)

    assert "bad.yaml:4" in answer.err
    assert "models" in answer.err
    assert [] == judge.calls


@pytest.mark.parametrize(
    "wrong",
    [
        {"HUAWEICLOUD_SDK_SK": "wrong-wrong-wrong"},
        {"HUAWEICLOUD_SDK_AK": "AKOTHER"},
        {"HUAWEICLOUD_SDK_AK": None, "HUAWEICLOUD_SDK_SK": None, "HW_AUTH_TOKEN": "MIIold"},
    ],
    ids=["secret", "access", "token"],
)
def test_a_credential_that_is_not_accepted_is_3(user: User, judge: Judge, wrong: dict[str, str | None]) -> None:
    """Nobody is let in with another key or an old token."""
    user.diff(code=3, **wrong)
    user.apply(code=3, **wrong)

    assert [] == judge.writes()


@pytest.mark.parametrize("name", ["FMCTL_MODELARTS_ENDPOINT", "FMCTL_OBS_ENDPOINT"])
def test_a_platform_that_does_not_answer_is_4(user: User, judge: Judge, name: str) -> None:
    """Neither a plan nor a ledger can be had from nobody."""
    user.diff(code=4, **{"FMCTL_LEDGER": None, name: NOWHERE})


def test_a_ledger_that_cannot_be_written_is_4(user: User, judge: Judge) -> None:
    """Nothing is started of which no trace could be left."""
    (user.root / "file").write_text("")
    user.apply(code=4, FMCTL_LEDGER=str(user.root / "file" / "ledger"))
    user.apply(code=4, FMCTL_LEDGER="obs://nowhere/ledger/")

    assert (0, 0, 0) == judge.posted


def test_what_needs_a_yes_is_5(up: User, judge: Judge) -> None:
    """Diff says beforehand that apply would refuse."""
    up.write(**chain(more="state: stopped"))
    before = len(judge.calls)
    up.diff(code=5)
    up.apply(code=5)

    assert [] == judge.writes(before)


@pytest.mark.usefixtures("swift")
def test_another_plan_than_was_read_is_6(user: User, judge: Judge) -> None:
    """A checksum that does not fit and a plan that was carried out before change nothing."""
    plan = str(user.root / "plan.json")
    user.diff("--out", plan, code=1)
    user.apply("--checksum", ZEROS, code=6)
    unmade = judge.posted
    user.run("apply", "--plan", plan, code=0)
    before = len(judge.calls)
    user.run("apply", "--plan", plan, code=6)

    assert (0, 0, 0) == unmade
    assert (2, 1, 1) == judge.posted
    assert [] == judge.writes(before)


def test_a_time_out_is_9_and_leaves_runs_running(user: User, judge: Judge) -> None:
    """Who stops waiting stops nothing."""
    judge.switches.job_course = (0, 0, 60)
    user.write(**solo()).apply("--timeout", "1s", code=9)

    assert [] == judge.asked("POST", "/actions$")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_8_and_the_next_apply_goes_on(user: User, judge: Judge, number: signal.Signals) -> None:
    """Ctrl-C leaves at once, leaves the run running, and tells how to resume."""
    judge.switches.job_course = (0, 0, 1.5)
    user.write(**solo())
    program = user.program("apply", "-f", str(user.folder))
    deadline = time.monotonic() + 30
    while not judge.asked("POST", "/training-job-searches$", since=_created(judge)) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(program.pid, number)
    answer = user.finish(program, code=8)
    user.apply()

    assert "fmctl apply" in answer.err
    assert [] == judge.asked("POST", "/actions$")
    assert 1 == judge.jobs.posted


def _created(judge: Judge) -> int:
    """From which call on the run was there; beyond all calls while it is not."""
    calls = [call.path.endswith(CREATIONS["jobs"].rstrip("$")) and call.method == "POST" for call in judge.calls]
    return calls.index(True) if True in calls else len(calls)
