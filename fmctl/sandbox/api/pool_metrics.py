"""The resource pool in numbers: what it is made of, what of it is given away, how busy this machine is.

GET /v2/{project_id}/statistics/pools · GET /v2/{project_id}/metrics/runtime/pools ·
GET /v2/{project_id}/pools/{pool_name}/monitor · GET /v1/{project_id}/resourceflavors
"""

import time
from collections.abc import Iterator, Mapping, Sequence

import psutil

from fmctl.sandbox.api.pool_workloads import workloads
from fmctl.sandbox.api.pools import NODE, POOL, SCOPES, need_pool
from fmctl.sandbox.api.queries import choice, selected
from fmctl.sandbox.training.catalog import FLAVORS, POOL_ID, POOL_NODES, Flavor
from fmctl.sandbox.training.jobs import ACTIVE, Training
from fmctl.sandbox.wire import Call, Reply, Route, route

STATISTICS = "/v2/{project_id}/statistics/pools"
RUNTIME = "/v2/{project_id}/metrics/runtime/pools"
RESOURCE_FLAVORS = "/v1/{project_id}/resourceflavors"
NPU = "huawei.com/ascend-snt9"
NO_DATA = -1
MEGABYTE = 1 << 20
WAITING = ("Creating", "Pending")
Amounts = tuple[int, int, int]
"""Processor cores, gigabytes of memory, accelerators."""


@route("GET", STATISTICS)
def show_pool_statistics(call: Call) -> Reply:
    """One pool, and it is there."""
    here = call.query.get("workspaceId") in (None, "", "0")
    status = {"created": int(here), "creating": 0, "failed": 0, "pending": 0}
    return Reply(200, {"statistics": {"status": status}, "operationTime": _stamp(call)})


@route("GET", RUNTIME)
def show_pool_runtime_metrics(call: Call) -> Reply:
    """What the pool has, what jobs have of it, what is left, and how many run or wait."""
    whole, given = _amounts(NODE, POOL_NODES), _allocated(call)
    left = (max(whole[0] - given[0], 0), max(whole[1] - given[1], 0), max(whole[2] - given[2], 0))
    when = {"timestamp": _stamp(call), "window": "1m"}
    full = _value(whole)
    table = {
        "allocated": {"value": _value(given), **when},
        "capacity": {**dict.fromkeys(("value", "maxValue", "allValue", "allMaxValue"), full), **when},
        "available": {**dict.fromkeys(("value", "maxValue"), _value(left)), **when},
        "workload": {"allocated": _counts(call, waiting=False), "queue": _counts(call, waiting=True), **when},
    }
    metadata = {"name": POOL_ID, "labels": {"os.modelarts/workspace.id": "0"}}
    return Reply(
        200,
        {"kind": "PoolMetricsList", "apiVersion": "os.modelarts/v2", "items": [{"metadata": metadata, "table": table}]},
    )


@route("GET", POOL + "/monitor")
def show_pool_monitor(call: Call) -> Reply:
    """How busy this machine is now; nothing is remembered, so one point of time is all there is."""
    need_pool(call)
    statistic = choice(call, "statistics", "maximum", ("maximum", "minimum", "sum", "average", "sampleCount"))
    choice(call, "period", "60", ("60", "300", "900", "3600"))
    now = round(call.sandbox.clock.now() * 1000)
    metrics = [
        {
            "metric": {
                "metricName": name,
                "namespace": "PAAS.NODE",
                "dimensions": [{"name": "clusterId", "value": POOL_ID}],
            },
            "dataPoints": [
                {"timestamp": now, "unit": unit, "statistics": [{"statistic": statistic, "value": value}]},
            ],
        }
        for name, unit, value in _measured(call)
    ]
    return Reply(200, {"metrics": metrics})


@route("GET", RESOURCE_FLAVORS)
def list_resource_flavors(call: Call) -> Reply:
    """What the nodes of the pool are; more of them cannot be ordered."""
    spec = {
        "type": "Dedicate",
        "cpuArch": "arm64",
        "cpu": str(NODE.cores),
        "memory": f"{NODE.memory}Gi",
        "npu": {"type": NODE.product, "size": str(NODE.devices), "card": str(NODE.devices), "chip": str(NODE.devices)},
        "dataVolume": [],
        "billingModes": [],
        "billingCode": NODE.id,
        "jobFlavors": [flavor.id for flavor in FLAVORS if flavor.pool],
    }
    metadata = {"name": NODE.id, "labels": {"os.modelarts/scope": ".".join(SCOPES)}, "annotations": {}}
    flavor = {"kind": "ResourceFlavor", "apiVersion": "v1", "metadata": metadata, "spec": spec}
    page = {"continue": "", "remainingItemCount": 0}
    wanted = selected(call, {"os.modelarts/scope": ".".join(SCOPES)})
    items = [flavor | {"status": {"phase": {"sandbox": "soldout"}}}] if wanted else []
    return Reply(200, {"kind": "ResourceFlavorList", "apiVersion": "v1", "metadata": page, "items": items})


ROUTES: Sequence[Route] = (
    show_pool_statistics,
    show_pool_runtime_metrics,
    show_pool_monitor,
    list_resource_flavors,
)


def _amounts(flavor: Flavor, count: int) -> Amounts:
    return flavor.cores * count, flavor.memory * count, flavor.devices * count


def _allocated(call: Call) -> Amounts:
    """What the flavors of its running jobs add up to; services run on no flavor of the pool."""
    known = {flavor.id: flavor for flavor in FLAVORS if flavor.pool}
    total = (0, 0, 0)
    for record in call.sandbox.part(Training).find(ACTIVE):
        job = record["job"]
        resource = job["spec"]["resource"]
        if resource.get("pool_id") == POOL_ID and job["status"]["phase"] not in WAITING:
            more = _amounts(known[resource["flavor_id"]], resource["node_count"])
            total = (total[0] + more[0], total[1] + more[1], total[2] + more[2])
    return total


def _value(amounts: Amounts) -> Mapping[str, str]:
    cores, memory, devices = amounts
    return {"cpu": str(cores), "memory": f"{memory}Gi", NPU: str(devices)}


def _counts(call: Call, *, waiting: bool) -> Mapping[str, int]:
    kinds = [one["type"] for one in workloads(call) if (one["status"] in WAITING) == waiting]
    counts = {kind: kinds.count(kind) for kind in ("train", "infer", "notebook")}
    return {**counts, "x-infer": 0, "warmUpTask": 0, "sum": len(kinds)}


def _measured(call: Call) -> Iterator[tuple[str, str, float]]:
    """Names, units and values; the sandbox has no accelerators."""
    disk = psutil.disk_usage(str(call.sandbox.state_dir))
    yield "cpuUsage", "Percent", psutil.cpu_percent(interval=0.1)
    yield "memUsedRate", "Percent", psutil.virtual_memory().percent
    for name in ("gpuUtil", "gpuMemUsage", "npuUtil", "npuMemUsage"):
        yield name, "Percent", NO_DATA
    yield "diskCapacity", "Megabytes", disk.total // MEGABYTE
    yield "diskAvailableCapacity", "Megabytes", disk.free // MEGABYTE
    yield "diskUsedRate", "Percent", disk.percent


def _stamp(call: Call) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(call.sandbox.clock.now()))
