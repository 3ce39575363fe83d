"""Predictions. Endpoints:

*      /v1/infers/{service_id}
*      /v1/infers/{service_id}/{path...}
*      /v1/infers/{pool}/{service_id}/{path...}   (services of a dedicated pool; their pool may be left out)

The gateway in front of the instances: it checks who asks, chooses an instance by weight, and passes the request on
without the caller's credentials. An answer of the model, good or bad, is passed back as it is.
"""

from collections.abc import Sequence
from urllib.parse import quote

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

from fmctl.sandbox.auth import authenticate
from fmctl.sandbox.serving.deployments import Serving
from fmctl.sandbox.serving.instances import Answer, Instance, InstanceLost, InstanceTooSlow, Query
from fmctl.sandbox.serving.specifications import POOLS
from fmctl.sandbox.serving.state import LIVE, SERVICES
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route

# The gateway's own words; what begins with ModelArts comes from behind it.
UNPUBLISHED = "APIG.0101"
TOO_LARGE = "APIG.0201"
BAD_CREDENTIAL = "APIG.0301"
QUERY = "%=&+/?:@!$'()*,;~-._[]"
BODY_LIMIT = 12 * 1024 * 1024
TIMEOUT = 40.0
# Of the caller's headers the model sees only these, and those with the prefix: the others are about the gateway.
PASSED = frozenset({"content-type", "accept", "accept-language", "user-agent"})
PASSED_PREFIX = "x-"
CREDENTIALS = frozenset({"x-auth-token", "x-security-token", "x-sdk-date", "x-project-id", "x-domain-id"})


@route("*", "/v1/infers/{service_id}", auth=False)
def predict(call: Call) -> Reply | Response:
    """Ask the model's API at its root."""
    return _forward(call, call.path["service_id"], "/")


@route("*", "/v1/infers/{service_id}/{path...}", auth=False)
def predict_below(call: Call) -> Reply | Response:
    """Ask another API of the model."""
    if call.path["service_id"] in POOLS:
        service_id, _, path = call.path["path"].partition("/")
        return _forward(call, service_id, f"/{path}")
    return _forward(call, call.path["service_id"], f"/{call.path['path']}")


def target(call: Call, path: str) -> str:
    """Path and query, encoded again as they came; bytes that may not stand in a query are encoded, too."""
    query = quote(call.request.query_string, safe=QUERY)
    return f"{quote(path)}?{query}" if query else quote(path)


def _forward(call: Call, service_id: str, path: str) -> Response:
    serving = call.sandbox.part(Serving)
    _check_caller(call)
    _refuse_unless_running(call, service_id)
    if (call.request.content_length or 0) > BODY_LIMIT:
        raise WireError(413, TOO_LARGE, "The request body is larger than 12 MB.")
    query = Query(call.request.method, target(call, path), _headers(call.request.headers), call.request.get_data())
    chosen = serving.choose(service_id)
    if chosen is None:
        raise WireError(503, "ModelArts.4503", "No instance of the service can answer now; try again later.")
    model_id, instance = chosen
    failed = True
    try:
        answer = _ask(instance, query)
        failed = answer.status >= 500
    finally:
        instance.release()
        serving.traffic.record(service_id, model_id, failed=failed)
    return Response(answer.body, answer.status, content_type=answer.content_type)


def _check_caller(call: Call) -> None:
    try:
        authenticate(call.sandbox, call.request)
    except WireError as error:
        raise WireError(
            error.status, BAD_CREDENTIAL, f"Incorrect authentication information: {error.message}"
        ) from error


def _refuse_unless_running(call: Call, service_id: str) -> None:
    document = call.sandbox.store.get(SERVICES, service_id)
    if document is None or document["service"]["infer_type"] != "real-time":
        raise WireError(404, UNPUBLISHED, "The API does not exist or has not been published.")
    status = document["service"]["status"]
    updating = status == "deploying" and document["fallback"]
    if status not in LIVE and not updating:
        raise WireError(400, "ModelArts.4203", f"The service is not running: it is {status}.")


def _ask(instance: Instance, query: Query) -> Answer:
    try:
        return instance.send(query, TIMEOUT)
    except InstanceTooSlow as error:
        raise WireError(408, "ModelArts.4205", f"The model did not answer within {TIMEOUT:.0f} seconds.") from error
    except InstanceLost as error:
        raise WireError(502, "ModelArts.4503", "The instance ended before it answered; try again.") from error


def _headers(headers: Headers) -> dict[str, str]:
    return {name: value for name, value in headers.items() if _is_passed(name.lower())}


def _is_passed(name: str) -> bool:
    return name in PASSED or (name.startswith(PASSED_PREFIX) and name not in CREDENTIALS)


ROUTES: Sequence[Route] = (predict, predict_below)
