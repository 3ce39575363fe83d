"""Automatic scaling of a deployment. Endpoints, below
/v2/{project_id}/services/{service_id}/deployments/{deployment}:

POST   /hpa
GET    /hpa
PUT    /hpa
DELETE /hpa
GET    /hpa/events
"""

from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.api.services_v2_deployments import ONE
from fmctl.sandbox.api.services_v2_paging import ordered, page
from fmctl.sandbox.services_v2 import autoscaling
from fmctl.sandbox.services_v2.records import BAD_BODY, NOT_FOUND, changing, need, need_deployment
from fmctl.sandbox.services_v2.state import Deployment
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route
from fmctl.sandbox.workspaces import workspace_of

HPA = ONE + "/hpa"
SORT_KEYS = dict.fromkeys(("create_at", "update_at", "lastProbeTime"), "record_time") | {"status": "status"}


@route("POST", HPA)
def create(call: Call) -> Reply:
    """A policy with rules; they act from now on."""
    body, now = autoscaling.NEW(call.json(BAD_BODY)), call.sandbox.clock.now()
    workspace = workspace_of(call.sandbox.store, call.project_id, body)
    with changing(call) as document:
        deployment = need_deployment(call, document)
        autoscaling.create(deployment, body, workspace, now)
    return _shown(deployment)


@route("GET", HPA)
def show(call: Call) -> Reply:
    """The policy with its rules."""
    return _shown(_with_policy(call, need_deployment(call, need(call))))


@route("PUT", HPA)
def update(call: Call) -> Reply:
    """Add, update and delete rules."""
    body, now = autoscaling.CHANGE(call.json(BAD_BODY)), call.sandbox.clock.now()
    with changing(call) as document:
        deployment = _with_policy(call, need_deployment(call, document))
        autoscaling.change(deployment, body, now)
    return _shown(deployment)


@route("DELETE", HPA)
def delete(call: Call) -> Reply:
    """No automatic scaling any more; its events stay."""
    with changing(call) as document:
        deployment = _with_policy(call, need_deployment(call, document))
        body: dict[str, Any] = autoscaling.shown(deployment["hpa"], deployment) | {"status": "DELETED"}
        deployment["hpa"] = None
    return Reply(200, body)


@route("GET", HPA + "/events")
def list_events(call: Call) -> Reply:
    """What the rules did, the newest first."""
    return page(call, ordered(call, need_deployment(call, need(call))["hpa_events"], SORT_KEYS, "lastProbeTime"))


def _with_policy(call: Call, deployment: Deployment) -> Deployment:
    if not deployment["hpa"]:
        raise WireError(404, NOT_FOUND, f"The deployment {call.path['deployment']} has no scaling policy.")
    return deployment


def _shown(deployment: Deployment) -> Reply:
    return Reply(200, autoscaling.shown(deployment["hpa"], deployment))


ROUTES: Sequence[Route] = (create, show, update, delete, list_events)
