"""Whatever is sent: an answer with a documented shape, never a crash."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fmctl.sandbox import Sandbox, ScriptedRunner, VirtualClock

from .conftest import login
from .jobs import Jobs, full_job, upload_code

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "0", "é", "a/b"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "value", "id", "x"]), inner),
    max_leaves=4,
)
FULL = full_job()
SEARCH: dict[str, Any] = {
    "offset": 0,
    "limit": 10,
    "sort_by": "create_time",
    "order": "asc",
    "workspace_id": "0",
    "tags": [{"key": "k", "values": ["v"]}],
    "filters": [
        {"key": "create_time", "operator": "between", "value": ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"]}
    ],
}
UPDATE = {"description": "d", "spec": {"schedule_policy": {"priority": 1}}, "metadata": {"annotation": {"k": "v"}}}


@pytest.fixture(scope="module")
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory, clock: VirtualClock) -> Iterator[Jobs]:
    sandbox = Sandbox(tmp_path_factory.mktemp("fuzz"), clock=clock, runner=ScriptedRunner())
    upload_code(sandbox)
    with httpx.Client(transport=httpx.WSGITransport(sandbox.wsgi), base_url="http://x") as client:
        client.headers["X-Auth-Token"] = client.post("/v3/auth/tokens", json=login(sandbox)).headers["X-Subject-Token"]
        yield Jobs(client, sandbox.credentials.project_id)
    sandbox.close()


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside a document."""
    pairs: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    for key, inner in pairs:
        yield (*at, key)
        yield from places(inner, (*at, key))


def spoil(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    spoiled = copy.deepcopy(body)
    target = spoiled
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    return spoiled


def spoiled(body: Any) -> st.SearchStrategy[Any]:
    return st.builds(spoil, st.just(body), st.sampled_from(list(places(body))), JSON)


def is_answer(response: httpx.Response) -> bool:
    """A success, or an error of the client with a documented shape."""
    if response.status_code < 300:
        return True
    return response.status_code < 500 and set(json.loads(response.content)) >= {"error_code", "error_msg"}


FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(body=spoiled(FULL))
def test_no_request_breaks_the_creation(jobs: Jobs, clock: VirtualClock, body: Any) -> None:
    """A job request with anything in any place is created or refused, and everything stays readable."""
    response = jobs.create(body)

    assert is_answer(response), response.text
    assert jobs.request("POST", "training-job-searches", {"filters": [{"key": "priority", "value": ["1"]}]}).is_success
    if response.status_code == 201:
        job_id = response.json()["metadata"]["id"]
        assert jobs.request("DELETE", f"training-jobs/{job_id}").is_success
        for _ in range(2):
            clock.advance(5)
            jobs.names()
        assert jobs.names() == []


@FUZZ
@given(body=spoiled(SEARCH))
def test_no_request_breaks_the_search(jobs: Jobs, body: Any) -> None:
    """A search with anything in any place finds something, nothing, or is refused."""
    response = jobs.request("POST", "training-job-searches", body)

    assert is_answer(response), response.text


@FUZZ
@given(body=spoiled(UPDATE))
def test_no_request_breaks_the_update(jobs: Jobs, body: Any) -> None:
    """An update with anything in any place changes the job or is refused, and the job stays readable."""
    made = jobs.create(FULL | {"metadata": {"name": "fixed"}})
    found = jobs.search(filters=[{"key": "name", "value": ["fixed"]}])["items"]
    job_id = found[0]["metadata"]["id"]
    response = jobs.request("PUT", f"training-jobs/{job_id}", body)

    assert made.status_code in (201, 400)
    assert is_answer(response), response.text
    assert jobs.request("GET", f"training-jobs/{job_id}").is_success
