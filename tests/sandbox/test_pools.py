"""The resource pool: it can be read, and nothing else."""

from typing import Any

import httpx
import pytest

from fmctl.sandbox import Sandbox, VirtualClock
from fmctl.sandbox.server import Server

from .jobs import Jobs, code, job, upload_code
from .sdk_world import sdk_client

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
    [
        ("", 1),
        ("?status=created", 1),
        ("?status=failed", 0),
        ("?workspaceId=0", 1),
        ("?workspaceId=" + "f" * 32, 0),
        ("?labelSelector=os.modelarts/name=sandbox,os.modelarts/workspace.id", 1),
        ("?labelSelector=os.modelarts/name!=sandbox", 0),
        ("?labelSelector=os.modelarts/name=other", 0),
        ("?labelSelector=team", 0),
    ],
)
def test_pools_are_filtered(jobs: Jobs, query: str, expected: int) -> None:
    """By state, by workspace and by labels."""
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
    elsewhere = jobs.request("GET", "pools/pool0a1b2c3d/workloads?hostip=10.0.0.1").json()["items"]

    assert [("train", "pooled", job_id, "Creating", "2")] == [
        (one["type"], one["name"], one["uid"], one["status"], one["priority"]) for one in workloads
    ]
    assert [] == services == elsewhere


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "pools"),
        ("DELETE", "pools/pool0a1b2c3d"),
        ("PATCH", "pools/pool0a1b2c3d"),
        ("POST", "pools/pool0a1b2c3d/nodes/batch-delete"),
        ("GET", "pools/pool0a1b2c3d/plugins"),
    ],
)
def test_the_pool_cannot_be_changed(jobs: Jobs, method: str, path: str) -> None:
    """It is refused with a reason, not taken for a wrong path."""
    body: dict[str, Any] = {}

    assert (400, "2858") == code(jobs.request(method, path, body))


@pytest.fixture
def sdk(server: Server) -> Any:
    """The official SDK, and a job that has a node of the pool for as long as a test."""
    from huaweicloudsdkmodelarts.v1 import model

    upload_code(server.sandbox, "import time\ntime.sleep(600)\n")
    client = sdk_client(server.info)
    resource = {**POOL, "node_count": 2}
    client.create_training_job(model.CreateTrainingJobRequest(body=job("pooled", spec__resource=resource)))
    return client


def test_a_node_is_found_by_its_name(sdk: Any) -> None:
    """Each node that is listed can be read, and says what it is made of."""
    from huaweicloudsdkmodelarts.v1 import model

    listed = sdk.list_pool_nodes(model.ListPoolNodesRequest(pool_name="pool0a1b2c3d")).items
    names = [one.metadata.name for one in listed]
    request = model.ShowPoolNodeRequest
    shown = [sdk.show_pool_node(request(pool_name="pool0a1b2c3d", node_name=name)) for name in names]

    assert names == [one.metadata.name for one in shown]
    assert {("Available", "384")} == {(one.status.phase, one.status.resources.cpu) for one in shown}


def test_the_pool_is_counted(sdk: Any) -> None:
    """One pool; of the workloads as many of each kind as are listed."""
    from huaweicloudsdkmodelarts.v1 import model

    pools = sdk.show_pool_statistics(model.ShowPoolStatisticsRequest()).statistics.status
    counted = sdk.show_workload_statistics(model.ShowWorkloadStatisticsRequest(pool_name="pool0a1b2c3d")).statistics
    listed = sdk.list_workloads(model.ListWorkloadsRequest(pool_name="pool0a1b2c3d")).items

    assert (1, 0) == (pools.created, pools.failed)
    assert {"train": 1, "infer": 0, "notebook": 0} == {one.type: one.total for one in counted.items}
    assert ["train"] == [one.type for one in listed]


def test_the_pool_says_what_is_given_away(jobs: Jobs, clock: VirtualClock) -> None:
    """Capacity is what the nodes have; what the nodes of a running job have is allocated, and the rest available."""
    job_id = jobs.start("pooled", spec__resource={**POOL, "node_count": 2})
    waiting = jobs.request("GET", "metrics/runtime/pools").json()["items"][0]["table"]
    while jobs.phase(job_id) != "Running":
        clock.advance(1)
    running = jobs.request("GET", "metrics/runtime/pools").json()["items"][0]["table"]
    shares = [running[name]["value"]["cpu"] for name in ("capacity", "allocated", "available")]

    assert ["1536", "48", "1488"] == shares
    assert [1, 0] == [table["workload"]["queue"]["train"] for table in (waiting, running)]
    assert [0, 1] == [table["workload"]["allocated"]["train"] for table in (waiting, running)]


def test_the_machine_is_measured(sdk: Any) -> None:
    """Processor, memory and disk are those of this machine; of accelerators there is nothing to say."""
    from huaweicloudsdkmodelarts.v1 import model

    metrics = sdk.show_pool_monitor(model.ShowPoolMonitorRequest(pool_name="pool0a1b2c3d")).metrics
    seen = {one.metric.metric_name: one.data_points[0].statistics[0].value for one in metrics}

    assert -1 == seen["npuUtil"]
    assert 0 < seen["memUsedRate"] <= 100
    assert 0 < seen["diskAvailableCapacity"] < seen["diskCapacity"]


def test_the_pool_is_made_of_its_flavor(sdk: Any) -> None:
    """The nodes' flavor is described, and has no more of them; there are no tags."""
    from huaweicloudsdkmodelarts.v1 import model

    flavors = sdk.list_resource_flavors(model.ListResourceFlavorsRequest()).items
    nodes = sdk.list_pool_nodes(model.ListPoolNodesRequest(pool_name="pool0a1b2c3d")).items
    tags = sdk.list_pool_tags(model.ListPoolTagsRequest()).tags

    assert [nodes[0].spec.flavor] == [one.metadata.name for one in flavors]
    assert [] == tags == sdk.show_pool_tags(model.ShowPoolTagsRequest(pool_name="pool0a1b2c3d")).tags


def test_another_pool_is_not_there(sdk: Any) -> None:
    """Whatever is asked of it."""
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
    from huaweicloudsdkmodelarts.v1 import model

    for name in ("ListPoolNodes", "ListWorkloads", "ShowPoolTags", "ShowPoolMonitor", "ShowWorkloadStatistics"):
        method = "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")
        with pytest.raises(ClientRequestException) as caught:
            getattr(sdk, method)(getattr(model, f"{name}Request")(pool_name="other"))

        assert (404, "ModelArts.2890") == (caught.value.status_code, caught.value.error_code)
