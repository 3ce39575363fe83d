"""Instances of a deployment and their pods, which here are processes. Endpoints, below
/v2/{project_id}/services/{service_id}/deployments/{deployment}:

GET    /instances
DELETE /instances/{instance}?operation=DELETE|RECREATE
GET    /instances/{instance}/pods
DELETE /instances/{instance}/pods/{pod}
GET    /instances/{instance}/pods/{pod}/events

To read, `all` means every deployment, instance or pod.
"""

from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.api.services_v2_deployments import ONE
from fmctl.sandbox.api.services_v2_paging import chosen, number, page
from fmctl.sandbox.models.checks import invalid
from fmctl.sandbox.services_v2 import operations, rendering, state, units
from fmctl.sandbox.services_v2.operations import Operation
from fmctl.sandbox.services_v2.records import (
    ALL,
    NOT_FOUND,
    changing,
    every_deployment,
    need,
    need_deployment,
    need_instance,
    services_of,
)
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route

INSTANCE = ONE + "/instances/{instance}"
POD = INSTANCE + "/pods/{pod}"
POD_FILTERS = ("pod_name", "pod_id", "pod_node_ip", "pod_node_name", "pod_role_name")


@route("GET", ONE + "/instances")
def list_instances(call: Call) -> Reply:
    """The instances that are in service, or about to be."""
    services = services_of(call)
    found = [
        rendering.instance(services, deployment, ordinal)
        for deployment in every_deployment(call, need(call))
        for ordinal in rendering.instances_shown(deployment)
    ]
    wanted, name = chosen(call, "status"), call.query.get("instance_name", "")
    return page(
        call, [one for one in found if (not wanted or one["status"] in wanted) and name in one["instance_name"]]
    )


@route("DELETE", INSTANCE)
def delete_instance(call: Call) -> Reply:
    """End an instance. It is started again unless it is deleted, which scales the deployment down by this one."""
    operation, now = call.query.get("operation", "RECREATE"), call.sandbox.clock.now()
    if operation not in {"DELETE", "RECREATE"}:
        raise invalid("operation", "DELETE or RECREATE")
    with changing(call) as document:
        deployment = need_deployment(call, document)
        ordinal = need_instance(call, deployment)
        if operation == "DELETE":
            operations.permit_deployment(document, deployment, Operation.SCALE)
            rest = [one for one in deployment["plan"]["ordinals"] if one != ordinal]
            if not rest:
                raise invalid("operation", "the last instance cannot be deleted; stop the deployment instead")
            state.begin_upgrade(document, deployment, deployment["plan"] | {"ordinals": rest}, now)
        else:
            text = f"The instance {call.path['instance']} of {deployment['name']} is started again."
            state.event(document, state.NORMAL, text, now)
    if operation == "RECREATE":
        services_of(call).kill(deployment, units.stand_in(deployment["plan"], ordinal))
    return Reply(200, {"instance_name": call.path["instance"]})


@route("GET", INSTANCE + "/pods")
def list_pods(call: Call) -> Reply:
    """The processes of an instance."""
    wanted = chosen(call, "status")
    return page(
        call,
        [
            pod
            for pod in _pods(call)
            if (not wanted or pod["status"] in wanted)
            and all(call.query.get(name, "") in pod[name] for name in POD_FILTERS)
        ],
    )


@route("DELETE", POD)
def delete_pod(call: Call) -> Reply:
    """End one process; it is started again."""
    with changing(call) as document:
        deployment, ordinal, pod = _find(call, document)
        text = f"The pod {pod['pod_name']} of {deployment['name']} is deleted; another one takes its place."
        state.event(document, state.NORMAL, text, call.sandbox.clock.now())
    unit, slot = (int(part) for part in pod["pod_name"].rsplit("-", 2)[1:])
    services_of(call).kill(deployment, units.stand_in(deployment["plan"], ordinal), unit, slot)
    return Reply(200, {"pod_name": pod["pod_name"]})


@route("GET", POD + "/events")
def list_pod_events(call: Call) -> Reply:
    """What happened to the deployment of a pod: pods have no history of their own here."""
    document = need(call)
    names = [one["name"] for one in every_deployment(call, document)]
    if call.path["pod"] != ALL:
        _find(call, document)
    start, end = _period(call)
    return Reply(
        200,
        [
            {
                "count": 1,
                "first_timestamp": rendering.iso(event["create_at"] / 1000),
                "last_timestamp": rendering.iso(event["create_at"] / 1000),
                "message": event["event_info"],
                "reason": event["event_type"].capitalize(),
                "reporting_component": "sandbox",
                "type": "Normal" if event["event_type"] == state.NORMAL else "Warning",
            }
            for event in document["events"]
            if any(name in event["event_info"] for name in names) and start <= event["create_at"] <= end
        ],
    )


def _period(call: Call) -> tuple[int, int]:
    """Both ends, or neither."""
    if ("start_time" in call.query) != ("end_time" in call.query):
        raise invalid("start_time", "together with end_time, or not at all")
    start, end = number(call, "start_time", 0), number(call, "end_time", 1 << 59)
    if start > end:
        raise invalid("start_time", "not later than end_time")
    return start, end


def _pods(call: Call) -> list[dict[str, Any]]:
    services = services_of(call)
    return [
        pod
        for deployment in every_deployment(call, need(call))
        for ordinal in _instances(call, deployment)
        for pod in rendering.pods(services, deployment, ordinal)
    ]


def _instances(call: Call, deployment: state.Deployment) -> list[int]:
    if call.path["instance"] == ALL:
        return rendering.instances_shown(deployment)
    return [need_instance(call, deployment)]


def _find(call: Call, document: state.Document) -> tuple[state.Deployment, int, dict[str, Any]]:
    deployment = need_deployment(call, document)
    ordinal = need_instance(call, deployment)
    pods = rendering.pods(services_of(call), deployment, ordinal)
    found = next((pod for pod in pods if call.path["pod"] in (pod["pod_name"], pod["pod_id"])), None)
    if found is None:
        raise WireError(404, NOT_FOUND, f"The instance {call.path['instance']} has no pod {call.path['pod']}.")
    return deployment, ordinal, found


ROUTES: Sequence[Route] = (list_instances, delete_instance, list_pods, delete_pod, list_pod_events)
