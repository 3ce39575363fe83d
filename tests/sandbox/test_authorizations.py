"""Agencies and authorizations, and the sandbox that insists on them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fmctl.sandbox import Sandbox, VirtualClock

from .conftest import anonymous, login
from .jobs import Jobs, code, job, upload_code


@pytest.fixture
def strict(tmp_path: Path, clock: VirtualClock) -> Iterator[Jobs]:
    """A sandbox that runs nothing until ModelArts was given an agency."""
    sandbox = Sandbox(tmp_path / "state", clock=clock, require_authorization=True)
    upload_code(sandbox)
    with anonymous(sandbox) as client:
        client.headers["X-Auth-Token"] = client.post("/v3/auth/tokens", json=login(sandbox)).headers["X-Subject-Token"]
        yield Jobs(client, sandbox.credentials.project_id)
    sandbox.close()


@pytest.fixture
def jobs(sandbox: Sandbox, api: httpx.Client) -> Jobs:
    upload_code(sandbox)
    return Jobs(api, sandbox.credentials.project_id)


def listed(jobs: Jobs, query: str = "") -> list[str]:
    return [one["user_id"] for one in jobs.request("GET", "authorizations" + query).json()["auth"]]


def allow(jobs: Jobs, user: str, **fields: Any) -> httpx.Response:
    return jobs.request("POST", "authorizations", {"user_id": user, "content": "modelarts_agency"} | fields)


def test_an_agency_is_made_once(jobs: Jobs) -> None:
    """Its name is made of the suffix; a second one of the name is a conflict that clients may ignore."""
    bodies: list[dict[str, Any]] = [{}, {"agency_name_suffix": "dev"}, {"agency_name_suffix": "dev"}]
    replies = [jobs.request("POST", "agency", body) for body in bodies]

    assert [{"agency_name": "modelarts_agency"}, {"agency_name": "ma_agency_dev"}] == [
        reply.json() for reply in replies[:2]
    ]
    assert (400, "3818") == code(replies[2])
    assert (400, "0104") == code(jobs.request("POST", "agency", {"agency_name_suffix": "x" * 51}))


def test_authorizations_come_and_go(jobs: Jobs) -> None:
    """One user is authorized once, everybody as often as one likes; deleting names one, or all."""
    first, again = allow(jobs, "user-1"), allow(jobs, "user-1")
    everybody = [allow(jobs, name) for name in ("all", "all-users", "all")]
    before = listed(jobs)
    one = jobs.request("DELETE", "authorizations?user_id=user-1")
    nobody = jobs.request("DELETE", "authorizations?user_id=user-1")
    left = listed(jobs)
    jobs.request("DELETE", "authorizations?user_id=all")

    assert ({"result": True}, (400, "0424")) == (first.json(), code(again))
    assert [200, 200, 200] == [reply.status_code for reply in everybody]
    assert (["all-users", "user-1"], ["all-users"], []) == (before, left, listed(jobs))
    assert (True, (400, "0104")) == (one.json()["result"], code(nobody))


def test_authorizations_are_listed_in_pages(jobs: Jobs) -> None:
    """By name, or by age, forwards or backwards; the offset counts pages."""
    for name in ("bob", "alice", "carol"):
        allow(jobs, name)

    assert ["alice", "bob", "carol"] == listed(jobs)
    assert ["carol", "bob", "alice"] == listed(jobs, "?order=DESC")
    assert ["carol"] == listed(jobs, "?limit=2&offset=1")
    assert (400, "2764") == code(jobs.request("GET", "authorizations?limit=0"))


def test_a_secret_key_is_never_shown(jobs: Jobs) -> None:
    """A credential is known by its access key; what was sent with it is not kept."""
    allow(jobs, "user-1", type="credential", content="AK", secret_key="very-secret")
    text = jobs.request("GET", "authorizations").text

    assert '"content": "AK"' in text
    assert "very-secret" not in text


@pytest.mark.parametrize(
    "fields",
    [
        {"user_id": "x"},
        {"user_id": "a b c"},
        {"user_id": None},
        {"content": ""},
        {"content": "x" * 65},
        {"type": "friendship"},
        {"type": "credential"},
        {"user_type": "cat"},
        {"user_type": "federate"},
    ],
)
def test_what_is_wrong_is_refused(jobs: Jobs, fields: dict[str, Any]) -> None:
    """An authorization says for whom, and by what."""
    assert (400, "0104") == code(allow(jobs, "user-1", **fields))
    assert [] == listed(jobs)


def test_a_strict_sandbox_wants_an_authorization(strict: Jobs) -> None:
    """Told to insist, it refuses jobs until ModelArts was authorized, and again when that is taken back."""
    before = code(strict.create(job()))
    allow(strict, "all")
    allowed = strict.create(job()).status_code
    strict.request("DELETE", "authorizations")

    assert ((403, "2785"), 201, (403, "2785")) == (before, allowed, code(strict.create(job("j2"))))
