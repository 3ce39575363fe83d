"""Deployments of services of the second generation. Endpoints, below /v2/{project_id}/services/{service_id}:

POST   /deployments
GET    /deployments
GET    /deployments/{deployment}
PUT    /deployments/{deployment}
DELETE /deployments/{deployment}
POST   /deployments/{deployment}/start
POST   /deployments/{deployment}/stop
POST   /deployments/{deployment}/interrupt
PUT    /deployments/{deployment}/scale

The SDK has the name of a deployment in some of these paths and its id in others: both are understood everywhere.
"""

from collections.abc import Sequence

from fmctl.sandbox.api.services_v2_paging import chosen, number, ordered, page
from fmctl.sandbox.services_v2 import operations, rendering, shapes, state, updates
from fmctl.sandbox.services_v2.operations import Operation
from fmctl.sandbox.services_v2.records import BAD_BODY, changing, need, need_deployment, services_of
from fmctl.sandbox.services_v2.state import Deployment, Document
from fmctl.sandbox.wire import Call, Reply, Route, route

BASE = "/v2/{project_id}/services/{service_id}/deployments"
ONE = BASE + "/{deployment}"
ALL = "all"
DAY = 86400
DELETED_DAYS = 7


@route("POST", BASE)
def create(call: Call) -> Reply:
    """A deployment more; it starts at once."""
    group, now = shapes.GROUP(call.json(BAD_BODY)), call.sandbox.clock.now()
    with changing(call) as document:
        operations.permit(document, Operation.ADD)
        deployment = updates.add_deployment(document, group, user=call.user, now=now)
    return _flat(call, document, deployment)


@route("GET", BASE)
def list_deployments(call: Call) -> Reply:
    """All deployments or those with one of the statuses; with `all` also what was deleted in the last days."""
    document, statuses = need(call), chosen(call, "status")
    since = call.sandbox.clock.now() - DAY * number(call, "delete_after", DELETED_DAYS)
    deleted = [one for one in document["deleted"] if one["since"] >= since] if ALL in statuses else []
    found = [one for one in [*document["deployments"], *deleted] if statuses <= {ALL} or one["status"] in statuses]
    return page(call, ordered(call, [rendering.listed_deployment(document, one) for one in found]))


@route("GET", ONE)
def show(call: Call) -> Reply:
    """Everything about one deployment."""
    document = need(call)
    return _flat(call, document, need_deployment(call, document))


@route("PUT", ONE)
def update(call: Call) -> Reply:
    """Another version of a deployment, beside the old one until it is ready."""
    body, now = shapes.GROUP_UPDATE(call.json(BAD_BODY)), call.sandbox.clock.now()
    with changing(call) as document:
        deployment = need_deployment(call, document)
        operations.permit_deployment(document, deployment, Operation.UPDATE)
        updates.update_deployment(document, deployment, body, now)
    return _flat(call, document, deployment)


@route("DELETE", ONE)
def delete(call: Call) -> Reply:
    """It goes when its instances are gone."""
    now = call.sandbox.clock.now()
    with changing(call) as document:
        deployment = need_deployment(call, document)
        operations.permit_deployment(document, deployment, Operation.DELETE)
        state.begin_stop(document, deployment, now, becoming=state.GONE_SOON)
    return _flat(call, document, deployment)


@route("POST", ONE + "/start")
def start(call: Call) -> Reply:
    """Start one deployment."""
    now = call.sandbox.clock.now()
    with changing(call) as document:
        deployment = need_deployment(call, document)
        operations.permit_deployment(document, deployment, Operation.START)
        state.begin_deploy(document, deployment, now)
    return Reply(200, rendering.group(services_of(call), document, deployment))


@route("POST", ONE + "/stop")
def stop(call: Call) -> Reply:
    """Stop one deployment."""
    now = call.sandbox.clock.now()
    with changing(call) as document:
        deployment = need_deployment(call, document)
        operations.permit_deployment(document, deployment, Operation.STOP)
        state.begin_stop(document, deployment, now)
    return _flat(call, document, deployment)


@route("POST", ONE + "/interrupt")
def interrupt(call: Call) -> Reply:
    """Give up what is on its way: a first deployment stops, an upgrade goes back."""
    now = call.sandbox.clock.now()
    with changing(call) as document:
        deployment = need_deployment(call, document)
        operations.permit_deployment(document, deployment, Operation.INTERRUPT)
        state.interrupt(document, deployment, now)
    return _flat(call, document, deployment)


@route("PUT", ONE + "/scale")
def scale(call: Call) -> Reply:
    """More or fewer instances of the same version."""
    count, now = shapes.SCALE(call.json(BAD_BODY))["count"], call.sandbox.clock.now()
    with changing(call) as document:
        deployment = need_deployment(call, document)
        operations.permit_deployment(document, deployment, Operation.SCALE)
        plan = state.plan_of(deployment)
        ordinals = updates.scaled(plan["ordinals"], count)
        state.begin_upgrade(document, deployment, plan | {"ordinals": ordinals}, now)
    return _flat(call, document, deployment)


def _flat(call: Call, document: Document, deployment: Deployment) -> Reply:
    return Reply(200, rendering.flat_deployment(services_of(call), document, deployment))


ROUTES: Sequence[Route] = (create, list_deployments, show, update, delete, start, stop, interrupt, scale)
