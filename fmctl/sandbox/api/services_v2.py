"""Services of the second generation. Endpoints:

POST   /v2/{project_id}/services
GET    /v2/{project_id}/services
GET    /v2/{project_id}/services/{service_id}
PUT    /v2/{project_id}/services/{service_id}
POST   /v2/{project_id}/services/delete
POST   /v2/{project_id}/services/{service_id}/start
POST   /v2/{project_id}/services/{service_id}/stop
GET    /v2/{project_id}/services/{service_id}/events

What a request asks for is written into the service's document; `services_v2/supervision.py` makes it come true.
Asynchronous services live as the others do, but have no address: no source says how they are asked. Nor does one state
the platform's codes for these calls; they are those of the first generation.
"""

from collections.abc import Sequence
from typing import Any

from fmctl.sandbox import tokens
from fmctl.sandbox.api.intranet_connections import internal_urls
from fmctl.sandbox.api.services_v2_paging import chosen, number, ordered, page
from fmctl.sandbox.models.checks import invalid
from fmctl.sandbox.services_v2 import operations, rendering, shapes, state, updates
from fmctl.sandbox.services_v2.operations import Operation
from fmctl.sandbox.services_v2.records import BAD_BODY, changing, need, services_of
from fmctl.sandbox.services_v2.rules import missing
from fmctl.sandbox.services_v2.state import LIVE, RESTING, SERVICES_V2, Document
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route
from fmctl.sandbox.workspaces import workspace_of

EXISTS = "ModelArts.3503"
PROVIDER = "X-Auth-Token-Provider"
FIXED = ("id", "name", "type", "deploy_type", "workload_type", "workspace_id")
EVENT_TYPES = frozenset({"NORMAL", "ABNORMAL", "WARNING"})


@route("POST", "/v2/{project_id}/services")
def create(call: Call) -> Reply:
    """Accept a service; its deployment starts at once."""
    body, now = shapes.SERVICE(call.json(BAD_BODY)), call.sandbox.clock.now()
    body["workspace_id"] = workspace_of(call.sandbox.store, call.project_id, body)
    with call.sandbox.store.transaction():
        if call.sandbox.store.find(SERVICES_V2, project=call.project_id, name=body["name"]):
            raise WireError(409, EXISTS, f"The service name {body['name']} exists already.")
        document = updates.new_service(body, project=call.project_id, user=call.user, provider=_provider(call), now=now)
        state.put(call.sandbox, document)
    return _shown(call, document)


@route("GET", "/v2/{project_id}/services")
def list_services(call: Call) -> Reply:
    """The services that fit all filters."""
    documents = call.sandbox.store.find(SERVICES_V2, project=call.project_id)
    return page(call, ordered(call, [rendering.listed_service(one) for one in documents if _fits(call, one)]))


@route("GET", "/v2/{project_id}/services/{service_id}")
def show(call: Call) -> Reply:
    """Everything about one service, with the address at which it answers."""
    document = need(call)
    shown = rendering.service(services_of(call), document)
    return Reply(200, shown | {"predict_url": _addresses(call, document), "dispatcher_group_id": None})


@route("PUT", "/v2/{project_id}/services/{service_id}")
def update(call: Call) -> Reply:
    """Another version of the service, or only another description. What is left out stays as it is."""
    sent, now = call.json(BAD_BODY), call.sandbox.clock.now()
    body = shapes.SERVICE_UPDATE(sent)
    with changing(call) as document:
        service = document["service"]
        for name in FIXED:
            if sent.get(name) not in (None, "", service[name]):
                raise invalid(name, f"{service[name]}, as it is: it cannot be changed")
        if service["provider"] and _provider(call) != service["provider"]:
            raise invalid(PROVIDER, "the provider that the service was created with")
        operations.permit(document, Operation.UPDATE)
        updates.update_service(document, body, user=call.user, now=now)
    return _shown(call, document)


