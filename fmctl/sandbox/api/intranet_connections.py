"""Intranet connections to services of the second generation. Endpoints, below /v2/{project_id}/intranet-connection:

POST /                              (apply for one)
GET  /requests                      (as the applicant sees them)
GET  /reviews                       (as who decides sees them)
PUT  /{connection_id}               (approve, reject, cancel, retry)
POST /{connection_id}/modify
POST /delete

In the sandbox one account is both, the applicant and the owner of the service.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from fmctl.sandbox.api.services_v2_paging import chosen, ordered, page
from fmctl.sandbox.services_v2 import connections
from fmctl.sandbox.services_v2.connections import CONNECTIONS, Action, Connection, Status
from fmctl.sandbox.services_v2.records import BAD_BODY, need
from fmctl.sandbox.services_v2.rules import missing
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route

BASE = "/v2/{project_id}/intranet-connection"
ONE = BASE + "/{connection_id}"
NOT_FOUND = "ModelArts.3502"
SAME = ("scene", "id", "service_id", "vpc_id", "pool_id", "workspace_id", "type", "applicant_user_name")
PLAIN = ("id", "applicant_user_name", "message", "scene", "status", "service_id", "service_name", "service_type")
NETWORK = ("vpc_id", "subnet_id", "pool_id", "dispatcher_group_id", "type")


@route("POST", BASE)
def create(call: Call) -> Reply:
    """Apply for a connection to a service, or to all of them."""
    body = connections.APPLICATION(call.json(BAD_BODY))
    is_global = body.get("type") == "GLOBAL"
    if not is_global and not body.get("service_id"):
        raise missing("service_id")
    with call.sandbox.store.transaction():
        service = None if is_global else need(call, body["service_id"])
        connection = connections.apply_for(call.sandbox, call.project_id, call.user, body, service)
    return Reply(200, _shown(call, connection))


@route("GET", BASE + "/requests")
def list_applications(call: Call) -> Reply:
    """What was applied for."""
    return _listed(call)


@route("GET", BASE + "/reviews")
def list_reviews(call: Call) -> Reply:
    """What there is, or was, to decide about."""
    return _listed(call)


@route("PUT", ONE)
def update(call: Call) -> Reply:
    """Decide about an application."""
    body, now = connections.DECISION(call.json(BAD_BODY)), call.sandbox.clock.now()
    _change(call, lambda one: connections.decide(one, Action(body["action"]), body.get("reason", ""), now))
    return Reply(200, {})


@route("POST", ONE + "/modify")
def modify(call: Call) -> Reply:
    """Give it other custom URLs."""
    urls, now = connections.CHANGE(call.json(BAD_BODY))["custom_urls"], call.sandbox.clock.now()
    return Reply(200, _shown(call, _change(call, lambda one: connections.rename(one, urls, now))))


@route("POST", BASE + "/delete")
def delete(call: Call) -> Reply:
    """Delete all of the ids, or none when one of them is not there or is being deleted."""
    ids, now = connections.DELETION(call.json(BAD_BODY))["intranet_connection_ids"], call.sandbox.clock.now()
    if not ids:
        raise missing("intranet_connection_ids")
    with call.sandbox.store.transaction():
        for connection in [_need(call, one) for one in dict.fromkeys(ids)]:
            connections.delete(connection, now)
            connections.put(call.sandbox, connection)
    return Reply(200, {})


def internal_urls(call: Call, project: str, service_id: str) -> list[str]:
    """Where a service answers to those who are connected to it."""
    found = connections.leading_to(call.sandbox, project, service_id)
    return [f"{_url(call, one)}/{service_id}" for one in found]


def _change(call: Call, change: Callable[[Connection], None]) -> Connection:
    with call.sandbox.store.transaction():
        connection = _need(call, call.path["connection_id"])
        change(connection)
        connections.put(call.sandbox, connection)
    return connection


def _need(call: Call, connection_id: str) -> Connection:
    connection = call.sandbox.store.get(CONNECTIONS, connection_id)
    if connection is None or connection["project"] != call.project_id:
        raise WireError(404, NOT_FOUND, f"The intranet connection {connection_id} does not exist.")
    return connection


def _listed(call: Call) -> Reply:
    found = call.sandbox.store.find(CONNECTIONS, project=call.project_id)
    wanted = ordered(call, [one for one in found if _fits(call, one)])
    return page(call, [_shown(call, one) for one in wanted])


def _fits(call: Call, connection: Mapping[str, Any]) -> bool:
    query, statuses = call.query, chosen(call, "status")
    return (
        (not statuses or connection["status"] in statuses)
        and all(connection[name] == query[name] for name in SAME if query.get(name))
        and query.get("service_name", "") in (connection["service_name"] or "")
        and query.get("applicant_domain_id") in (None, "", call.sandbox.credentials.domain_id)
        and not query.get("vpc_name")  # networks have ids here, and no names
    )


def _shown(call: Call, connection: Mapping[str, Any]) -> dict[str, Any]:
    leads = connection["status"] == Status.CONNECTED
    to = f"/{connection['service_id']}" if connection["service_id"] else ""
    return _part(connection, (*PLAIN, *NETWORK)) | {
        "owner_domain_name": call.sandbox.credentials.domain,
        "url_list": [_url(call, connection) + to] if leads else [],
        "custom_url_list": connection["custom_urls"],
        "create_at": str(connection["create_at"]),
        "update_at": str(connection["update_at"]),
    }


def _part(whole: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: whole[name] for name in names}


def _url(call: Call, connection: Mapping[str, Any]) -> str:
    return f"{call.request.host_url}v2/intranet/{connection['id']}/infers"


ROUTES: Sequence[Route] = (create, list_applications, list_reviews, update, modify, delete)
