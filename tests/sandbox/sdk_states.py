"""What has to be so before a method of the SDK can do what it is for: a policy that is there, a service that runs."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from .services_v2_world import group, service, unit

Known = Mapping[str, Any]

PATIENCE = 60.0
RUNNING, STOPPED = "RUNNING", "STOPPED"
SERVING = {"cmd": "exec python -m http.server $PORT --bind 127.0.0.1", "files": [], "readiness_health": None}
SOURCE = {"endpoint": "localhost", "port": "8080", "scheme": "HTTP"}
CHECKS = {"workspace_id": "0", "hra_rules": [{"slo_info": [{"slo_objectives": []}], "metrics": [SOURCE]}]}


class Asking(Protocol):
    """What is asked of the world: an answer to a request, and which service and deployment are meant."""

    service_id: str
    deployment_id: str
    key_id: str
    served: Known

    def name(self) -> str: ...

    def ask(self, verb: str, path: str, body: Any = None) -> Any: ...


Preparation = Callable[[Asking], Known]


def scaling(world: Asking) -> dict[str, Any]:
    """A request for a policy that scales a deployment at full hours."""
    rule = {"name": "hourly", "type": "CRON_HPA", "schedule": "0 * * * *", "target_replicas": 2}
    target = {"target_resource_id": world.deployment_id, "target_resource_type": "GROUP"}
    return {"type": "CRON_HPA", "hpa_rules": [rule], **target}


def _main(world: Asking) -> str:
    return f"services/{world.service_id}/deployments/{world.deployment_id}"


def _scaled(world: Asking) -> Known:
    world.ask("POST", f"{_main(world)}/hpa", scaling(world))
    return {}


def _checked(world: Asking) -> Known:
    world.ask("POST", f"{_main(world)}/hra", CHECKS)
    return {}


def _bound(world: Asking) -> Known:
    world.ask("POST", f"services/{world.service_id}/api-keys/{world.key_id}/bind")
    return {}


def _instance(world: Asking) -> Known:
    [found] = world.ask("GET", f"{_main(world)}/instances")["data"]
    return {"name": found["instance_name"]}


def _pod(world: Asking) -> Known:
    [found] = world.ask("GET", f"{_main(world)}/instances/all/pods")["data"]
    return {"instance_name": _instance(world)["name"], "name": found["pod_name"]}


def _running(world: Asking) -> Known:
    """A service that answers, and a version of its deployment that rests: the same one for all who need one."""
    world.served = world.served or _served(world)
    world.service_id, world.deployment_id = world.served["service_id"], world.served["deployment_id"]
    if world.ask("GET", f"services/{world.service_id}")["status"] in {"STOPPING", STOPPED}:
        _until(world, STOPPED)
        world.ask("POST", f"services/{world.service_id}/start")
    _until(world, RUNNING)
    versions = world.ask("GET", f"{_main(world)}/versions")["data"]
    return {**world.served, "version": next(one["version"] for one in versions if one["version_status"] == STOPPED)}


def _served(world: Asking) -> Known:
    made = world.ask("POST", "services", service(group(unit(**SERVING)), name=world.name()))
    world.service_id, world.deployment_id = made["id"], made["version"]["instance_groups"][0]["id"]
    for port in (81, 82):
        _until(world, RUNNING)
        world.ask("PUT", _main(world), {"unit_configs": [unit(**SERVING, port=port)]})
    ids = dict.fromkeys(("id", "service_id", "resource_id"), world.service_id)
    return {**ids, "deployment_id": world.deployment_id}


def _stopped(world: Asking) -> Known:
    known = _running(world)
    world.ask("POST", f"services/{world.service_id}/stop")
    _until(world, STOPPED)
    return known


def _until(world: Asking, status: str) -> None:
    end = time.monotonic() + PATIENCE
    while world.ask("GET", f"services/{world.service_id}")["status"] != status:
        assert time.monotonic() < end
        time.sleep(0.05)


BEFORE: Mapping[str, Preparation] = {
    "show_infer_deployment_hpa": _scaled,
    "update_infer_deployment_hpa": _scaled,
    "delete_infer_deployment_hpa": _scaled,
    "show_infer_hra": _checked,
    "update_infer_hra": _checked,
    "unbind_infer_api_key": _bound,
    "batch_unbind_infer_api_keys": _bound,
    "list_infer_deployment_pods": _instance,
    "delete_infer_deployment_instance": _instance,
    "list_infer_deployment_pod_events": _pod,
    "delete_infer_deployment_pod": _pod,
    "update_infer_service": _running,
    "update_infer_deployment": _running,
    "update_infer_deployment_scale": _running,
    "delete_infer_deployment_version": _running,
    "switch_infer_deployment_version": _running,
    "stop_infer_service": _running,
    "start_infer_service": _stopped,
    "start_infer_deployment": _stopped,
}
"""By the names of the methods; what a preparation returns are fields of the request."""
