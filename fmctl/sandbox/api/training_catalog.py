"""What training jobs can run on.

GET /v2/{project_id}/training-job-engines · training-job-flavors · training-quotas
"""

import json
from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.training.catalog import ENGINES, FLAVORS, JOB_QUOTA, POOL_ID, Flavor
from fmctl.sandbox.training.jobs import Training
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


@route("GET", "/v2/{project_id}/training-quotas")
def show_training_quotas(call: Call) -> Reply:
    """How many jobs there may be, and are."""
    resource = call.query.get("resource", "job-num")
    if resource != "job-num":
        raise WireError(400, "ModelArts.2764", f"resource {resource} has no quota in the sandbox.")
    used = call.sandbox.part(Training).count()
    return Reply(200, {"quotas": [{"resource": resource, "quota": JOB_QUOTA, "used": used}]})


ROUTES: Sequence[Route] = (show_training_job_engines, show_training_job_flavors, show_training_quotas)


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
        "support_engines": json.dumps([engine.id for engine in ENGINES]),
    }
