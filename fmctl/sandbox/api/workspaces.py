"""Workspaces.

POST, GET /v1/{project_id}/workspaces · GET, PUT, DELETE …/{workspace_id} · GET …/users/list
"""

import re
import uuid
from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.api.queries import choice, number
from fmctl.sandbox.credentials import Credentials
from fmctl.sandbox.store import Document
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route
from fmctl.sandbox.workspaces import COLLECTION, DEFAULT, LINGER_SECONDS, find_workspace, save_workspace

WORKSPACES = "/v1/{project_id}/workspaces"
WORKSPACE = WORKSPACES + "/{workspace_id}"
NAME = re.compile(r"[A-Za-z0-9_一-鿿-]{4,64}")
KINDS = ("PUBLIC", "PRIVATE", "INTERNAL")
GRANTED = ("IAM", "FEDERATE", "AGENCY")
CHANGEABLE = ("name", "description", "auth_type", "grants")
SORTS = ("name", "update_time", "status")
MAX_DESCRIPTION = 256


@route("POST", WORKSPACES)
def create_workspace(call: Call) -> Reply:
    """200 with the workspace."""
    sent, now = call.json("ModelArts.0104"), milliseconds(call)
    fields: Document = {"description": "", "auth_type": "PUBLIC", "enterprise_project_id": DEFAULT, "grants": []}
    fields |= {name: value for name, value in sent.items() if value is not None and name in (*fields, "name")}
    _check(fields)
    workspace = fields | {
        "id": uuid.uuid4().hex,
        "owner": call.user,
        "auth_type": fields["auth_type"].upper(),
        "enterprise_project_name": "",
        "create_time": now,
        "update_time": now,
        "status": "NORMAL",
        "status_info": "",
    }
    with call.sandbox.store.transaction():
        _refuse_duplicate(call, workspace["name"])
        save_workspace(call.sandbox.store, {"project_id": call.project_id, "workspace": workspace})
    return Reply(200, workspace)


@route("GET", WORKSPACES)
def list_workspace(call: Call) -> Reply:
    """All, the default one included; `offset` counts pages."""
    limit, offset = number(call, "limit", 1000, 1), number(call, "offset", 0, 0)
    key, order = choice(call, "sort_by", "name", SORTS), choice(call, "order", "desc", ("asc", "desc"))
    stored = call.sandbox.store.find(COLLECTION, project=call.project_id)
    found = [_default(call.sandbox.credentials), *(document["workspace"] for document in stored)]
    found = [workspace for workspace in found if _wanted(call, workspace)]
    found.sort(key=lambda workspace: workspace[key], reverse=order == "desc")
    page = found[offset * limit : (offset + 1) * limit]
    return Reply(200, {"total_count": len(found), "count": len(page), "workspaces": page})


@route("GET", WORKSPACES + "/users/list")
def list_users(call: Call) -> Reply:
    """The one user of the account."""
    return Reply(200, {"users": [{"userName": call.sandbox.credentials.user}]})


@route("GET", WORKSPACE)
def show_workspace(call: Call) -> Reply:
    """One workspace; an unknown id is a 400."""
    return Reply(200, workspace_in_path(call)["workspace"])


@route("PUT", WORKSPACE)
def update_workspace(call: Call) -> Reply:
    """Name, description, kind and grants; the enterprise project is for ever."""
    body = call.json("ModelArts.0104")
    changes = {
        name: body[name] for name in ("name", "description", "auth_type", "grants") if body.get(name) is not None
    }
    with call.sandbox.store.transaction():
        document = changeable(call)
        before = document["workspace"]
        workspace = before | changes | {"update_time": milliseconds(call)}
        _check(workspace)
        workspace["auth_type"] = workspace["auth_type"].upper()
        if workspace["name"] != before["name"]:
            _refuse_duplicate(call, workspace["name"])
        save_workspace(call.sandbox.store, document | {"workspace": workspace})
    return Reply(200, {"workspace_id": workspace["id"]})


