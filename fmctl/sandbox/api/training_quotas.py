"""How many training jobs there may be, and are, and what else is set among the quotas.

GET, PUT /v2/{project_id}/training-quotas
"""

from collections.abc import Sequence

from fmctl.sandbox.shapes import Kind, Shape, accept
from fmctl.sandbox.store import Document
from fmctl.sandbox.training import checks
from fmctl.sandbox.training.jobs import Training
from fmctl.sandbox.training.quotas import RESOURCES, extra_of, quota_of, set_quota
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route

QUOTAS = "/v2/{project_id}/training-quotas"
REQUEST: Shape = {
    "user_id": Kind.TEXT,
    "quotas": [{"resource": Kind.TEXT, "quota": Kind.INTEGER, "extra_info": Kind.TEXT}],
}


@route("GET", QUOTAS)
def show_training_quotas(call: Call) -> Reply:
    """The quota of one resource: of jobs, unless asked otherwise."""
    resource = call.query.get("resource") or "job-num"
    if resource not in RESOURCES:
        raise WireError(400, "ModelArts.2764", f"resource must be one of {', '.join(RESOURCES)}.")
    return Reply(200, {"quotas": [_shown(call, resource)]})


@route("PUT", QUOTAS)
def modify_training_quotas(call: Call) -> Reply:
    """Set quotas of a user, for the whole account: it has one. What there is stays, however few are allowed."""
    body = accept(call.json(), REQUEST)
    if not body.get("user_id"):
        raise checks.invalid("user_id is needed.")
    changes = {item["resource"]: item for item in map(_checked, checks.items(body, "quotas"))}
    if not changes:
        raise checks.invalid("quotas must have at least one entry.")
    with call.sandbox.store.transaction():
        for change in changes.values():
            set_quota(call.sandbox.store, change)
    return Reply(200, {"user_id": body["user_id"], "quotas": [_shown(call, resource) for resource in changes]})


ROUTES: Sequence[Route] = (show_training_quotas, modify_training_quotas)


def _checked(item: Document) -> Document:
    resource, quota = item.get("resource"), item.get("quota")
    limits = RESOURCES.get(str(resource))
    if limits is None:
        raise checks.invalid(f"resource must be one of {', '.join(RESOURCES)}.")
    if quota is None or quota < limits.least:
        raise checks.invalid(f"the quota of {resource} must be an integer of at least {limits.least}.")
    if quota > limits.most:
        raise WireError(400, "ModelArts.2816", f"The quota of {resource} must be at most {limits.most}.")
    return item


def _shown(call: Call, resource: str) -> Document:
    used = call.sandbox.part(Training).count() if resource == "job-num" else 0
    shown: Document = {"resource": resource, "quota": quota_of(call.sandbox.store, resource), "used": used}
    extra = extra_of(call.sandbox.store, resource)
    return shown | ({"extra_info": extra} if extra else {})
