"""How many training jobs there may be, and are.

GET, PUT /v2/{project_id}/training-quotas
"""

from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.store import Document
from fmctl.sandbox.training import checks
from fmctl.sandbox.training.jobs import Training
from fmctl.sandbox.training.quotas import DEFAULTS, quota_of, set_quota
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route, unsupported

QUOTAS = "/v2/{project_id}/training-quotas"
NO_EFFECT = ("job-retention-enabled", "job-num-quota-notify")


@route("GET", QUOTAS)
def show_training_quotas(call: Call) -> Reply:
    """The quota of one resource: of jobs, unless asked otherwise."""
    _check_user(call, call.query.get("user_id"))
    resource = call.query.get("resource") or "job-num"
    if resource not in DEFAULTS:
        raise WireError(400, "ModelArts.2764", f"resource {resource} has no quota in the sandbox.")
    return Reply(200, {"quotas": [_shown(call, resource)]})


@route("PUT", QUOTAS)
def modify_training_quotas(call: Call) -> Reply:
    """Set quotas of the account's one user. No number is too low: what there is stays."""
    body = call.json()
    if not body.get("user_id"):
        raise checks.invalid("user_id is needed.")
    _check_user(call, body["user_id"])
    changes = dict(_change(item) for item in checks.items(body, "quotas"))
    if not changes:
        raise checks.invalid("quotas must have at least one entry.")
    with call.sandbox.store.transaction():
        for resource, quota in changes.items():
            set_quota(call.sandbox.store, resource, quota)
    return Reply(200, {"user_id": body["user_id"], "quotas": [_shown(call, resource) for resource in changes]})


ROUTES: Sequence[Route] = (show_training_quotas, modify_training_quotas)


def _check_user(call: Call, user_id: Any) -> None:
    owner = call.sandbox.credentials
    if user_id and user_id not in (owner.user_id, owner.user):
        raise checks.invalid(f"the account has no user {user_id}.")


def _change(item: Document) -> tuple[str, int]:
    resource, quota = item.get("resource"), item.get("quota")
    if resource in NO_EFFECT:
        raise unsupported(f"{resource}: the sandbox keeps jobs for ever and tells nobody about quotas.")
    if not isinstance(resource, str) or resource not in DEFAULTS:
        raise checks.invalid(f"resource must be one of {', '.join(DEFAULTS)}.")
    if type(quota) is not int or quota < 0:
        raise checks.invalid("quota must be an integer of at least 0.")
    return resource, quota


def _shown(call: Call, resource: str) -> Document:
    used = call.sandbox.part(Training).count() if resource == "job-num" else 0
    return {"resource": resource, "quota": quota_of(call.sandbox.store, resource), "used": used}
