"""The dedicated resource pool. It can be read, not changed: there is one, and it is this machine four times.

GET /v2/{project_id}/pools · GET …/{pool_name} · GET …/{pool_name}/nodes · GET …/{pool_name}/workloads
"""

from collections.abc import Iterator, Sequence
from typing import Any

from fmctl.sandbox.api.queries import choice, number, records
from fmctl.sandbox.serving.state import LIVE, SERVICES
from fmctl.sandbox.store import Document
from fmctl.sandbox.training.catalog import FLAVORS, POOL_ID, POOL_NODES
from fmctl.sandbox.training.jobs import ACTIVE, Training
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route, unsupported

POOLS = "/v2/{project_id}/pools"
POOL = POOLS + "/{pool_name}"
SCOPES = ("Train", "Infer")
NODE = FLAVORS[-1]
CREATED = "2026-01-01T00:00:00Z"
MOST = 500


@route("GET", POOLS)
def list_pools(call: Call) -> Reply:
    """The pool, when it is not filtered out."""
    status = choice(call, "status", "created", ("created", "failed", "creating"))
    wanted = status == "created" and call.query.get("workspaceId") in (None, "", "0")
    return Reply(200, {"kind": "PoolList", "apiVersion": "v2", "items": [_pool(call)] if wanted else []})


@route("GET", POOL)
def show_pool(call: Call) -> Reply:
    """The pool; an unknown one is a 404."""
    _need(call)
    return Reply(200, _pool(call))


@route("GET", POOL + "/nodes")
def list_pool_nodes(call: Call) -> Reply:
    """Its nodes; `continue` is what the page before said."""
    _need(call)
    limit, at = number(call, "limit", MOST, 0, MOST), number(call, "continue", 0, 0, POOL_NODES)
    page = [_node(index) for index in range(at, min(at + limit, POOL_NODES))]
    left = POOL_NODES - at - len(page)
    about = {"continue": str(POOL_NODES - left) if left else "", "remainingItemCount": left}
    return Reply(200, {"kind": "NodeList", "apiVersion": "v2", "metadata": about, "items": page})


@route("GET", POOL + "/workloads")
def list_workloads(call: Call) -> Reply:
    """What runs or waits on it: training jobs and services."""
    _need(call)
    found = [workload for workload in (*_jobs(call), *_services(call)) if _wanted(call, workload)]
    if choice(call, "sort", "", ("", "create_time")):
        found.sort(key=lambda workload: workload["createTime"], reverse=call.query.get("ascend") != "true")
    return Reply(200, {"kind": "WorkloadList", "apiVersion": "v1", "items": list(records(call, found, MOST))})


@route("*", POOLS)
def change_pools(call: Call) -> Reply:
    """There is one pool, for ever."""
    raise unsupported("the sandbox has one resource pool, which can only be read.")


@route("*", POOLS + "/{rest...}")
def change_pool(call: Call) -> Reply:
    """What else ModelArts can do with a pool."""
    raise unsupported("the sandbox has one resource pool; it, its nodes and its workloads can only be read.")


ROUTES: Sequence[Route] = (list_pools, show_pool, list_pool_nodes, list_workloads, change_pools, change_pool)


def _need(call: Call) -> None:
    if call.path["pool_name"] != POOL_ID:
        raise WireError(404, "ModelArts.2890", f"Pool {call.path['pool_name']} not found.")


def _pool(call: Call) -> Document:
    owner, flavor = call.sandbox.credentials, {"flavor": NODE.id, "count": POOL_NODES, "maxCount": POOL_NODES}
    labels = {
        "os.modelarts/name": "sandbox",
        "os.modelarts/workspace.id": "0",
        "os.modelarts/resource.id": POOL_ID,
        "os.modelarts/tenant.project.id": owner.project_id,
    }
    states: dict[str, Any] = {name: [] for name in ("creating", "abnormal", "deleting")}
    return {
        "kind": "Pool",
        "apiVersion": "v2",
        "metadata": {
            "name": POOL_ID,
            "creationTimestamp": CREATED,
            "labels": labels,
            "annotations": {"os.modelarts/description": "", "os.modelarts/billing.mode": "0"},
        },
        "spec": {
            "type": "Dedicate",
            "scope": list(SCOPES),
            "resources": [flavor | {"azs": []}],
            "network": {"name": "sandbox"},
            "jobFlavors": [known.id for known in FLAVORS if known.pool],
            "controlMode": 0,
        },
        "status": {
            "phase": "Running",
            "message": "",
            "resources": states | {"available": [flavor | {"azs": []}]},
            "scope": [{"scopeType": scope, "state": "Enabled"} for scope in SCOPES],
            "root": "",
            "parent": "",
        },
    }


def _node(index: int) -> Document:
    amounts = {"cpu": str(NODE.cores), "memory": f"{NODE.memory}Gi", "huawei.com/ascend-snt9": str(NODE.devices)}
    return {
        "kind": "Node",
        "apiVersion": "v2",
        "metadata": {"name": f"{POOL_ID}-node-{index}", "creationTimestamp": CREATED, "labels": {}, "annotations": {}},
        "spec": {"flavor": NODE.id},
        "status": {"phase": "Available", "az": "", "privateIp": "127.0.0.1", "resources": amounts},
    }


def _jobs(call: Call) -> Iterator[Document]:
    for record in call.sandbox.part(Training).find(ACTIVE):
        job, started = record["job"], record["started_at"]
        resource, metadata = job["spec"]["resource"], job["metadata"]
        if resource.get("pool_id") == POOL_ID:
            now, created = call.sandbox.clock.now(), metadata["create_time"] / 1000
            yield _workload("train", metadata["name"], metadata["id"], job["status"]["phase"]) | {
                "flavor": resource["flavor_id"],
                "userName": metadata["user_name"],
                "priority": str(job["spec"]["schedule_policy"]["priority"]),
                "runningDuration": round(now - started) if started else 0,
                "pendingDuration": round((started or now) - created),
                "createTime": metadata["create_time"],
            }


def _services(call: Call) -> Iterator[Document]:
    states = ["deploying", "stopping", *LIVE]
    for document in call.sandbox.store.find(SERVICES, project=call.project_id, states=states):
        service = document["service"]
        pools = [place.get(key) for place in (service, *service["config"]) for key in ("pool_name", "cluster_id")]
        if POOL_ID in pools:
            status = "Running" if service["status"] in LIVE else "Pending"
            yield _workload("infer", service["service_name"], service["service_id"], status) | {
                "flavor": service["config"][0]["specification"],
                "userName": service["owner"],
                "createTime": service["publish_at"],
            }


def _workload(kind: str, name: str, uid: str, status: str) -> Document:
    about = {"kind": "Workload", "apiVersion": "v1", "type": kind, "namespace": "sandbox", "hostIps": "127.0.0.1"}
    return about | {"name": name, "jobName": name, "uid": uid, "jobUUID": uid, "status": status}


def _wanted(call: Call, workload: Document) -> bool:
    return all(call.query.get(name) in (None, "", workload[name]) for name in ("type", "status"))
