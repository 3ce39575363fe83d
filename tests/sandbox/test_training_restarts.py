"""Failed jobs that are started again, as `fault-tolerance/job-retry-num` asks for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fmctl.sandbox import Sandbox, ScriptedRunner, VirtualClock

from .conftest import anonymous, login
from .jobs import Jobs, upload_code

STEP = 0.5


class Flaky(ScriptedRunner):
    """Jobs of its kind end well the third time that they are started."""

    def play(self, job_id: str, name: str, ends_at: float, exit_code: int | None, log: str = "") -> None:
        well = name.startswith("flaky") and self.started.count(name) == 2
        super().play(job_id, name, ends_at, 0 if well else exit_code, log)


@pytest.fixture
def runner() -> Flaky:
    return Flaky(durations={"*": 10}, outcomes={"flaky*": 7, "bad*": 7, "lost*": None})


@pytest.fixture
def jobs(tmp_path: Path, clock: VirtualClock, runner: Flaky) -> Iterator[Jobs]:
    sandbox = Sandbox(tmp_path / "state", clock=clock, runner=runner)
    upload_code(sandbox)
    with anonymous(sandbox) as client:
        client.headers["X-Auth-Token"] = client.post("/v3/auth/tokens", json=login(sandbox)).headers["X-Subject-Token"]
        yield Jobs(client, sandbox.credentials.project_id)
    sandbox.close()


def retried(jobs: Jobs, name: str, times: str) -> str:
    return jobs.start(name, metadata__annotations={"fault-tolerance/job-retry-num": times})


def follow(jobs: Jobs, job_id: str, clock: VirtualClock) -> list[str]:
    """The phases that a job goes through until it has ended."""
    seen = [jobs.phase(job_id)]
    for _ in range(100):
        clock.advance(STEP)
        phase = jobs.phase(job_id)
        seen += [phase] if phase != seen[-1] else []
    return seen


def test_a_failed_job_is_started_again(jobs: Jobs, clock: VirtualClock, runner: Flaky) -> None:
    """It waits and runs once more, until it succeeds; duration and start are those of all its runs."""
    job_id, born = retried(jobs, "flaky", "3"), clock.now()
    phases = follow(jobs, job_id, clock)
    status = jobs.show(job_id)["status"]
    records = status["running_records"]

    assert ["Creating", "Pending", *["Running", "Pending"] * 2, "Running", "Completed"] == phases
    assert (["flaky"] * 3, 3) == (runner.started, len(records))
    assert ["job_reschedule", "job_reschedule", None] == [record.get("end_recover") for record in records]
    assert [["success"], ["success"], []] == [
        [recovery["recover_result"] for recovery in record["recover_records"]] for record in records
    ]
    assert ("job_failed", "exit code 7", "worker-0") == tuple(
        records[0]["recover_records"][0][name] for name in ("fault_scenario", "reason", "related_task")
    )
    assert ((born + 1) * 1000, 31_000, 0) == (
        status["start_time"],
        status["duration"],
        status["task_statuses"][0]["exit_code"],
    )


def test_restarts_come_to_an_end(jobs: Jobs, clock: VirtualClock, runner: Flaky) -> None:
    """As many as were asked for, and the last run says that there were enough."""
    job_id = retried(jobs, "bad", "2")
    phases = follow(jobs, job_id, clock)
    records = jobs.show(job_id)["status"]["running_records"]
    events = jobs.request("GET", f"training-jobs/{job_id}/events?pattern=JobRestarted&order=asc").json()["events"]

    assert ("Failed", ["bad"] * 3) == (phases[-1], runner.started)
    assert "quotaExceeded" == records[-1]["recover_records"][0]["recover_result"]
    assert ["(1 of 2).", "(2 of 2)."] == [event["message"][-9:] for event in events]


def test_each_run_has_its_stages_and_tasks(jobs: Jobs, clock: VirtualClock) -> None:
    """Stages and tasks are kept of every scheduling; schedule_count asks for those of one."""
    job_id = retried(jobs, "bad", "1")
    follow(jobs, job_id, clock)
    stages = jobs.request("GET", f"training-jobs/{job_id}/stages").json()
    path = f"training-jobs/{job_id}/tasks"
    counts = [
        [task["schedule_count"] for task in jobs.request("GET", path + query).json()]
        for query in ("", "?schedule_count=2", "?schedule_count=3")
    ]

    assert [1, 2] == [record["record_order"] for record in stages["running_records"]]
    assert [["scheduling", "preparing", "running", "end"]] * 2 == [
        [stage["name"] for stage in record["stages"]] for record in stages["running_records"]
    ]
    assert [[1, 2], [2], []] == counts


@pytest.mark.parametrize(
    ("name", "times", "runs"),
    [("bad", "0", 1), ("bad", "", 1), ("bad", "many", 1), ("bad", "-1", 1), ("good", "3", 1), ("lost", "3", 1)],
)
def test_other_jobs_run_once(jobs: Jobs, clock: VirtualClock, runner: Flaky, name: str, times: str, runs: int) -> None:
    """No number is no restart, and neither success nor loss is a failure."""
    job_id = retried(jobs, name, times)
    follow(jobs, job_id, clock)

    assert (runs, runs) == (len(runner.started), len(jobs.show(job_id)["status"]["running_records"]))


def test_a_job_can_be_stopped_between_two_runs(jobs: Jobs, clock: VirtualClock, runner: Flaky) -> None:
    """What waits for its next run ends at once, and its recovery was ended."""
    job_id = retried(jobs, "bad", "3")
    for seconds in (STEP, STEP, 10):
        clock.advance(seconds)
        jobs.phase(job_id)
    waiting = jobs.phase(job_id)
    jobs.request("POST", f"training-jobs/{job_id}/actions", {"action_type": "terminate"})
    phases = follow(jobs, job_id, clock)
    recovery = jobs.show(job_id)["status"]["running_records"][0]["recover_records"][0]

    assert ("Pending", "Terminated", ["bad"]) == (waiting, phases[-1], runner.started)
    assert "terminated" == recovery["recover_result"]


def test_a_run_is_on_record_while_it_goes_on(jobs: Jobs, clock: VirtualClock) -> None:
    """It has begun and not ended."""
    job_id = jobs.start("good")
    for _ in range(2):
        clock.advance(STEP)
        jobs.phase(job_id)
    (record,) = jobs.show(job_id)["status"]["running_records"]

    assert ({"start_at": round(clock.now()), "start_type": "init_or_rescheduled"}, None) == (
        {name: record[name] for name in ("start_at", "start_type")},
        record.get("end_at"),
    )
