"""Real-time and batch services. Endpoints:

POST   /v1/{project_id}/services
GET    /v1/{project_id}/services
GET    /v1/{project_id}/services/{service_id}
PUT    /v1/{project_id}/services/{service_id}
PATCH  /v1/{project_id}/services/{service_id}
PUT    /v1/{project_id}/services/{service_id}/property
DELETE /v1/{project_id}/services/{service_id}          (several ids, joined by commas)

What a request asks for is written into the service's document; `serving/deployments.py` makes it come true. Edge
services are refused: nothing here would run them. Of the quotas only the one with a published number is enforced.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from fmctl.sandbox import strict_json
from fmctl.sandbox.api import service_records
from fmctl.sandbox.api.listing import contains, ordered, page
from fmctl.sandbox.models.checks import check_types, invalid, missing
from fmctl.sandbox.serving import quotas
from fmctl.sandbox.serving import state as service_state
from fmctl.sandbox.serving.checks import NETWORK, POOL, check_create, check_settings, updated_properties, whole_number
from fmctl.sandbox.serving.elements import MAX_INSTANCES, stored_config
from fmctl.sandbox.serving.state import SERVICES, Operation, milliseconds
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route
from fmctl.sandbox.workspaces import workspace_of

Document = dict[str, Any]

EXISTS = "ModelArts.3503"
NO_SUCH_ELEMENT = "ModelArts.3529"
EMPTY = "ModelArts.3610"
ECHOED = (
    "pool_name",
    "cluster_id",
    "vpc_id",
    "subnet_network_id",
    "security_group_id",
    "schedule",
    "load_balancer_policy",
    "priority",
)
SETTINGS = ("description", "schedule", "additional_properties", "load_balancer_policy", "priority")
UPDATABLE = ("status", "config", "service_secrets", *SETTINGS)
SORT_KEYS = ("publish_at", "service_name", "transition_at")


@route("POST", "/v1/{project_id}/services")
def create(call: Call) -> Reply:
    """Accept a service; it starts at once."""
    body, now = call.json("ModelArts.0104"), call.sandbox.clock.now()
    check_create(body)
    body["workspace_id"] = workspace_of(call.sandbox.store, call.project_id, body)
    pooled = any(body.get(key) for key in POOL)
    with call.sandbox.store.transaction():
        if call.sandbox.store.find(SERVICES, project=call.project_id, name=body["service_name"]):
            raise WireError(409, EXISTS, f"The service name {body['service_name']} exists already.")
        quotas.check(call.sandbox, call.project_id, body["infer_type"], pooled=pooled)
        config = stored_config(call.sandbox, call.project_id, body["config"], body)
        document = _document(call, body, config, milliseconds(now))
        service_state.begin_deploy(document, now)
        service_state.put(call.sandbox, document)
    return Reply(200, {"service_id": document["service"]["service_id"], "resource_ids": []})


@route("GET", "/v1/{project_id}/services")
def list_services(call: Call) -> Reply:
    """The services that fit all filters."""
    documents = call.sandbox.store.find(SERVICES, project=call.project_id)
    fitting = [service_records.listed(document) for document in documents if _fits(call, document)]
    found = ordered(call, fitting, SORT_KEYS, "publish_at")
    shown = page(call, found)
    return Reply(200, {"total_count": len(found), "count": len(shown), "services": shown})


@route("GET", "/v1/{project_id}/services/{service_id}")
def show(call: Call) -> Reply:
    """Everything about one service."""
    return Reply(200, service_records.detail(call, service_records.need(call, call.path["service_id"])))


@route("PUT", "/v1/{project_id}/services/{service_id}")
def update(call: Call) -> Reply:
    """Start, stop, reconfigure or redescribe. A status beside a config wins: the config is dropped without a word."""
    body, now = call.json("ModelArts.0104"), call.sandbox.clock.now()
    if not any(body.get(key) is not None for key in UPDATABLE):
        raise WireError(400, EMPTY, f"Nothing to update: send at least one of {', '.join(UPDATABLE)}.")
    reply: Document = {}
    with call.sandbox.store.transaction():
        document = service_records.need(call, call.path["service_id"])
        check_settings(body, document["service"]["infer_type"])
        if any(body.get(key) is not None for key in (*SETTINGS, "service_secrets")):
            _describe(document, body, now)
        if body.get("status") is not None:
            _set_status(document, body["status"], now)
        elif body.get("config") is not None:
            reply = _configure(call, document, body["config"], now)
        _save(call, document, now)
    return Reply(200, reply)


@route("PUT", "/v1/{project_id}/services/{service_id}/property")
def update_property(call: Call) -> Reply:
    """Change the number of instances of elements, without the rest of the configuration."""
    body, now = call.json("ModelArts.0104"), call.sandbox.clock.now()
    if body.get("changed_property") in (None, ""):
        raise missing("changed_property")
    if body["changed_property"] != "instance_count":
        raise invalid("changed_property", "instance_count")
    with call.sandbox.store.transaction():
        document = service_records.need(call, call.path["service_id"])
        if document["service"]["infer_type"] != "real-time":
            raise invalid("changed_property", "only real-time services have their instances changed")
        service_records.permit(document, Operation.SCALE)
        config = _scaled(document["service"]["config"], body.get("configs"))
        update_time = service_state.begin_update(document, config, now)
        _save(call, document, now)
    return Reply(200, {"update_time": update_time, "resource_ids": []})


@route("PATCH", "/v1/{project_id}/services/{service_id}")
def patch(call: Call) -> Reply:
    """A list of `{"op": "replace", "path": "/config/0/instance_count", "value": "2"}`."""
    operations, now = _operations(call), call.sandbox.clock.now()
    with call.sandbox.store.transaction():
        document = service_records.need(call, call.path["service_id"])
        config = _patched(document["service"]["config"], operations)
        reply = _configure(call, document, config, now)
        _save(call, document, now)
    return Reply(200, reply)


@route("DELETE", "/v1/{project_id}/services/{service_id}")
def delete(call: Call) -> Reply:
    """Delete all of the ids, or none when one of them is not there or is being deleted."""
    now = call.sandbox.clock.now()
    with call.sandbox.store.transaction():
        documents = [service_records.need(call, service_id) for service_id in call.path["service_id"].split(",")]
        for document in documents:
            service_records.permit(document, Operation.DELETE)
        for document in documents:
            service_state.begin_delete(document, now)
            _save(call, document, now)
    return Reply(200, {})


def _describe(document: Document, body: Document, now: float) -> None:
    """Change what needs no new deployment. A schedule that is sent counts from now, also when it is the same."""
    service_records.permit(document, Operation.DESCRIBE)
    service = document["service"]
    changes = {key: body[key] for key in SETTINGS if body.get(key) is not None}
    if "additional_properties" in changes:
        before = service["additional_properties"]
        changes["additional_properties"] = updated_properties(before, changes["additional_properties"])
    service.update(changes)
    if body.get("schedule") is None:
        return
    service_state.disarm(document)
    if not service["schedule"]:
        del service["schedule"]
    elif service["status"] in service_state.LIVE | {"deploying"}:
        service_state.arm(document, now)


def _set_status(document: Document, status: Any, now: float) -> None:
    if status == "running":
        service_records.permit(document, Operation.START)
        service_state.begin_deploy(document, now)
    elif status == "stopped":
        service_records.permit(document, Operation.STOP)
        service_state.begin_stop(document, now)
    else:
        raise invalid("status", "running or stopped")


def _configure(call: Call, document: Document, entries: Any, now: float) -> Document:
    service_records.permit(document, Operation.CONFIGURE)
    config = stored_config(call.sandbox, call.project_id, entries, document["service"])
    return {"update_time": service_state.begin_update(document, config, now), "resource_ids": []}


def _scaled(config: list[Document], changes: Any) -> list[Document]:
    """The configuration with other counts; each must really differ from what it is."""
    if changes in (None, []):
        raise missing("configs")
    if not isinstance(changes, list) or not all(isinstance(change, dict) for change in changes):
        raise invalid("configs", "a list of objects")
    counts: dict[str, int] = {}
    for change in changes:
        check_types(change, texts=["model_id"])
        if not change.get("model_id"):
            raise missing("model_id")
        counts[change["model_id"]] = whole_number(change.get("changed_value"), "changed_value", 1, MAX_INSTANCES)
    for model_id in counts.keys() - {element["model_id"] for element in config}:
        raise WireError(400, NO_SUCH_ELEMENT, f"The model {model_id} is not part of the service.")
    if any(counts.get(element["model_id"]) == element["instance_count"] for element in config):
        raise invalid("changed_value", "it must differ from the current number of instances")
    return [
        element | {"instance_count": counts.get(element["model_id"], element["instance_count"])} for element in config
    ]


def _operations(call: Call) -> list[Any]:
    try:
        operations = strict_json.loads(call.request.get_data())
    except ValueError as error:
        raise WireError(400, "ModelArts.0104", f"Invalid JSON in the request body: {error}") from error
    if not isinstance(operations, list) or not operations:
        raise WireError(400, "ModelArts.0104", "The body must be a list of operations.")
    return operations


def _patched(config: list[Document], operations: list[Any]) -> list[Document]:
    patched = [dict(element) for element in config]
    for operation in operations:
        parts = str(operation.get("path")).split("/") if isinstance(operation, dict) else []
        if not isinstance(operation, dict) or operation.get("op") != "replace":
            raise invalid("op", "replace")
        known = {str(index): element for index, element in enumerate(patched)}
        if len(parts) != 4 or parts[1] != "config" or parts[2] not in known:
            raise invalid("path", "/config/<index>/<field> of an element that exists")
        known[parts[2]][parts[3]] = operation.get("value")
    return patched


def _save(call: Call, document: Document, now: float) -> None:
    document["service"]["operation_time"] = milliseconds(now)
    service_state.put(call.sandbox, document)


def _fits(call: Call, document: Document) -> bool:
    query, service = call.query, document["service"]
    exact = ("service_id", "workspace_id", "infer_type", "status")
    return (
        all(service[key] == query[key] for key in exact if query.get(key))
        and contains(service["service_name"], query.get("service_name", ""), literal=True)
        and (not query.get("model_id") or any(e["model_id"] == query["model_id"] for e in service["config"]))
        and all(_is_tagged(document["tags"], wanted) for wanted in ",".join(query.getlist("tags")).split(",") if wanted)
    )


def _is_tagged(tags: Document, wanted: str) -> bool:
    """`key`, or `key=value`."""
    key, asked, value = wanted.partition("=")
    return key in tags and (not asked or tags[key] == value)


def _document(call: Call, body: Document, config: list[Document], now_ms: int) -> Document:
    # A dedicated pool has a network of its own.
    echoed = set(ECHOED) - (set(NETWORK) if any(body.get(key) for key in POOL) else set())
    service = {
        "service_id": str(uuid.uuid4()),
        "service_name": body["service_name"],
        "description": body.get("description") or "",
        "tenant": call.sandbox.credentials.domain,
        "project": call.project_id,
        "owner": call.user,
        "infer_type": body["infer_type"],
        "workspace_id": body["workspace_id"],
        "status": "deploying",
        "progress": 0,
        "publish_at": now_ms,
        "update_time": now_ms,
        "transition_at": now_ms,
        "operation_time": now_ms,
        "invocation_times": 0,
        "failed_times": 0,
        "is_shared": False,
        "shared_count": 0,
        "is_free": False,
        "additional_properties": body.get("additional_properties") or {},
        "config": config,
        **{key: body[key] for key in ECHOED if key in echoed and body.get(key)},
    }
    state = {"target": None, "fallback": False, "deploy_since": 0.0, "since": 0.0, "revision": 0, "deployed": False}
    return {"service": service, "logs": [], "events": [], "counts": {}, "tags": {}} | state


ROUTES: Sequence[Route] = (create, list_services, show, update, update_property, patch, delete)
