"""What services of the second generation can run on. Endpoints:

GET /v2/{project_id}/services/flavors
GET /v2/{project_id}/services/clusters/{cluster_id}
"""

from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.api.services_v2_paging import page
from fmctl.sandbox.models.checks import invalid
from fmctl.sandbox.services_v2.records import NOT_FOUND
from fmctl.sandbox.serving.specifications import POOLS, SPECIFICATIONS, Specification
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route

CATEGORIES = {"CPU": "CPU", "GPU": "GPU", "NPU": "ASCEND"}
MIB_PER_GIB = 1024
CREATED = 1767225600000  # when the pool was, by the list of pools


@route("GET", "/v2/{project_id}/services/flavors")
def list_flavors(call: Call) -> Reply:
    """All flavors, or those of a kind."""
    wanted = call.query.get("flavor_type")
    if wanted not in {None, *CATEGORIES.values()}:
        raise invalid("flavor_type", ", ".join(CATEGORIES.values()))
    found = [_flavor(specification) for specification in SPECIFICATIONS]
    return page(call, [one for one in found if wanted in (None, one["category"])])


@route("GET", "/v2/{project_id}/services/clusters/{cluster_id}")
def show_cluster(call: Call) -> Reply:
    """A dedicated pool as services see it."""
    pool = call.path["cluster_id"]
    if pool not in POOLS:
        raise WireError(404, NOT_FOUND, f"The cluster {pool} does not exist.")
    flavors = [_flavor(specification) for specification in SPECIFICATIONS]
    return Reply(
        200,
        {
            "logic_cluster_id": pool,
            "pool_id": pool,
            "physical_pool_id": pool,
            "workspace_id": "0",
            "project_id": call.project_id,
            "status": "ACTIVE",
            "type": "DEDICATED",
            "pool_type": "PHYSICAL",
            "create_at": CREATED,
            "update_at": CREATED,
            "resource_categories": sorted({flavor["category"] for flavor in flavors}),
            "flavors": flavors,
        },
    )


def _flavor(specification: Specification) -> dict[str, Any]:
    category, cards = CATEGORIES[specification.category], specification.accelerators
    return {
        "id": specification.name,
        "name": specification.name,
        "arch": "arm64" if specification.arch == "aarch64" else "X86_64",
        "category": category,
        "description": "",
        "feature": "DEFAULT",
        "vcpus": specification.cpu,
        "memory": specification.memory_gib * MIB_PER_GIB,
        "free": False,
        "sold_out": False,
        "storages": [],
        "billing": {"code": specification.name, "unit_num": 1},
        "gpu": {"gpu": cards, "type": specification.accelerator} if category == "GPU" else None,
        "ascend": {"npu": cards, "type": specification.accelerator} if category == "ASCEND" else None,
    }


ROUTES: Sequence[Route] = (list_flavors, show_cluster)
