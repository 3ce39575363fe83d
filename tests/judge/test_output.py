"""What a program reads: plans, checksums and events; and what nobody may read."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from .manifests import chain, solo
from .server import ACCOUNT, Judge
from .server.faults import Effect, instead
from .user import User

CHAIN = ["TrainingJob/pre", "TrainingJob/evalu", "ModelVersion/digits-1", "Service/digits"]
EVENTS = {
    "apply_complete",
    "apply_errored",
    "apply_progress",
    "apply_start",
    "change_summary",
    "diagnostic",
    "outputs",
    "planned_change",
    "version",
}


def test_a_plan_is_data(user: User) -> None:
    """Where, what, in which order and how much of it, under names that do not change."""
    plan = user.plan(code=1)
    where = {name: plan[name] for name in ("formatVersion", "set", "context", "project", "workspace")}

    assert {
        "formatVersion": "1.0",
        "set": "judge",
        "context": "env",
        "project": ACCOUNT.project,
        "workspace": "0",
    } == where
    assert {"add": 4, "change": 0, "destroy": 0, "start": 2, "stop": 0} == plan["summary"]
    assert CHAIN == [change["id"] for change in plan["changes"]]
    assert all({"id", "action", "reason", "drift", "message", "fields"} <= set(change) for change in plan["changes"])


def test_the_summary_line_is_frozen(user: User) -> None:
    """Scripts find the last word of a plan where it always was."""
    answer = user.diff(code=1)

    assert "Plan: 4 to add, 0 to change, 0 to destroy. Runs: 2 to start, 0 to stop." in answer.out


def test_diff_writes_nothing(user: User, judge: Judge) -> None:
    """Who only looks leaves no trace, neither there nor here."""
    user.diff(code=1)

    assert [] == judge.writes()
    assert {"GET", "HEAD"} >= {call.method for call in judge.calls if call.side == "obs"}
    assert not (user.root / "ledger").exists()


def test_the_checksum_is_of_what_is_meant(user: User, judge: Judge, tmp_path: Path) -> None:
    """Other file names, times, machines, ledgers and a missing secret do not change it; another program does."""
    other = User(tmp_path / "other", judge)
    one = user.plan()["checksum"]
    for number, file in enumerate(sorted(other.folder.glob("[!f]*.yaml"), reverse=True)):
        file.rename(other.folder / f"{number}.yaml")
    os.utime(other.folder / "code" / "train.py", (1, 1))
    same = [user.plan()["checksum"], other.plan(JUDGE_DB=None)["checksum"]]
    (other.folder / "code" / "train.py").write_text("print(2)\n")

    assert re.fullmatch(r"sha256:[0-9a-f]{64}", one)
    assert [one, one] == same
    assert one != other.plan()["checksum"]


def test_the_checksum_stays_while_a_run_goes_on(user: User, judge: Judge) -> None:
    """A plan that was read stays the plan, whatever the platform fills in as the run proceeds."""
    switches = judge.switches
    switches.late_priority = switches.details_grow = True
    switches.odd_phase, switches.job_course = "Preempting", (0, 1, 1)
    user.write(**solo()).apply("--no-wait")
    [job] = judge.jobs.named("solo")
    seen: dict[str, str] = {}
    while "Completed" not in seen:
        seen[job.phase] = user.plan(code=0)["checksum"]

    assert {"Preempting", "Running", "Completed"} <= set(seen)
    assert 1 == len(set(seen.values()))


def test_a_plan_is_carried_out_by_its_checksum(up: User, judge: Judge) -> None:
    """The checksum of a plan that was read is a yes to it."""
    up.write(**chain(more="state: stopped"))
    up.apply("--checksum", up.plan()["checksum"])
    [service] = judge.services.named("digits")
    judge.services.settle(service)

    assert "stopped" == service.status


def test_a_saved_plan_is_only_good_for_what_it_was_made_of(user: User, judge: Judge) -> None:
    """A program that changed in between makes it stale."""
    plan = str(user.root / "plan.json")
    user.diff("--out", plan, code=1)
    (user.folder / "code" / "train.py").write_text("print(2)\n")
    user.run("apply", "--plan", plan, code=6)

    assert [] == judge.writes()


# ------------------------------------------------------------------ events


def done(events: list[dict[str, Any]]) -> list[str]:
    return [event["id"] for event in events if event["type"] == "apply_complete"]


@pytest.mark.usefixtures("swift")
def test_apply_tells_events(user: User) -> None:
    """One line of JSON for everything that happens, from the version to the summary."""
    events = user.events()

    assert {event["type"] for event in events} <= EVENTS
    assert all({"@timestamp", "@message"} <= set(event) for event in events)
    assert ("version", "1.0") == (events[0]["type"], events[0]["ui"])
    assert CHAIN == done(events)
    assert ("change_summary", "apply") == (events[-1]["type"], events[-1]["operation"])
    assert {"add": 4, "change": 0, "destroy": 0, "start": 2, "stop": 0} == events[-1]["changes"]


FAILURES: dict[str, tuple[int, list[str], dict[str, str | None]]] = {
    "authentication": (3, [], {"HUAWEICLOUD_SDK_SK": "wrong"}),
    "ledger": (4, [], {"FMCTL_LEDGER": "obs://nowhere/ledger/"}),
    "checksum": (6, ["--checksum", "sha256:0"], {}),
    "context": (2, ["--context", "nowhere"], {}),
}


@pytest.mark.parametrize("why", FAILURES)
def test_an_apply_that_fails_ends_its_events(user: User, why: str) -> None:
    """However it ends, the stream begins with the version, has the error, and ends with the summary."""
    code, arguments, environ = FAILURES[why]
    events = user.events(*arguments, code=code, **environ)

    assert ("version", "change_summary") == (events[0]["type"], events[-1]["type"])
    assert "error" in [event.get("severity") for event in events if event["type"] == "diagnostic"]


# ------------------------------------------------------------------ garbage

READS = {
    "models": ("GET", "/models$"),
    "services": ("GET", "/services$"),
    "service": ("GET", "/services/[^/]+$"),
    "jobs": ("POST", "/training-job-searches$"),
}
GARBAGE: dict[str, Effect] = {
    "html": instead(200, b"<html>welcome</html>", "text/html"),
    "nothing": instead(200, b""),
    "list": instead(200, b"[]"),
    "numbers": instead(200, b'{"items": 3, "models": 4, "services": "x"}'),
    "hollow": instead(200, b'{"items": [{}], "models": [{}], "services": [{}], "total_count": 1}'),
}


@pytest.mark.parametrize("read", READS)
def test_an_answer_that_makes_no_sense_is_the_platforms_fault(up: User, judge: Judge, read: str) -> None:
    """What cannot be read is reported as such, and never as something that is not there."""
    codes = {}
    for name, effect in GARBAGE.items():
        judge.faults.clear()
        judge.fault(*READS[read], effect, nth=())
        codes[name] = up.diff().code

    assert dict.fromkeys(GARBAGE, 4) == codes


# ------------------------------------------------------------------ secrets


def test_no_secret_is_ever_shown(up: User) -> None:
    """Not in plans, not in listings, not in what is told to whom it may concern: ``User`` looks at every word."""
    up.write(**chain(mode="slow"))
    up.diff("--full", code=1, FMCTL_LOG="debug")
    up.diff("--out", str(up.root / "plan.json"), code=1)
    up.apply(FMCTL_LOG="debug")
    listed = up.run("get", "-o", "json", code=0)
    up.run("get", "Service/digits", "-o", "yaml", code=0)

    assert {"TrainingJob", "ModelVersion", "Service"} == {item["kind"] for item in json.loads(listed.out)["items"]}
    assert [] == up.leaks()


def test_a_password_is_never_shown(user: User, judge: Judge) -> None:
    """Whoever logs in with a password sees it nowhere, right or wrong."""
    keys = dict.fromkeys(("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_PROJECT_ID"))
    names = {"HW_USER_NAME": ACCOUNT.user, "HW_DOMAIN_NAME": ACCOUNT.domain, "HW_REGION_NAME": ACCOUNT.region}
    environ = {**keys, **names, "HW_PROJECT_NAME": ACCOUNT.region, "FMCTL_LOG": "debug"}
    user.diff(code=1, HW_USER_PASSWORD=ACCOUNT.password, **environ)
    wrong = user.diff(code=3, HW_USER_PASSWORD="not-the-password", **environ)

    assert "not-the-password" not in wrong.out + wrong.err


def test_a_secret_that_is_not_there_starts_nothing(user: User, judge: Judge) -> None:
    """A variable that a manifest needs and nobody set is named before anything is made."""
    answer = user.run("apply", "-f", str(user.folder), JUDGE_DB=None)

    assert "JUDGE_DB" in answer.out + answer.err
    assert (0, 0, 0) == judge.posted
    assert answer.code not in (0, 255)
