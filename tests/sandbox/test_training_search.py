"""Searches for training jobs: filters, order, pages."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from fmctl.sandbox import Sandbox, ScriptedRunner, VirtualClock

from .conftest import login
from .jobs import Jobs, code, upload_code

POOL = {"pool_id": "pool0a1b2c3d", "flavor_id": "modelarts.pool.visual.xlarge"}


@pytest.fixture
def sandbox(tmp_path: Path, clock: VirtualClock) -> Iterator[Sandbox]:
    runner = ScriptedRunner(durations={"long*": 3600}, outcomes={"bad*": 1})
    made = Sandbox(tmp_path / "state", clock=clock, runner=runner, jobs_at_once=100)
    upload_code(made)
    yield made
    made.close()


@pytest.fixture
def jobs(sandbox: Sandbox, clock: VirtualClock) -> Iterator[Jobs]:
    """Four jobs, ten seconds apart: good-1 Completed, bad-1 Failed, long_1 Running, new-1 Creating."""
    with httpx.Client(transport=httpx.WSGITransport(sandbox.wsgi), base_url="http://127.0.0.1") as client:
        client.headers["X-Auth-Token"] = client.post("/v3/auth/tokens", json=login(sandbox)).headers["X-Subject-Token"]
        made = Jobs(client, sandbox.credentials.project_id)
        for name in ("good-1", "bad-1", "long_1"):
            made.start(name)
            for seconds in (0.5, 0.5, 9):
                clock.advance(seconds)
                made.names()
        made.start("new-1", spec__resource=POOL, spec__schedule_policy={"priority": 3})
        yield made


def when(clock: VirtualClock, ago: float) -> str:
    return datetime.fromtimestamp(clock.now() - ago, UTC).isoformat()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"key": "name", "operator": "like", "value": ["-1"]}, {"good-1", "bad-1", "new-1"}),
        ({"key": "name", "operator": "like", "value": ["good", "long"]}, {"good-1", "long_1"}),
        ({"key": "name", "operator": "in", "value": ["good-1", "good"]}, {"good-1"}),
        ({"key": "name", "value": ["bad-1"]}, {"bad-1"}),
        ({"key": "name", "operator": "not", "value": ["bad-1"]}, {"good-1", "long_1", "new-1"}),
        ({"key": "phase", "operator": "in", "value": ["Running", "Failed"]}, {"long_1", "bad-1"}),
        ({"key": "phase", "operator": "not", "value": ["Completed", "Failed"]}, {"long_1", "new-1"}),
        ({"key": "pool_id", "operator": "in", "value": ["pool0a1b2c3d"]}, {"new-1"}),
        ({"key": "priority", "operator": "in", "value": ["3"]}, {"new-1"}),
        ({"key": "runtime_type", "operator": "in", "value": ["debug"]}, set()),
        ({"key": "kind", "operator": "in", "value": ["job"]}, {"good-1", "bad-1", "long_1", "new-1"}),
        ({"key": "phase", "operator": "in", "value": [""]}, {"good-1", "bad-1", "long_1", "new-1"}),
        ({"key": "phase", "operator": "in", "value": []}, {"good-1", "bad-1", "long_1", "new-1"}),
    ],
)
def test_filters_choose(jobs: Jobs, condition: dict[str, Any], expected: set[str]) -> None:
    """Each key and operator finds what it names; an empty value sets no condition."""
    assert set(jobs.names(filters=[condition])) == expected


def test_filters_add_up(jobs: Jobs) -> None:
    """Several filters must all fit, also several of one key."""
    name, phase = {"key": "name", "operator": "like"}, {"key": "phase", "operator": "in"}
    both = jobs.names(filters=[name | {"value": ["-1"]}, phase | {"value": ["Failed"]}])
    twice = jobs.names(filters=[phase | {"value": ["Failed", "Running"]}, phase | {"value": ["Running"]}])

    assert (both, twice) == (["bad-1"], ["long_1"])


def test_jobs_are_found_by_time(jobs: Jobs, clock: VirtualClock) -> None:
    """A span of creation times, both ends included."""
    span = {"key": "create_time", "operator": "between", "value": [when(clock, 20), when(clock, 10)]}

    open_ends = [span | {"value": [when(clock, 20), ""]}, span | {"value": ["", when(clock, 20)]}]
    in_milliseconds = span | {"value": [str(round((clock.now() - ago) * 1000)) for ago in (20, 10)]}

    assert jobs.names(filters=[span], order="asc") == ["bad-1", "long_1"]
    assert jobs.names(filters=[in_milliseconds], order="asc") == ["bad-1", "long_1"]
    assert [jobs.names(filters=[one], order="asc") for one in open_ends] == [
        ["bad-1", "long_1", "new-1"],
        ["good-1", "bad-1"],
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"filters": ["x"]}, "2789"),
        ({"filters": "x"}, "2789"),
        ({"sort_by": "colour"}, "2790"),
        ({"order": "up"}, "2790"),
        ({"filters": [{"key": "colour", "value": ["x"]}]}, "2807"),
        ({"filters": [{"key": "name", "operator": "equals", "value": ["x"]}]}, "2808"),
        ({"filters": [{"key": "name", "operator": "between", "value": ["a", "b"]}]}, "2808"),
        ({"filters": [{"key": "name", "operator": "like", "value": "x"}]}, "2809"),
        ({"filters": [{"key": "name", "operator": "in", "value": ["x"] * 11}]}, "2809"),
        ({"filters": [{"key": "create_time", "operator": "between", "value": ["yesterday", "today"]}]}, "2809"),
        (
            {"filters": [{"key": "create_time", "operator": "between", "value": ["2026-01-01", "2026-03-01"]}]},
            "2809",
        ),
        ({"host_ips": ["somewhere"]}, "2764"),
        ({"host_ips": [1]}, "2764"),
        ({"host_ips": ["10.0.0.1"] * 11}, "2764"),
        ({"tags": [{"key": "k", "values": [str(number) for number in range(11)]}]}, "2816"),
        ({"limit": 51}, "2764"),
        ({"limit": 0}, "2764"),
        ({"offset": -1}, "2764"),
    ],
)
def test_wrong_searches_have_their_code(jobs: Jobs, body: dict[str, Any], expected: str) -> None:
    """Filter, order, key, operator, value and page each have a code of their own."""
    assert code(jobs.request("POST", "training-job-searches", body)) == (400, expected)


def test_the_newest_come_first(jobs: Jobs) -> None:
    """Without a word, all jobs of the default workspace, newest first; the order can be turned round."""
    newest_first = jobs.request("POST", "training-job-searches").json()
    names = [item["metadata"]["name"] for item in newest_first["items"]]

    assert names == ["new-1", "long_1", "bad-1", "good-1"]
    assert jobs.names(order="asc") == names[::-1]
    assert jobs.names(sort_by="name", order="asc") == sorted(names)
    assert jobs.names(workspace_id="f" * 32) == []


def test_offset_counts_pages(jobs: Jobs) -> None:
    """Page 1 follows page 0 without a gap; total ignores the filters, count does not."""
    condition = [{"key": "name", "operator": "like", "value": ["-1"]}]
    pages = [jobs.search(filters=condition, order="asc", limit=2, offset=page) for page in range(3)]
    names = [[item["metadata"]["name"] for item in page["items"]] for page in pages]

    assert names == [["good-1", "bad-1"], ["new-1"], []]
    assert {(page["total"], page["count"], page["limit"]) for page in pages} == {(4, 3, 2)}


def test_jobs_are_found_by_tag(jobs: Jobs) -> None:
    """Every key must be there with one of its values; a key alone must only be there."""
    ids = {item["metadata"]["name"]: item["metadata"]["id"] for item in jobs.search()["items"]}
    for name, tags in {"good-1": {"team": "a", "env": "x"}, "bad-1": {"team": "b"}}.items():
        body = {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
        jobs.request("POST", f"modelarts-training-job/{ids[name]}/tags/create", body)
    by_value = jobs.names(tags=[{"key": "team", "values": ["b", "c"]}])
    by_key = jobs.names(tags=[{"key": "team", "values": []}], order="asc")
    by_both = jobs.names(tags=[{"key": "team"}, {"key": "env", "values": ["x"]}])

    assert (by_value, by_key, by_both) == (["bad-1"], ["good-1", "bad-1"], ["good-1"])


def test_a_job_that_is_being_deleted_is_still_found(jobs: Jobs) -> None:
    """Until it is gone, a deleted job is found by its name and by its phase."""
    job_id = jobs.search(filters=[{"key": "name", "value": ["good-1"]}])["items"][0]["metadata"]["id"]
    jobs.request("DELETE", f"training-jobs/{job_id}")

    assert jobs.names(filters=[{"key": "phase", "operator": "in", "value": ["Completed"]}]) == ["good-1"]