@route("DELETE", WORKSPACE)
def delete_workspace(call: Call) -> Reply:
    """200; it is DELETING for a moment and then gone. What is in it stays."""
    with call.sandbox.store.transaction():
        document = changeable(call)
        document["workspace"]["status"] = "DELETING"
        document["delete_at"] = call.sandbox.clock.now() + LINGER_SECONDS
        save_workspace(call.sandbox.store, document)
    return Reply(200, {"workspace_id": document["workspace"]["id"]})


ROUTES: Sequence[Route] = (
    create_workspace,
    list_workspace,
    list_users,
    show_workspace,
    update_workspace,
    delete_workspace,
)


def _check(sent: Document) -> None:
    name, description, grants = sent.get("name"), sent["description"], sent["grants"]
    if not isinstance(name, str) or not NAME.fullmatch(name) or name == "default":
        raise invalid("name must have 4 to 64 letters, digits, hyphens or underscores, and not be default.")
    if not isinstance(description, str) or len(description) > MAX_DESCRIPTION:
        raise invalid(f"description must be text of at most {MAX_DESCRIPTION} characters.")
    if str(sent["auth_type"]).upper() not in KINDS:
        raise invalid(f"auth_type must be one of {', '.join(KINDS)}.")
    if not isinstance(sent["enterprise_project_id"], str):
        raise invalid("enterprise_project_id must be text.")
    if not isinstance(grants, list) or not all(_is_grant(grant) for grant in grants):
        raise invalid(f"each of grants must have a user_id or user_name, and a user_type of {', '.join(GRANTED)}.")


def _is_grant(sent: Any) -> bool:
    if not isinstance(sent, dict) or str(sent.get("user_type") or GRANTED[0]).upper() not in GRANTED:
        return False
    names = [sent.get("user_id"), sent.get("user_name")]
    return any(names) and all(name is None or isinstance(name, str) for name in names)


def _refuse_duplicate(call: Call, name: str) -> None:
    if call.sandbox.store.count(COLLECTION, project=call.project_id, name=name):
        raise invalid(f"there is a workspace of the name {name}.")


def changeable(call: Call) -> Document:
    """The workspace that the path names, unless it is the default one or on its way out."""
    if call.path["workspace_id"] == DEFAULT:
        raise WireError(400, "ModelArts.3566", "The default workspace cannot be changed.")
    document = workspace_in_path(call)
    if document["workspace"]["status"] != "NORMAL":
        raise WireError(400, "ModelArts.7004", f"The workspace is {document['workspace']['status']}.")
    return document


def workspace_in_path(call: Call) -> Document:
    """The document of the workspace that the path names; the default one is not stored."""
    if call.path["workspace_id"] == DEFAULT:
        return {"workspace": _default(call.sandbox.credentials)}
    return find_workspace(call.sandbox.store, call.project_id, call.path["workspace_id"])


def _wanted(call: Call, workspace: Document) -> bool:
    project = call.query.get("enterprise_project_id")
    return call.query.get("name", "") in workspace["name"] and project in (None, "", workspace["enterprise_project_id"])


def _default(owner: Credentials) -> dict[str, Any]:
    return {
        "id": DEFAULT,
        "name": "default",
        "description": "",
        "owner": owner.user,
        "auth_type": "PUBLIC",
        "enterprise_project_id": DEFAULT,
        "enterprise_project_name": "",
        "create_time": 0,
        "update_time": 0,
        "status": "NORMAL",
        "status_info": "",
        "grants": [],
    }


def milliseconds(call: Call) -> int:
    """The time, as it is kept."""
    return round(call.sandbox.clock.now() * 1000)


def invalid(message: str) -> WireError:
    """The error for what a request must not say."""
    return WireError(400, "ModelArts.0104", f"Invalid parameter: {message}")
