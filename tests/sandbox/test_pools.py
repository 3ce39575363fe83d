"""The resource pool: it can be read, and nothing else."""

from typing import Any

import httpx
import pytest

from fmctl.sandbox import Sandbox

from .jobs import Jobs, code, upload_code

POOL = {"pool_id": "pool0a1b2c3d", "flavor_id": "modelarts.pool.visual.xlarge"}


@pytest.fixture
def jobs(sandbox: Sandbox, api: httpx.Client) -> Jobs:
    upload_code(sandbox)
    return Jobs(api, sandbox.credentials.project_id)


def test_the_pool_is_found(jobs: Jobs) -> None:
    """Listed, and by its name; others are a 404."""
    (listed,) = jobs.request("GET", "pools").json()["items"]
    shown = jobs.request("GET", "pools/pool0a1b2c3d").json()

    assert listed == shown
    assert ("Running", ["Train", "Infer"]) == (shown["status"]["phase"], shown["spec"]["scope"])
    assert (404, "2890") == code(jobs.request("GET", "pools/other"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", 1), ("?status=created", 1), ("?status=failed", 0), ("?workspaceId=0", 1), ("?workspaceId=" + "f" * 32, 0)],
)
def test_pools_are_filtered(jobs: Jobs, query: str, expected: int) -> None:
    """By state and by workspace."""
    assert expected == len(jobs.request("GET", "pools" + query).json()["items"])


def test_nodes_come_in_pages(jobs: Jobs) -> None:
    """A page says how many are left, and how to go on."""
    first = jobs.request("GET", "pools/pool0a1b2c3d/nodes?limit=3").json()
    rest = jobs.request("GET", f"pools/pool0a1b2c3d/nodes?continue={first['metadata']['continue']}").json()

    assert (3, 1) == (len(first["items"]), first["metadata"]["remainingItemCount"])
    assert (1, "", 0) == (len(rest["items"]), rest["metadata"]["continue"], rest["metadata"]["remainingItemCount"])


def test_workloads_are_what_is_on_the_pool(jobs: Jobs) -> None:
    """Jobs of the pool that have not ended; those of other machines are not among them."""
    jobs.start("public")
    job_id = jobs.start("pooled", spec__resource=POOL, spec__schedule_policy={"priority": 2})
    workloads = jobs.request("GET", "pools/pool0a1b2c3d/workloads").json()["items"]
    services = jobs.request("GET", "pools/pool0a1b2c3d/workloads?type=infer").json()["items"]

    assert [("train", "pooled", job_id, "Creating", "2")] == [
        (one["type"], one["name"], one["uid"], one["status"], one["priority"]) for one in workloads
    ]
    assert [] == services


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "pools"),
        ("DELETE", "pools/pool0a1b2c3d"),
        ("PATCH", "pools/pool0a1b2c3d"),
        ("POST", "pools/pool0a1b2c3d/nodes/batch-delete"),
        ("GET", "pools/pool0a1b2c3d/monitor"),
    ],
)
def test_the_pool_cannot_be_changed(jobs: Jobs, method: str, path: str) -> None:
    """It is refused with a reason, not taken for a wrong path."""
    body: dict[str, Any] = {}

    assert (400, "2858") == code(jobs.request(method, path, body))