@route("POST", "/v2/{project_id}/services/delete")
def delete(call: Call) -> Reply:
    """Delete all of the ids, or none when one of them is not there or is being deleted."""
    ids, now = call.json(BAD_BODY).get("service_ids"), call.sandbox.clock.now()
    if not isinstance(ids, list) or not ids or not all(isinstance(one, str) for one in ids):
        raise missing("service_ids")
    with call.sandbox.store.transaction():
        documents = [need(call, one) for one in dict.fromkeys(ids)]
        for document in documents:
            operations.permit(document, Operation.DELETE)
            state.begin_delete(document, now)
            state.put(call.sandbox, document)
    services = services_of(call)
    return Reply(200, {"service_responses": [rendering.service(services, document) for document in documents]})


@route("POST", "/v2/{project_id}/services/{service_id}/start")
def start(call: Call) -> Reply:
    """Start every deployment that rests; its schedule counts from now."""
    now = call.sandbox.clock.now()
    with changing(call) as document:
        operations.permit(document, Operation.START)
        state.arm(document, now)
        for deployment in state.deployments_in(document, RESTING):
            state.begin_deploy(document, deployment, now)
    return _shown(call, document)


@route("POST", "/v2/{project_id}/services/{service_id}/stop")
def stop(call: Call) -> Reply:
    """Stop every deployment."""
    now = call.sandbox.clock.now()
    with changing(call) as document:
        operations.permit(document, Operation.STOP)
        for deployment in state.deployments_in(document, LIVE | {"FAILED"}):
            state.begin_stop(document, deployment, now)
    return _shown(call, document)


@route("GET", "/v2/{project_id}/services/{service_id}/events")
def list_events(call: Call) -> Reply:
    """What happened, the newest first."""
    types = chosen(call, "event_type") or EVENT_TYPES
    start_time, wanted = number(call, "start_time", 0), call.query.get("event_info_key", "")
    found = [
        event
        for event in need(call)["events"]
        if event["event_type"] in types
        and wanted in event["event_info"]
        and start_time <= event["create_at"] <= number(call, "end_time", event["create_at"])
    ]
    return page(call, ordered(call, found))


def _provider(call: Call) -> str | None:
    """For whom a service is made: the account of the token in the header, or a name that is no token."""
    text = call.request.headers.get(PROVIDER)
    token = tokens.read(text, call.sandbox.credentials.secret_key) if text else None
    return call.sandbox.credentials.domain_id if token else text


def _shown(call: Call, document: Document) -> Reply:
    return Reply(200, rendering.service(services_of(call), document))


def _addresses(call: Call, document: Document) -> list[dict[str, Any]]:
    """Where it answers to everybody, unless it is to be kept from the internet, and to connected networks."""
    service_id, invoke = document["service"]["id"], document["version"]["runtime_config"]["service_invoke"]
    if document["service"]["type"] != "REAL_TIME":
        return []
    is_public = invoke.get("internet_access_enable", True)
    public = [f"{call.request.host_url}v2/infers/{service_id}"] if is_public else []
    internal = internal_urls(call, call.project_id, service_id)
    return [{"type": kind, "urls": urls} for kind, urls in (("PUBLIC", public), ("INTERNAL", internal)) if urls]


def _fits(call: Call, document: Document) -> bool:
    shown, query = rendering.listed_service(document), call.query
    exact = ("id", "auth_type", "type", "workspace_id", "user_name")
    pools = {state.version_of(one)["config"].get("pool_id") for one in document["deployments"]}
    owned = document["service"]["tags"]
    tags = [entry.partition("|") for entry in chosen(call, "tags")]
    return (
        all(shown[key] == query[key] for key in exact if query.get(key))
        and all(query.get(key, "") in shown[key] for key in ("name", "description"))
        and shown["status"] in (chosen(call, "status") or {shown["status"]})
        and all(query[key] in pools for key in ("pool_id", "pool_name") if query.get(key))
        and query.get("node_ip", "127.0.0.1") == "127.0.0.1"
        and not query.get("asset_id")
        and all(key in owned and (not sep or owned[key] == value) for key, sep, value in tags)
    )


ROUTES: Sequence[Route] = (create, list_services, show, update, delete, start, stop, list_events)
