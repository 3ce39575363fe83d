"""The life of training jobs, with a runner that follows a script."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fmctl.sandbox import Sandbox, ScriptedRunner, VirtualClock

from .conftest import login
from .jobs import Jobs, code, job, upload_code

STEP = 0.5


@pytest.fixture
def runner() -> ScriptedRunner:
    return ScriptedRunner(durations={"long*": 10 * 3600, "*": 10}, outcomes={"bad*": 3, "lost*": None})


@pytest.fixture
def sandbox(tmp_path: Path, clock: VirtualClock, runner: ScriptedRunner) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path / "state", clock=clock, runner=runner, jobs_at_once=2)
    upload_code(made)
    yield made
    made.close()


@pytest.fixture
def jobs(sandbox: Sandbox) -> Iterator[Jobs]:
    with httpx.Client(transport=httpx.WSGITransport(sandbox.wsgi), base_url="http://127.0.0.1") as client:
        client.headers["X-Auth-Token"] = client.post("/v3/auth/tokens", json=login(sandbox)).headers["X-Subject-Token"]
        yield Jobs(client, sandbox.credentials.project_id)


def phases(jobs: Jobs, job_id: str, clock: VirtualClock, *waits: float) -> list[str]:
    """The phase now and after each wait."""
    seen = [jobs.phase(job_id)]
    for seconds in waits:
        clock.advance(seconds)
        seen.append(jobs.phase(job_id))
    return seen


@pytest.mark.parametrize(("name", "end"), [("good", "Completed"), ("bad", "Failed"), ("lost", "Abnormal")])
def test_a_job_goes_through_its_phases(jobs: Jobs, clock: VirtualClock, name: str, end: str) -> None:
    """A job is created, waits, runs and ends as its process ends."""
    seen = phases(jobs, jobs.start(name), clock, STEP, STEP, 9, 1)

    assert ["Creating", "Pending", "Running", "Running", end] == seen


def test_times_are_in_their_units(jobs: Jobs, clock: VirtualClock) -> None:
    """Creation, start and duration are milliseconds, the records of runs are seconds."""
    job_id, born = jobs.start(), clock.now()
    phases(jobs, job_id, clock, STEP, STEP, 4)
    running = jobs.show(job_id)
    phases(jobs, job_id, clock, 6)
    ended = jobs.show(job_id)
    started = born + 2 * STEP

    assert (born * 1000, started * 1000, 4000) == (
        running["metadata"]["create_time"],
        running["status"]["start_time"],
        running["status"]["duration"],
    )
    assert (10_000, started, started + 10) == (
        ended["status"]["duration"],
        ended["status"]["running_records"][0]["start_at"],
        ended["status"]["running_records"][0]["end_at"],
    )


def test_the_exit_code_is_told(jobs: Jobs, clock: VirtualClock) -> None:
    """A failed job says which task ended with what."""
    job_id = jobs.start("bad")
    phases(jobs, job_id, clock, STEP, STEP, 10)

    assert jobs.show(job_id)["status"]["task_statuses"] == [
        {"task": "worker-0", "exit_code": 3, "message": "exit code 3"}
    ]


def test_a_job_comes_back_completed_by_the_server(jobs: Jobs) -> None:
    """The server fills in what was left out, and keeps what was sent as it was sent."""
    sent = job(
        algorithm__inputs=[{"name": "data_url", "remote": {"obs": {"obs_url": "obs://fmctl-demo/data/"}}}],
        algorithm__outputs=[{"name": "train_url", "remote": {"obs": {"obs_url": "/fmctl-demo/out/"}}}],
        algorithm__parameters=[{"name": "lr", "value": "1e-4"}],
    )
    made = jobs.create(sent).json()
    shown = jobs.show(made["metadata"]["id"])
    algorithm, spec = shown["algorithm"], shown["spec"]

    assert (made["metadata"]["user_name"], shown["metadata"]["user_name"].startswith("sandbox-user")) == ("", True)
    assert shown["metadata"]["annotations"] == {"job_template": "Template DL", "key_task": "worker"}
    assert algorithm["inputs"][0] == {
        "name": "data_url",
        "description": "",
        "access_method": "parameter",
        "local_dir": "/home/ma-user/modelarts/inputs/data_url_0",
        "remote": {"obs": {"obs_url": "obs://fmctl-demo/data/"}},
    }
    assert (algorithm["outputs"][0]["mode"], algorithm["outputs"][0]["period"]) == ("upload_periodically", 30)
    assert (algorithm["parameters"][0]["value"], algorithm["policies"], algorithm["environments"]) == ("1e-4", {}, {})
    assert sent["algorithm"]["engine"].items() <= algorithm["engine"].items()
    assert (
        spec["runtime_type"],
        spec["is_hosted_log"],
        spec["resource"]["policy"],
        spec["resource"]["flavor_detail"]["flavor_info"]["cpu"]["core_num"],
    ) == ("production", True, "regular", 2)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"kind": "nonsense"}, (400, "2788")),
        ({"kind": "hetero_job"}, (400, "2858")),
        ({"metadata__name": "no spaces"}, (400, "2788")),
        ({"metadata__name": "x" * 65}, (400, "2788")),
        ({"metadata__description": "x" * 257}, (400, "2788")),
        ({"metadata__workspace_id": "f" * 32}, (400, "0102")),
        ({"metadata__name": "taken"}, (400, "2751")),
        ({"algorithm": {"id": "00000000-0000-0000-0000-000000000000"}}, (400, "2755")),
        ({"algorithm": {"command": "ls"}}, (400, "2806")),
        ({"algorithm": {"engine": {"image_url": "org/img:1"}}}, (400, "2806")),
        ({"algorithm__code_dir": "/fmctl-demo/empty/"}, (400, "2757")),
        ({"algorithm__code_dir": "fmctl-demo/code/"}, (400, "2802")),
        ({"algorithm__boot_file": "/fmctl-demo/code/other.py"}, (400, "2758")),
        ({"algorithm__boot_file": "/fmctl-demo/elsewhere.py"}, (400, "2792")),
        ({"algorithm__engine": {"engine_name": "PyTorch", "engine_version": "9"}}, (400, "2780")),
        ({"spec__resource": {"flavor_id": "huge"}}, (400, "2781")),
        ({"spec__resource": {}}, (400, "2781")),
        ({"spec__resource": {"flavor_id": "modelarts.pool.visual.xlarge"}}, (400, "2781")),
        ({"spec__resource": {"flavor_id": "modelarts.vm.cpu.2u", "node_count": 2}}, (400, "2793")),
        ({"spec__resource": {"flavor_id": "modelarts.vm.cpu.2u", "node_count": 0}}, (400, "2788")),
        ({"spec__resource": {"pool_id": "pool-none", "flavor_id": "modelarts.pool.visual.xlarge"}}, (404, "2890")),
        ({"algorithm__inputs": [{"name": "a", "remote": {"dataset": {"id": "1"}}}]}, (400, "2783")),
        ({"algorithm__outputs": [{"name": "a", "remote": {"dataset": {"id": "1"}}}]}, (400, "2854")),
        ({"algorithm__inputs": [{"name": "a"}]}, (400, "2753")),
        ({"algorithm__inputs": [{"name": "a", "remote": {"obs": {"obs_url": "/no-such-bucket/x/"}}}]}, (400, "2791")),
        ({"algorithm__outputs": [{"name": "a", "remote": {"obs": {"obs_url": "s3://x"}}}]}, (400, "2791")),
        ({"algorithm__parameters": [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]}, (400, "2767")),
        ({"algorithm__environments": {"2X": "y"}}, (400, "2788")),
        ({"algorithm__environments": {f"X{n}": "" for n in range(101)}}, (400, "2816")),
        ({"spec__auto_stop": {"time_unit": "HOURS", "duration": 0}}, (400, "2788")),
        ({"spec__schedule_policy": {"priority": 2}}, (400, "2788")),
        ({"spec": []}, (400, "2825")),
    ],
)
def test_what_is_wrong_has_its_code(jobs: Jobs, changes: dict[str, Any], expected: tuple[int, str]) -> None:
    """Every documented mistake in a create request has its documented code, and creates nothing."""
    jobs.start("taken")
    response = jobs.create(job(**({"name": "j2"} | changes)))

    assert expected == code(response)
    assert jobs.names() == ["taken"]


def test_broken_json_has_its_code(jobs: Jobs, api: httpx.Client, sandbox: Sandbox) -> None:
    """A body that is no JSON object is told apart from a wrong value."""
    url = f"/v2/{sandbox.credentials.project_id}/training-jobs"

    assert [code(api.post(url, content=body)) for body in (b"{", b"[]")] == [(400, "2787"), (400, "2787")]


def test_an_unknown_job_is_a_400(jobs: Jobs) -> None:
    """Not found is status 400 with its own code, whatever is asked for."""
    calls = [("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/actions")]
    seen = {code(jobs.request(method, f"training-jobs/none{tail}", {})) for method, tail in calls}

    assert {(400, "2775")} == seen


@pytest.mark.parametrize("waits", [(), (STEP,), (STEP, STEP)])
def test_an_active_job_can_be_stopped(jobs: Jobs, clock: VirtualClock, waits: tuple[float, ...]) -> None:
    """Creating, pending and running jobs end as Terminated, by way of Terminating."""
    job_id = jobs.start()
    phases(jobs, job_id, clock, *waits)
    reply = jobs.request("POST", f"training-jobs/{job_id}/actions", {"action_type": "terminate"})

    assert (reply.status_code, reply.json()["status"]["phase"]) == (202, "Terminating")
    assert phases(jobs, job_id, clock, STEP) == ["Terminating", "Terminated"]


def test_an_ended_job_cannot_be_stopped(jobs: Jobs, clock: VirtualClock) -> None:
    """Stopping what has ended, or doing something unknown, is refused with its code."""
    job_id = jobs.start()
    phases(jobs, job_id, clock, STEP, STEP, 10)
    replies = [
        jobs.request("POST", f"training-jobs/{job_id}/actions", {"action_type": t}) for t in ("terminate", "pause")
    ]

    assert [code(reply) for reply in replies] == [(409, "2796"), (400, "2812")]


def test_auto_stop_ends_a_job(jobs: Jobs, clock: VirtualClock) -> None:
    """A job that runs longer than it may is terminated, and an event says why."""
    job_id = jobs.start("long", spec__auto_stop={"time_unit": "HOURS", "duration": 2})
    seen = phases(jobs, job_id, clock, STEP, STEP, 7199, 1, STEP)

    assert seen[2:] == ["Running", "Running", "Terminating", "Terminated"]


def test_only_so_many_run_at_once(jobs: Jobs, clock: VirtualClock, runner: ScriptedRunner) -> None:
    """The third job of a sandbox that runs two waits until one has ended; the order of creation is kept."""
    ids = [jobs.start(f"j{number}") for number in range(4)]
    clock.advance(STEP)
    jobs.phase(ids[0])
    clock.advance(STEP)
    before = [jobs.phase(job_id) for job_id in ids]
    clock.advance(10)
    after = [jobs.phase(job_id) for job_id in ids]

    assert before == ["Running", "Running", "Pending", "Pending"]
    assert after == ["Completed", "Completed", "Running", "Running"]
    assert runner.started == ["j0", "j1", "j2", "j3"]


def test_a_deleted_job_lingers(jobs: Jobs, clock: VirtualClock) -> None:
    """After 202 the job can still be read and its name is taken; then both are gone."""
    job_id = jobs.start()
    phases(jobs, job_id, clock, STEP, STEP)
    reply = jobs.request("DELETE", f"training-jobs/{job_id}")
    meanwhile = (jobs.show(job_id)["metadata"]["name"], code(jobs.create(job())))
    clock.advance(STEP)
    jobs.phase(job_id)
    clock.advance(3)
    gone = code(jobs.request("GET", f"training-jobs/{job_id}"))

    assert (reply.status_code, reply.text, meanwhile, gone) == (202, '""', ("j1", (400, "2751")), (400, "2775"))
    assert jobs.create(job()).status_code == 201


def test_many_jobs_are_deleted_or_none(jobs: Jobs, clock: VirtualClock) -> None:
    """A batch with an unknown id deletes nothing; without it, all."""
    ids = [jobs.start(f"j{number}") for number in range(2)]
    entries = [{"kind": "job", "metadata": {"id": job_id}} for job_id in ids]
    wrong = jobs.request("POST", "training-jobs/batch-delete", {"jobs": [*entries, {"metadata": {"id": "none"}}]})
    untouched = [jobs.phase(job_id) for job_id in ids]
    right = jobs.request("POST", "training-jobs/batch-delete", {"jobs": entries})
    for _ in range(2):
        clock.advance(2)
        jobs.names()

    assert (code(wrong), untouched, right.status_code) == ((400, "2775"), ["Creating", "Creating"], 202)
    assert jobs.names() == []


def test_only_some_fields_can_change(jobs: Jobs) -> None:
    """A description can be replaced and cleared, a priority changed on the pool; nothing else moves."""
    pool = {"pool_id": "pool0a1b2c3d", "flavor_id": "modelarts.pool.visual.xlarge", "node_count": 1}
    job_id = jobs.start(spec__resource=pool)
    first = jobs.request("PUT", f"training-jobs/{job_id}", {"description": "new"})
    described = jobs.show(job_id)["metadata"]["description"]
    jobs.request("PUT", f"training-jobs/{job_id}", {"description": "", "spec": {"schedule_policy": {"priority": 3}}})
    shown = jobs.show(job_id)
    too_long = jobs.request("PUT", f"training-jobs/{job_id}", {"description": "x" * 257})

    assert (first.status_code, first.text, described) == (200, "null", "new")
    assert (shown["metadata"]["description"], shown["spec"]["schedule_policy"]["priority"]) == ("", 3)
    assert code(too_long) == (400, "2788")


def test_names_are_checked(jobs: Jobs) -> None:
    """A name is a duplicate when a job has it."""
    jobs.start("j1")
    seen = [jobs.request("GET", f"training-job-names?job_name={name}").json()["is_duplicate"] for name in ("j1", "j2")]

    assert seen == [True, False]


def test_reading_writes_nothing(jobs: Jobs, sandbox: Sandbox, clock: VirtualClock) -> None:
    """Searches, details and checks leave the store as it is, even while jobs move on by themselves."""
    job_id = jobs.start()
    sandbox.store.writes.clear()
    for _ in range(3):
        clock.advance(STEP)
        jobs.phase(job_id)
        jobs.search()
        jobs.request("GET", "training-job-names?job_name=j1")

    assert sandbox.store.writes == []


def test_after_a_restart_running_jobs_are_lost_and_waiting_ones_wait(tmp_path: Path, clock: VirtualClock) -> None:
    """What ran is Abnormal (Lost); what waited runs later."""
    first = Sandbox(tmp_path / "state", clock=clock, runner=ScriptedRunner(durations={"*": 60}), jobs_at_once=1)
    upload_code(first)
    ids = []
    with httpx.Client(transport=httpx.WSGITransport(first.wsgi), base_url="http://x") as client:
        client.headers["X-Auth-Token"] = client.post("/v3/auth/tokens", json=login(first)).headers["X-Subject-Token"]
        before = Jobs(client, first.credentials.project_id)
        ids = [before.start(f"j{number}") for number in range(2)]
        phases(before, ids[0], clock, STEP, STEP)
        token = client.headers["X-Auth-Token"]
    first.close()
    second = Sandbox(tmp_path / "state", clock=clock, runner=ScriptedRunner())
    with httpx.Client(transport=httpx.WSGITransport(second.wsgi), base_url="http://x") as client:
        client.headers["X-Auth-Token"] = token
        after = Jobs(client, second.credentials.project_id)
        status = after.show(ids[0])["status"]
        waiting = phases(after, ids[1], clock, STEP, 1)
    second.close()

    assert (status["phase"], status["secondary_phase"]) == ("Abnormal", "Lost")
    assert waiting[-1] == "Completed"
