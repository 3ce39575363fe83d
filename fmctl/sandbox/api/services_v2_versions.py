"""Versions of a deployment. Endpoints, below /v2/{project_id}/services/{service_id}/deployments/{deployment}:

GET    /versions
GET    /versions/{version}
DELETE /versions/{version}
POST   /versions/{version}/switch

A version is named by its number or by its id.
"""

from collections.abc import Sequence

from fmctl.sandbox.api.services_v2_deployments import ONE
from fmctl.sandbox.api.services_v2_paging import ordered, page
from fmctl.sandbox.models.checks import invalid
from fmctl.sandbox.services_v2 import operations, rendering, shapes, state, updates
from fmctl.sandbox.services_v2.operations import Operation
from fmctl.sandbox.services_v2.records import (
    BAD_BODY,
    changing,
    need,
    need_deployment,
    need_version,
    services_of,
)
from fmctl.sandbox.services_v2.state import Deployment
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route


@route("GET", ONE + "/versions")
def list_versions(call: Call) -> Reply:
    """Every version that was not deleted."""
    deployment = need_deployment(call, need(call))
    return page(call, ordered(call, [rendering.listed_version(deployment, one) for one in deployment["versions"]]))


@route("GET", ONE + "/versions/{version}")
def show(call: Call) -> Reply:
    """The deployment as it is in one version."""
    document = need(call)
    deployment = need_deployment(call, document)
    version = need_version(call, deployment)
    return Reply(200, rendering.flat_deployment(services_of(call), document, deployment, version))


@route("DELETE", ONE + "/versions/{version}")
def delete(call: Call) -> Reply:
    """Only a version that is not in use can go."""
    with changing(call) as document:
        deployment = need_deployment(call, document)
        version = need_version(call, deployment)
        if version["id"] in _in_use(deployment):
            raise WireError(400, state.WRONG_STATE, f"The version {version['version']} is in use.")
        deployment["versions"].remove(version)
    return Reply(200, {"id": deployment["id"]})


@route("POST", ONE + "/versions/{version}/switch")
def switch(call: Call) -> Reply:
    """Go back, or forward, to a version that was there before; the number of instances and the weight stay."""
    body, now = shapes.SWITCH(call.json(BAD_BODY)), call.sandbox.clock.now()
    with changing(call) as document:
        deployment = need_deployment(call, document)
        version = need_version(call, deployment)
        if body["infer_name"] not in (deployment["id"], deployment["name"]):
            raise invalid("infer_name", "the one of the deployment in the path")
        if body.get("target_deployment_version", version["version"]) not in (version["id"], version["version"]):
            raise invalid("target_deployment_version", "the version in the path")
        operations.permit_deployment(document, deployment, Operation.SWITCH)
        if version["id"] in _in_use(deployment):
            raise WireError(400, state.WRONG_STATE, f"The version {version['version']} is in use already.")
        state.begin_upgrade(document, deployment, updates.replan(deployment["plan"], version, {}), now)
    return Reply(200, {"id": deployment["id"]})


def _in_use(deployment: Deployment) -> set[str]:
    return {plan["version_id"] for plan in (deployment["plan"], deployment["target"]) if plan}


ROUTES: Sequence[Route] = (list_versions, show, delete, switch)
