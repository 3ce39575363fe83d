"""Checks of the ratio between the roles of a deployment. Endpoints, below
/v2/{project_id}/services/{service_id}/deployments/{deployment}:

POST /hra
GET  /hra
PUT  /hra
"""

from collections.abc import Sequence

from fmctl.sandbox.api.services_v2_deployments import ONE
from fmctl.sandbox.services_v2 import role_ratios
from fmctl.sandbox.services_v2.records import BAD_BODY, NOT_FOUND, changing, need, need_deployment
from fmctl.sandbox.services_v2.state import Deployment
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route
from fmctl.sandbox.workspaces import workspace_of

HRA = ONE + "/hra"


@route("POST", HRA)
def create(call: Call) -> Reply:
    """A policy with rules."""
    body = role_ratios.NEW(call.json(BAD_BODY))
    workspace = workspace_of(call.sandbox.store, call.project_id, body)
    with changing(call) as document:
        policy = role_ratios.create(need_deployment(call, document), body, workspace)
    return Reply(200, role_ratios.shown(policy))


@route("GET", HRA)
def show(call: Call) -> Reply:
    """The policy with its rules."""
    return Reply(200, role_ratios.shown(_with_policy(call, need_deployment(call, need(call)))["hra"]))


@route("PUT", HRA)
def update(call: Call) -> Reply:
    """Update and delete rules, change settings."""
    body = role_ratios.CHANGE(call.json(BAD_BODY))
    with changing(call) as document:
        policy = role_ratios.change(_with_policy(call, need_deployment(call, document)), body)
    return Reply(200, role_ratios.shown(policy))


def _with_policy(call: Call, deployment: Deployment) -> Deployment:
    if not deployment.get("hra"):
        raise WireError(404, NOT_FOUND, f"The deployment {call.path['deployment']} has no policy about its roles.")
    return deployment


ROUTES: Sequence[Route] = (create, show, update)
