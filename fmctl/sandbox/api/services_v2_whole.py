"""Services of the second generation as its older form knows them: with versions of their own. Endpoints, below
/v2/{project_id}/services/{service_id}:

GET  /versions
POST /versions/switch
POST /interrupt

The SDK has none of these; Terraform's provider calls them.
"""

from collections.abc import Sequence

from fmctl.sandbox.api.services_v2_paging import ordered, page
from fmctl.sandbox.models.checks import invalid
from fmctl.sandbox.services_v2 import operations, rendering, service_versions
from fmctl.sandbox.services_v2.operations import Operation
from fmctl.sandbox.services_v2.records import BAD_BODY, NOT_FOUND, changing, need, services_of
from fmctl.sandbox.services_v2.rules import Fields, text
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route

ONE = "/v2/{project_id}/services/{service_id}"
SWITCH = Fields({"id": text(), "target_version_id": text(), "workspace_id": text()}, ["target_version_id"])


@route("GET", ONE + "/versions")
def list_versions(call: Call) -> Reply:
    """Every version that the service has had."""
    return page(call, ordered(call, service_versions.listed(need(call))))


@route("POST", ONE + "/versions/switch")
def switch(call: Call) -> Reply:
    """Go back, or forward, to a version that was there before, with its deployments."""
    body, now = SWITCH(call.json(BAD_BODY)), call.sandbox.clock.now()
    if body.get("id", call.path["service_id"]) != call.path["service_id"]:
        raise invalid("id", "the one of the service in the path")
    with changing(call) as document:
        known = {one["id"]: one for one in document["history"]}
        if body["target_version_id"] not in known:
            raise WireError(404, NOT_FOUND, f"The service has no version {body['target_version_id']}.")
        operations.permit(document, Operation.UPDATE)
        service_versions.switch(document, known[body["target_version_id"]], user=call.user, now=now)
    return Reply(200, rendering.service(services_of(call), document))


@route("POST", ONE + "/interrupt")
def interrupt(call: Call) -> Reply:
    """Give up what is on its way, in all deployments."""
    now = call.sandbox.clock.now()
    with changing(call) as document:
        operations.permit(document, Operation.INTERRUPT)
        service_versions.interrupt(document, now)
    return Reply(200, rendering.service(services_of(call), document))


ROUTES: Sequence[Route] = (list_versions, switch, interrupt)
