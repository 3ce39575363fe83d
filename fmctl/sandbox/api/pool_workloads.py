"""What runs or waits on the resource pool: training jobs, and services of both generations.

GET /v2/{project_id}/pools/{pool_name}/workloads · GET /v2/{project_id}/statistics/pools/{pool_name}/workloads
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from fmctl.sandbox.api.pools import POOL, need_pool
from fmctl.sandbox.api.queries import choice, records
from fmctl.sandbox.services_v2 import state as services_v2
from fmctl.sandbox.services_v2.state import SERVICES_V2
from fmctl.sandbox.serving.specifications import CUSTOM
from fmctl.sandbox.serving.state import LIVE, SERVICES
from fmctl.sandbox.store import Document
from fmctl.sandbox.training.catalog import POOL_ID
from fmctl.sandbox.training.jobs import ACTIVE, Training
from fmctl.sandbox.wire import Call, Reply, Route, route

STATISTICS = "/v2/{project_id}/statistics/pools/{pool_name}/workloads"
KINDS = ("train", "infer", "notebook")
STATES = (
    "Queue",
    "Pending",
    "Abnormal",
    "Terminating",
    "Creating",
    "Running",
    "Completed",
    "Terminated",
    "Failed",
)
MOST = 500


@route("GET", POOL + "/workloads")
def list_workloads(call: Call) -> Reply:
    """What runs or waits on it: training jobs and services."""
    need_pool(call)
    found = [workload for workload in workloads(call) if _wanted(call, workload)]
    if choice(call, "sort", "", ("", "create_time")):
        found.sort(key=lambda workload: workload["createTime"], reverse=call.query.get("ascend") != "true")
    return Reply(200, {"kind": "WorkloadList", "apiVersion": "v1", "items": list(records(call, found, MOST))})


@route("GET", STATISTICS)
def show_workload_statistics(call: Call) -> Reply:
    """How many there are of each kind, in which state."""
    need_pool(call)
    found = Counter((one["type"], one["status"]) for one in workloads(call))
    items = [
        {
            "type": kind,
            "total": sum(count for (of, _), count in found.items() if of == kind),
            "status": {state: found[kind, state] for state in STATES},
        }
        for kind in KINDS
    ]
    return Reply(200, {"statistics": {"total": len(items), "items": items}})


ROUTES: Sequence[Route] = (list_workloads, show_workload_statistics)


def workloads(call: Call) -> Sequence[Document]:
    """All of them, as the list shows them."""
    return [*_jobs(call), *_services(call), *_services_v2(call)]


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


def _services_v2(call: Call) -> Iterator[Document]:
    """Each service once, however many of its deployments are on the pool."""
    for document in call.sandbox.store.find(SERVICES_V2, project=call.project_id, states=["busy"]):
        there = [one for one in document["deployments"] if one["status"] not in services_v2.RESTING and _is_pooled(one)]
        if there:
            service = document["service"]
            status = "Running" if any(one["status"] in services_v2.LIVE for one in there) else "Pending"
            yield _workload("infer", service["name"], service["id"], status) | {
                "flavor": services_v2.version_of(there[0])["config"]["unit_configs"][0].get("flavor", CUSTOM),
                "userName": service["user_name"],
                "createTime": service["create_at"],
            }


def _is_pooled(deployment: Document) -> bool:
    return bool(services_v2.version_of(deployment)["config"].get("pool_id") == POOL_ID)


def _workload(kind: str, name: str, uid: str, status: str) -> Document:
    about = {"kind": "Workload", "apiVersion": "v1", "type": kind, "namespace": "sandbox", "hostIps": "127.0.0.1"}
    return about | {"name": name, "jobName": name, "uid": uid, "jobUUID": uid, "status": status}


def _wanted(call: Call, workload: Document) -> bool:
    fields = {"type": "type", "status": "status", "hostip": "hostIps"}
    return all(call.query.get(name) in (None, "", workload[field]) for name, field in fields.items())
