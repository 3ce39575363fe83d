"""Predictions of services of the second generation. Endpoints:

*      /v2/infers/{service_id}
*      /v2/infers/{service_id}/{path...}
*      /v2/intranet/{connection_id}/infers/{service_id}
*      /v2/intranet/{connection_id}/infers/{service_id}/{path...}

Who may ask is up to the service: holders of a token or a signature, of an API key (header Authorization, with
X-Api-Key-Type `normal` or `temp`), or everybody. Its limits apply: addresses, requests per second or minute, size and
patience. The way through an intranet connection is open for as long as it is CONNECTED.

Asynchronous services take no requests: how one is submitted and where its result is found is told by no source.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

from fmctl.sandbox.api.inference import target
from fmctl.sandbox.auth import authenticate
from fmctl.sandbox.services_v2 import keys, state
from fmctl.sandbox.services_v2.connections import leading_to
from fmctl.sandbox.services_v2.limits import admits
from fmctl.sandbox.services_v2.records import NOT_FOUND, need, services_of
from fmctl.sandbox.services_v2.state import LIVE
from fmctl.sandbox.serving.instances import Answer, Instance, InstanceLost, InstanceTooSlow, Query
from fmctl.sandbox.wire import Call, Route, WireError, route, unsupported

MEGABYTE = 1024 * 1024
# What is about the way to the gateway, and what only the gateway may see.
KEPT_BACK = frozenset({"host", "connection", "content-length", "transfer-encoding", "authorization", "cookie"})
CREDENTIALS = frozenset({"x-auth-token", "x-security-token", "x-sdk-date", "x-project-id", "x-api-key-type"})


@route("*", "/v2/infers/{service_id}", auth=False)
def predict(call: Call) -> Response:
    """Ask the service at its root."""
    return _outside(call, "/")


@route("*", "/v2/infers/{service_id}/{path...}", auth=False)
def predict_below(call: Call) -> Response:
    """Ask for another path of the service."""
    return _outside(call, f"/{call.path['path']}")


@route("*", "/v2/intranet/{connection_id}/infers/{service_id}", auth=False)
def predict_inside(call: Call) -> Response:
    """Ask the service at its root, from a connected network."""
    return _through(call, "/")


@route("*", "/v2/intranet/{connection_id}/infers/{service_id}/{path...}", auth=False)
def predict_inside_below(call: Call) -> Response:
    """Ask for another path of the service, from a connected network."""
    return _through(call, f"/{call.path['path']}")


def _outside(call: Call, path: str) -> Response:
    if not need(call)["version"]["runtime_config"]["service_invoke"].get("internet_access_enable", True):
        raise WireError(404, "ModelArts.4204", "The service has no address on the internet: internet_access_enable.")
    return _forward(call, path)


def _through(call: Call, path: str) -> Response:
    service_id, connection_id = call.path["service_id"], call.path["connection_id"]
    ways = leading_to(call.sandbox, call.project_id, service_id)
    if all(one["id"] != connection_id for one in ways):
        raise WireError(404, NOT_FOUND, f"No intranet connection {connection_id} leads to the service {service_id}.")
    return _forward(call, path)


def _forward(call: Call, path: str) -> Response:
    document = _admitted(call)
    services, service_id = services_of(call), document["service"]["id"]
    request = call.request
    query = Query(request.method, target(call, path), _passed(request.headers), request.get_data())
    chosen = services.choose(service_id)
    if chosen is None:
        raise WireError(503, "ModelArts.4503", "No instance of the service can answer now; try again later.")
    deployment_id, instance = chosen
    failed = True
    try:
        answer = _ask(instance, query, _limits(document)["request_timeout"])
        failed = answer.status >= 500
    finally:
        instance.release()
        services.traffic.record(deployment_id, deployment_id, failed=failed)
    return Response(answer.body, answer.status, content_type=answer.content_type)


def _admitted(call: Call) -> state.Document:
    """The service, if it is there for this caller and takes this request now."""
    document = need(call)
    service_id = document["service"]["id"]
    _check_caller(call, document)
    if document["service"]["type"] != "REAL_TIME":
        raise unsupported("how requests reach an asynchronous service is not documented; its deployments do run.")
    if not state.deployments_in(document, LIVE):
        raise WireError(400, "ModelArts.4203", f"The service is not running: it is {state.status(document)}.")
    limits = _limits(document)
    size = call.request.content_length
    if (len(call.request.get_data()) if size is None else size) > limits["request_size_limit"] * MEGABYTE:
        raise WireError(413, "ModelArts.4104", f"The request body is larger than {limits['request_size_limit']} MB.")
    if not services_of(call).rates.admit(service_id, limits.get("rate_limit"), call.sandbox.clock.now()):
        raise WireError(429, "ModelArts.4206", "The service takes no more requests now; try again later.")
    return document


def _check_caller(call: Call, document: state.Document) -> None:
    address = call.request.remote_addr or "127.0.0.1"
    if not admits(_limits(document), address):
        raise WireError(403, "ModelArts.0112", f"The service is closed for the address {address}.")
    kind = document["version"]["runtime_config"]["service_invoke"]["auth_type"]
    if kind == "TOKEN":
        authenticate(call.sandbox, call.request)
    elif kind == "API_KEY":
        secret = call.request.headers.get("Authorization", "").removeprefix("Bearer ")
        is_open = keys.KINDS.get(call.request.headers.get("X-Api-Key-Type", "normal").lower())
        if not secret or not is_open or not is_open(call.sandbox, secret, document["service"]):
            raise WireError(401, "ModelArts.0203", "No API key that opens this service in the request.")


def _limits(document: state.Document) -> Mapping[str, Any]:
    limits: Mapping[str, Any] = document["version"]["runtime_config"]["service_limit"]
    return limits


def _ask(instance: Instance, query: Query, timeout: float) -> Answer:
    try:
        return instance.send(query, timeout)
    except InstanceTooSlow as error:
        raise WireError(408, "ModelArts.4205", f"The service did not answer within {timeout:g} seconds.") from error
    except InstanceLost as error:
        raise WireError(502, "ModelArts.4503", "The instance ended before it answered; try again.") from error


def _passed(headers: Headers) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in KEPT_BACK | CREDENTIALS}


ROUTES: Sequence[Route] = (predict, predict_below, predict_inside, predict_inside_below)
