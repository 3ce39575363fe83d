"""What training jobs can run on.

GET /v2/{project_id}/training-job-engines · training-job-flavors · training-pool-flavors
"""

import json
from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.training.catalog import ENGINES, FLAVORS, POOL_ID, Flavor, find_flavor
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route


@route("GET", "/v2/{project_id}/training-job-engines")
def show_training_job_engines(call: Call) -> Reply:
    """The preset images."""
    image = {"cpu_image_url": "", "gpu_image_url": "", "image_version": ""}
    return Reply(200, {"total": len(ENGINES), "items": [{**engine.wire(), "image_info": image} for engine in ENGINES]})


@route("GET", "/v2/{project_id}/training-job-flavors")
def show_training_job_flavors(call: Call) -> Reply:
    """The sizes of machines, all or those of one type."""
    wanted = call.query.get("flavor_type", "")
    if wanted not in ("", "CPU", "GPU", "Ascend"):
        raise WireError(400, "ModelArts.2764", "flavor_type must be CPU, GPU or Ascend.")
    found = [_flavor(flavor) for flavor in FLAVORS if wanted in ("", flavor.type)]
    return Reply(200, {"total_count": len(found), "flavors": found})


@route("GET", "/v2/{project_id}/training-pool-flavors")
def show_training_flavor_max_available_resource(call: Call) -> Reply:
    """What a job may take of a node of the pool: all of it."""
    pool_id, flavor_id = call.query.get("pool_id"), call.query.get("flavor_id")
    if not pool_id or not flavor_id:
        raise WireError(400, "ModelArts.2764", "pool_id and flavor_id are needed.")
    if pool_id != POOL_ID:
        raise WireError(404, "ModelArts.2890", f"Pool {pool_id} not found.")
    flavor = find_flavor(flavor_id, pool=True)
    if flavor is None:
        raise WireError(400, "ModelArts.2781", f"Flavor {flavor_id} not found.")
    return Reply(200, {"cpu_core_num": flavor.cores, "mem_size": flavor.memory})


ROUTES: Sequence[Route] = (
    show_training_job_engines,
    show_training_job_flavors,
    show_training_flavor_max_available_resource,
)


def _flavor(flavor: Flavor) -> dict[str, Any]:
    return {
        "flavor_id": flavor.id,
        "flavor_name": flavor.name,
        "flavor_type": flavor.type,
        "max_num": flavor.max_num,
        **({"pool_id": POOL_ID} if flavor.pool else {}),
        "billing": flavor.detail()["billing"],
        "flavor_info": flavor.detail()["flavor_info"],
        "attributes": {"data_format": "", "is_free": "false"},
        "support_engines": json.dumps([engine.id for engine in ENGINES if engine.runs_on(flavor)]),
    }
