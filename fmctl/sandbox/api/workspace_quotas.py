"""What a workspace may hold, and who may do what in it.

GET, PUT /v1/{project_id}/workspaces/{workspace_id}/quotas · POST …/auth

The one quota that ModelArts documents is of automatic learning, of which the sandbox has none: it is kept, nothing ever
counts against it. There is one user, who may do everything.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fmctl.sandbox.api.workspaces import WORKSPACE, changeable, invalid, milliseconds, workspace_in_path
from fmctl.sandbox.shapes import Kind, accept
from fmctl.sandbox.store import Document
from fmctl.sandbox.wire import Call, Reply, Route, route
from fmctl.sandbox.workspaces import save_workspace

UNLIMITED = -1
QUOTAS: Mapping[str, Document] = {
    "exemlProject.gpu_duration": {
        "name_en": "ExeML training duration",
        "name_cn": "自动学习训练时长",
        "unit_en": "minute",
        "unit_cn": "分钟",
        "min_quota": UNLIMITED,
        "max_quota": 60000,
    }
}
UPDATE = {"quotas": [{"resource": Kind.TEXT, "quota": Kind.INTEGER}]}
AUTH = {"requests": [{"action_id": Kind.TEXT, "action": Kind.TEXT, "resource": Kind.TEXT}]}


@route("GET", WORKSPACE + "/quotas")
def show_workspace_quotas(call: Call) -> Reply:
    """All quotas, with what is used of those that have a limit."""
    document = workspace_in_path(call)
    found = [_quota(document, resource) for resource in QUOTAS]
    return Reply(200, {"quotas": [_used(quota) for quota in found]})


@route("PUT", WORKSPACE + "/quotas")
def update_workspace_quotas(call: Call) -> Reply:
    """200 with those that were sent; all of them or none."""
    sent = accept(call.json("ModelArts.0104"), UPDATE).get("quotas") or []
    with call.sandbox.store.transaction():
        document = changeable(call)
        kept = document.setdefault("quotas", {})
        for one in sent:
            _check(one)
            kept[one["resource"]] = {"quota": one["quota"], "update_time": milliseconds(call)}
        save_workspace(call.sandbox.store, document)
    return Reply(200, {"quotas": [_quota(document, one["resource"]) for one in sent]})


@route("POST", WORKSPACE + "/auth")
def validate_authorization(call: Call) -> Reply:
    """Whether the caller may do each of these: yes."""
    workspace_in_path(call)
    asked = accept(call.json("ModelArts.0104"), AUTH).get("requests") or []
    if not asked or not all(one.get("action") for one in asked):
        raise invalid("requests must have at least one, each with an action.")
    return Reply(200, {"results": [{**one, "verdict": "allow", "cause": []} for one in asked]})


ROUTES: Sequence[Route] = (show_workspace_quotas, update_workspace_quotas, validate_authorization)


def _check(sent: Mapping[str, Any]) -> None:
    known, quota = QUOTAS.get(sent.get("resource", "")), sent.get("quota")
    if known is None:
        raise invalid(f"resource must be one of {', '.join(QUOTAS)}.")
    least, most = known["min_quota"], known["max_quota"]
    if quota is None or not least <= quota <= most or quota == 0:
        raise invalid(f"quota must be an integer from 1 to {most}, or {UNLIMITED} for no limit.")


def _quota(document: Document, resource: str) -> Document:
    usual = {"quota": UNLIMITED, "update_time": document["workspace"]["create_time"]}
    return {"resource": resource, **QUOTAS[resource], **document.get("quotas", {}).get(resource, usual)}


def _used(quota: Document) -> Document:
    return quota | {"used_quota": None if quota["quota"] == UNLIMITED else 0}
