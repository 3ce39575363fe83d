"""What is kept about a training job besides itself: events, tags, tasks, log; and what jobs can run on."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from fmctl.sandbox import Sandbox, ScriptedRunner, VirtualClock

from .conftest import login
from .jobs import Jobs, code, upload_code


@pytest.fixture
def sandbox(tmp_path: Path, clock: VirtualClock) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path / "state", clock=clock, runner=ScriptedRunner(outcomes={"*": 1}))
    upload_code(made)
    yield made
    made.close()


@pytest.fixture
def jobs(sandbox: Sandbox) -> Iterator[Jobs]:
    with httpx.Client(transport=httpx.WSGITransport(sandbox.wsgi), base_url="http://127.0.0.1") as client:
        client.headers["X-Auth-Token"] = client.post("/v3/auth/tokens", json=login(sandbox)).headers["X-Subject-Token"]
        yield Jobs(client, sandbox.credentials.project_id)


def finished(jobs: Jobs, clock: VirtualClock) -> str:
    job_id = jobs.start()
    for _ in range(4):
        clock.advance(1)
        jobs.phase(job_id)
    return job_id


def messages(jobs: Jobs, job_id: str, query: str = "") -> list[str]:
    return [event["message"] for event in jobs.request("GET", f"training-jobs/{job_id}/events{query}").json()["events"]]


def test_events_tell_the_story(jobs: Jobs, clock: VirtualClock) -> None:
    """From creation to end, in the order that is asked for, by page, level and text."""
    job_id = finished(jobs, clock)
    story = messages(jobs, job_id, "?order=asc")

    assert story == [
        "Training job is created.",
        "Training job is queued.",
        "Training job is running.",
        "[worker-0] training started.",
        "[worker-0] Training finished. Exit code 1.",
        "Training job failed.",
    ]
    assert messages(jobs, job_id) == story[::-1]
    assert messages(jobs, job_id, "?order=asc&limit=2&offset=1") == story[2:4]
    assert messages(jobs, job_id, "?level=Error") == story[5:]
    assert messages(jobs, job_id, "?pattern=Exit+code") == story[4:5]


def test_events_can_be_taken_from_a_span(jobs: Jobs, clock: VirtualClock) -> None:
    """Start and end come together, in milliseconds; one alone is an error."""
    born = round(clock.now() * 1000)
    job_id = finished(jobs, clock)
    path = f"training-jobs/{job_id}/events"

    assert messages(jobs, job_id, f"?start_time={born}&end_time={born + 500}") == ["Training job is created."]
    assert code(jobs.request("GET", f"{path}?start_time={born}")) == (400, "2764")
    assert code(jobs.request("GET", f"{path}?start_time={born}&end_time={'9' * 20}")) == (400, "2764")
    assert code(jobs.request("GET", f"{path}?limit=101")) == (400, "2764")


def test_a_span_is_told_in_iso(jobs: Jobs, clock: VirtualClock) -> None:
    """A span may be given as it is answered."""
    job_id = finished(jobs, clock)
    span = {"start_time": "2026-01-01T00:00:00+08:00", "end_time": "2027-01-01T00:00:00+08:00"}
    query = "&".join(f"{name}={quote(time)}" for name, time in span.items())
    found = jobs.request("GET", f"training-jobs/{job_id}/events?{query}").json()

    assert ("2026-01-01T00:00:00.000+08:00", 6) == (found["start_time"], found["total"])


def test_events_are_told_in_chinese(jobs: Jobs, api: httpx.Client, clock: VirtualClock, sandbox: Sandbox) -> None:
    """X-Language chooses, and the pattern is one of the language that is read."""
    path = f"/v2/{sandbox.credentials.project_id}/training-jobs/{finished(jobs, clock)}/events"
    answer = api.get(path, params={"order": "asc"}, headers={"X-Language": "zh-cn"}).json()
    chinese = [event["message"] for event in answer["events"]]
    matched = api.get(path, params={"pattern": "失败"}, headers={"X-Language": "zh-cn"}).json()["events"]

    assert ["训练作业已创建。", "训练作业排队中。", "训练作业运行中。", "[worker-0] 训练开始。"] == chinese[:4]
    assert [chinese[-1]] == [event["message"] for event in matched]
    assert {"time", "level", "source", "message"} == set(answer["events"][0])


def test_there_is_no_log_before_the_job_runs(jobs: Jobs, clock: VirtualClock) -> None:
    """Not yet is 204 for the preview and its own code for the link; a task that does not exist is an error."""
    job_id = jobs.start()
    base = f"training-jobs/{job_id}/tasks"
    early = jobs.request("GET", f"{base}/worker-0/logs/preview")
    link, other = jobs.request("GET", f"{base}/worker-0/logs/url"), jobs.request("GET", f"{base}/worker-7/logs/preview")
    clock.advance(0.5)
    jobs.phase(job_id)
    clock.advance(0.5)
    jobs.phase(job_id)
    late = jobs.request("GET", f"{base}/worker-0/logs/preview").json()

    assert (early.status_code, early.content) == (204, b"")
    assert (code(link), code(other)) == ((400, "2818"), (400, "2788"))
    assert late == {"content": "j1 started\n", "current_size": 11, "full_size": 11}


def test_tags_are_set_replaced_and_removed(jobs: Jobs) -> None:
    """A tag with a known key replaces it; removal with another value than the tag's leaves it."""
    job_id = jobs.start()
    path = f"modelarts-training-job/{job_id}/tags"

    def tags() -> dict[str, str]:
        return {tag["key"]: tag["value"] for tag in jobs.request("GET", path).json()["tags"]}

    made = jobs.request("POST", f"{path}/create", {"tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]})
    jobs.request("POST", f"{path}/create", {"tags": [{"key": "a", "value": "3"}]})
    replaced = tags()
    gone = jobs.request("DELETE", f"{path}/delete", {"tags": [{"key": "a"}, {"key": "b", "value": "9"}]})

    assert (made.status_code, made.content, gone.status_code) == (204, b"", 204)
    assert (replaced, tags()) == ({"a": "3", "b": "2"}, {"b": "2"})
    assert jobs.request("GET", "modelarts-training-job/tags").json() == {"tags": [{"key": "b", "values": ["2"]}]}


@pytest.mark.parametrize("value", [1, True, [], {}])
def test_tags_are_texts(jobs: Jobs, value: object) -> None:
    """A value of another type is refused, when it is set and when it is removed."""
    path = f"modelarts-training-job/{jobs.start()}/tags"
    body = {"tags": [{"key": "a", "value": value}]}

    assert (400, "2825") == code(jobs.request("POST", f"{path}/create", body))
    assert (400, "2825") == code(jobs.request("DELETE", f"{path}/delete", body))


@pytest.mark.parametrize("key", ["", "_sys_a", " a", "a ", "a" * 129, "a*"])
def test_bad_tags_are_refused(jobs: Jobs, key: str) -> None:
    """Keys follow the rules of the tag service."""
    path = f"modelarts-training-job/{jobs.start()}/tags/create"

    assert code(jobs.request("POST", path, {"tags": [{"key": key, "value": ""}]})) == (400, "2788")


def test_every_node_is_a_task(jobs: Jobs) -> None:
    """The tasks of a job come as a bare list, one for each node."""
    job_id = jobs.start(spec__resource={"flavor_id": "modelarts.vm.cpu.8u", "node_count": 3})
    tasks = [task["task"] for task in jobs.request("GET", f"training-jobs/{job_id}/tasks").json()]

    assert tasks == ["worker-0", "worker-1", "worker-2"]


def test_flavors_are_listed_by_type(jobs: Jobs) -> None:
    """Each type has its flavors, those of the pool name it, and an unknown type is an error."""
    found = jobs.request("GET", "training-job-flavors?flavor_type=Ascend").json()["flavors"]
    pools = {flavor["flavor_id"]: flavor.get("pool_id") for flavor in found}

    assert {flavor["flavor_type"] for flavor in found} == {"Ascend"}
    assert (pools["modelarts.kat1.xlarge"], pools["modelarts.pool.visual.8xlarge"]) == (None, "pool0a1b2c3d")
    assert code(jobs.request("GET", "training-job-flavors?flavor_type=TPU")) == (400, "2764")


def test_quotas_count_jobs(jobs: Jobs) -> None:
    """What is used is what exists."""
    jobs.start()

    assert jobs.request("GET", "training-quotas").json()["quotas"] == [
        {"resource": "job-num", "quota": 10000, "used": 1}
    ]
