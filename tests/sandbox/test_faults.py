"""Trouble on request: late lists, lost answers, delays and refusals."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from fmctl.sandbox import Sandbox, ScriptedRunner, VirtualClock
from fmctl.sandbox.faults import FaultPlan, Faults, LostAnswers, Refusals
from fmctl.sandbox.server import Server

from .conftest import login, running
from .jobs import Jobs, code, job, upload_code

CREATE = "/v2/*/training-jobs"


@pytest.fixture
def sandbox(tmp_path: Path, clock: VirtualClock) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path / "state", clock=clock, runner=ScriptedRunner())
    upload_code(made)
    yield made
    made.close()


@contextmanager
def troubled(
    sandbox: Sandbox, plan: FaultPlan, wait: Callable[[float], None] = lambda _: None
) -> Iterator[tuple[Jobs, Faults]]:
    """A client that has logged in before the trouble begins."""
    with httpx.Client(transport=httpx.WSGITransport(sandbox.wsgi), base_url="http://x") as client:
        token = client.post("/v3/auth/tokens", json=login(sandbox)).headers["X-Subject-Token"]
    faults = Faults(sandbox.wsgi, plan, sandbox.clock, wait=wait)
    with httpx.Client(transport=httpx.WSGITransport(faults), base_url="http://x") as client:
        client.headers["X-Auth-Token"] = token
        yield Jobs(client, sandbox.credentials.project_id), faults


def test_a_new_job_is_listed_late(sandbox: Sandbox, clock: VirtualClock) -> None:
    """While lists lag, only the detail and a second create know of the job."""

    def known(name: str) -> tuple[list[str], int, bool]:
        found = jobs.search()
        check = jobs.request("GET", f"training-job-names?job_name={name}").json()
        return [item["metadata"]["name"] for item in found["items"]], found["count"], check["is_duplicate"]

    with troubled(sandbox, FaultPlan(list_lag=30)) as (jobs, faults):
        job_id = jobs.start("j1")
        detail, second, late = jobs.show(job_id)["metadata"]["name"], code(jobs.create(job("j1"))), known("j1")
        clock.advance(31)
        after = known("j1")

    assert (detail, second) == ("j1", (400, "2751"))
    assert (late, after) == (([], 0, False), (["j1"], 1, True))
    assert faults.counts["hidden"] == 1


def test_a_lost_answer_is_lost_after_the_work_is_done(sandbox: Sandbox) -> None:
    """The job exists, its creator has got a page of garbage; the next answer arrives."""
    with troubled(sandbox, FaultPlan(lose=(LostAnswers("POST", CREATE),))) as (jobs, faults):
        lost, found, again = jobs.create(job("j1")), jobs.names(), jobs.create(job("j2"))

    assert (lost.status_code, lost.headers["Content-Type"].partition(";")[0]) == (502, "text/html")
    assert (found, again.status_code, faults.counts["lost"]) == (["j1"], 201, 1)


def test_every_nth_request_is_refused(sandbox: Sandbox) -> None:
    """A refused request is told when to come back, and nothing of it is carried out."""
    with troubled(sandbox, FaultPlan(throttle=3)) as (jobs, faults):
        responses = [jobs.create(job(f"j{number}")) for number in range(6)]
    created = [record["job"]["metadata"]["name"] for record in sandbox.store.find("training_jobs")]

    assert [response.status_code for response in responses] == [201, 201, 429, 201, 201, 429]
    assert (code(responses[2]), responses[2].headers["Retry-After"]) == ((429, "2799"), "1")
    assert (created, faults.counts["throttled"]) == (["j0", "j1", "j3", "j4"], 2)


@pytest.mark.parametrize(
    ("status", "kind", "wait"),
    [
        (401, "application/json", None),
        (429, "application/json", "7"),
        (500, "application/json", None),
        (502, "text/html", None),
        (503, "text/html", "7"),
        (504, "text/html", None),
    ],
)
def test_the_first_requests_are_refused(sandbox: Sandbox, status: int, kind: str, wait: str | None) -> None:
    """They are not carried out; a refusal can be named, and one that will pass says when to come back."""
    plan = FaultPlan(fail=(Refusals("POST", CREATE, 2, status),), retry_after=7)
    with troubled(sandbox, plan) as (jobs, faults):
        responses = [jobs.create(job(f"j{number}")) for number in range(3)]
        names = jobs.names()
    first = responses[0]

    assert ([status, status, 201], ["j2"]) == ([response.status_code for response in responses], names)
    assert (kind, wait) == (first.headers["Content-Type"].partition(";")[0], first.headers.get("Retry-After"))
    assert (32, 2) == (len(first.headers["X-Request-Id"]), faults.counts["refused"])


@pytest.mark.parametrize(("status", "expected"), [(401, 403), (429, 503), (500, 500), (503, 503)])
def test_obs_refuses_in_its_own_words(sandbox: Sandbox, status: int, expected: int) -> None:
    """Its errors are XML, and it asks to slow down where others say 429."""
    plan = FaultPlan(fail=(Refusals("GET", "/fmctl-demo*", 1, status),))
    faults = Faults(sandbox.wsgi, plan, sandbox.clock)
    with httpx.Client(transport=httpx.WSGITransport(faults), base_url="http://x") as client:
        answer = client.get("/fmctl-demo/k")
    code = {403: "AccessDenied", 500: "InternalError", 503: "SlowDown"}[expected]

    assert (expected, True) == (answer.status_code, f"<Code>{code}</Code>" in answer.text)


def test_answers_come_late(sandbox: Sandbox) -> None:
    """Every request waits for as long as the plan says."""
    waits: list[float] = []
    with troubled(sandbox, FaultPlan(latency=0.25), waits.append) as (jobs, _):
        jobs.names()
        jobs.names()

    assert waits == [0.25, 0.25]


def test_over_a_socket_the_connection_is_closed(tmp_path: Path) -> None:
    """A lost answer is no answer at all: the connection ends, and the job exists."""
    plan = FaultPlan(lose=(LostAnswers("POST", CREATE),))
    with running(Server(tmp_path, faults=plan)) as server, httpx.Client(base_url=server.info["endpoint"]) as client:
        upload_code(server.sandbox)
        token = client.post("/v3/auth/tokens", json=login(server.sandbox)).headers["X-Subject-Token"]
        client.headers["X-Auth-Token"] = token
        jobs = Jobs(client, server.info["project_id"])
        with pytest.raises(httpx.RemoteProtocolError):
            jobs.create(job("j1"))

        assert jobs.names() == ["j1"]
