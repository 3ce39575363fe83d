"""How the workers of a job are ranked in its network.

GET /v2/{project_id}/training-jobs/{id}/route_plan
"""

from collections.abc import Sequence

from fmctl.sandbox.api.training_jobs import JOB, find_job
from fmctl.sandbox.store import Document
from fmctl.sandbox.training.jobs import id_of
from fmctl.sandbox.wire import Call, Reply, Route, route

FEWEST_NODES = 3


@route("GET", JOB + "/route_plan")
def show_training_job_route_plan(call: Call) -> Reply:
    """Ranks and workers, as `0-0,1-1,…`. Without a plan the status is failed, and the order that of the workers.

    On this machine all workers of a job are equally near to one another, so that their own order is the best one.
    """
    record = find_job(call)
    workers = range(len(record["job"]["status"]["tasks"]))
    mapping = ",".join(f"{worker}-{worker}" for worker in workers)
    status = "success" if _is_planned(record) else "failed"
    return Reply(200, {"job_id": id_of(record), "status": status, "rank_mapping": mapping})


ROUTES: Sequence[Route] = (show_training_job_route_plan,)


def _is_planned(record: Document) -> bool:
    """Routes are planned when a job of three nodes or more begins to run on Ascend devices of a dedicated pool."""
    resource = record["job"]["spec"]["resource"]
    ascend = resource["flavor_detail"]["flavor_type"] == "Ascend" and bool(resource.get("pool_id"))
    return ascend and resource["node_count"] >= FEWEST_NODES and record["started_at"] is not None
