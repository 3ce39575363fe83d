"""The dedicated resource pool. It can be read, not changed: there is one, and it is this machine four times.

GET /v2/{project_id}/pools · GET …/{pool_name} · GET …/{pool_name}/nodes, /{node_name} ·
GET /v1/{project_id}/pools/tags · GET …/{pool_name}/tags
"""

from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.api.queries import choice, number, selected
from fmctl.sandbox.store import Document
from fmctl.sandbox.training.catalog import FLAVORS, POOL_ID, POOL_NODES
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route, unsupported

POOLS = "/v2/{project_id}/pools"
POOL = POOLS + "/{pool_name}"
TAGS = "/v1/{project_id}/pools/tags"
POOL_TAGS = "/v1/{project_id}/pools/{pool_name}/tags"
SCOPES = ("Train", "Infer")
NODE = FLAVORS[-1]
CREATED = "2026-01-01T00:00:00Z"
MOST = 500


@route("GET", POOLS)
def list_pools(call: Call) -> Reply:
    """The pool, when it is not filtered out."""
    status = choice(call, "status", "created", ("created", "failed", "creating"))
    pool, here = _pool(call), call.query.get("workspaceId") in (None, "", "0")
    wanted = status == "created" and here and selected(call, pool["metadata"]["labels"])
    return Reply(200, {"kind": "PoolList", "apiVersion": "v2", "items": [pool] if wanted else []})


@route("GET", POOL)
def show_pool(call: Call) -> Reply:
    """The pool; an unknown one is a 404."""
    need_pool(call)
    return Reply(200, _pool(call))


@route("GET", POOL + "/nodes")
def list_pool_nodes(call: Call) -> Reply:
    """Its nodes; `continue` is what the page before said."""
    need_pool(call)
    limit, at = number(call, "limit", MOST, 0, MOST), number(call, "continue", 0, 0, POOL_NODES)
    page = [_node(index) for index in range(at, min(at + limit, POOL_NODES))]
    left = POOL_NODES - at - len(page)
    about = {"continue": str(POOL_NODES - left) if left else "", "remainingItemCount": left}
    return Reply(200, {"kind": "NodeList", "apiVersion": "v2", "metadata": about, "items": page})


@route("GET", POOL + "/nodes/{node_name}")
def show_pool_node(call: Call) -> Reply:
    """One node; an unknown one is a 404."""
    need_pool(call)
    found = next(
        (node for node in map(_node, range(POOL_NODES)) if node["metadata"]["name"] == call.path["node_name"]), None
    )
    if found is None:
        raise WireError(404, "ModelArts.2890", f"Node {call.path['node_name']} not found.")
    return Reply(200, found)


@route("GET", TAGS)
def list_pool_tags(call: Call) -> Reply:
    """The tags of all pools: the one there is has none, and can be given none."""
    number(call, "limit", 1000, 1, 1000), number(call, "offset", 0, 0)
    return Reply(200, {"tags": []})


@route("GET", POOL_TAGS)
def show_pool_tags(call: Call) -> Reply:
    """The tags of the pool: none."""
    need_pool(call)
    return Reply(200, {"tags": []})


@route("*", POOLS)
def change_pools(call: Call) -> Reply:
    """There is one pool, for ever."""
    raise unsupported("the sandbox has one resource pool, which can only be read.")


@route("*", POOLS + "/{rest...}")
def change_pool(call: Call) -> Reply:
    """What else ModelArts can do with a pool."""
    raise unsupported("the sandbox has one resource pool; it, its nodes and its workloads can only be read.")


ROUTES: Sequence[Route] = (
    list_pools,
    show_pool,
    list_pool_nodes,
    show_pool_node,
    list_pool_tags,
    show_pool_tags,
    change_pools,
    change_pool,
)


def need_pool(call: Call) -> None:
    """The path names the pool there is."""
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
