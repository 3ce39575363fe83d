"""Whom ModelArts may act for: agencies, and who has been given which.

POST /v2/{project_id}/agency · POST, GET, DELETE /v2/{project_id}/authorizations

Nothing here needs them, unless the sandbox was told to insist (`require_authorization`): then training jobs are refused
with 2785 as long as there is none.
"""

import re
from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.api.queries import choice, number
from fmctl.sandbox.store import Document
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route

AGENCY = "/v2/{project_id}/agency"
AUTHORIZATIONS = "/v2/{project_id}/authorizations"
AGENCIES, COLLECTION = "agencies", "authorizations"
SUFFIX = re.compile(r"[A-Za-z0-9_-]{0,50}")
USER_ID = re.compile(r"[A-Za-z0-9-]{3,32}")
EVERYBODY = ("all", "all-users")
ALL_USERS = "all-users"
KINDS = ("agency", "credential")
USER_KINDS = ("iam", "federate", "federation-group", "grant", ALL_USERS)
MAX_CONTENT = 64


@route("POST", AGENCY)
def create_model_arts_agency(call: Call) -> Reply:
    """200 with the name that ModelArts gives it; one that is there is a conflict."""
    suffix = call.json("ModelArts.0104").get("agency_name_suffix") or ""
    if not isinstance(suffix, str) or not SUFFIX.fullmatch(suffix):
        raise _invalid("agency_name_suffix must have at most 50 letters, digits, underscores or hyphens.")
    name = f"ma_agency_{suffix}" if suffix else "modelarts_agency"
    with call.sandbox.store.transaction():
        if call.sandbox.store.get(AGENCIES, name):
            raise WireError(400, "ModelArts.3818", f"The agency {name} exists already.")
        call.sandbox.store.put(AGENCIES, name, {"name": name}, project=call.project_id, name=name)
    return Reply(200, {"agency_name": name})


@route("POST", AUTHORIZATIONS)
def create_authorization(call: Call) -> Reply:
    """200; for everybody it replaces what was there, for one user it is a conflict. A secret key is not kept."""
    made = _authorization(call, call.json("ModelArts.0104"))
    with call.sandbox.store.transaction():
        if made["user_id"] != ALL_USERS and call.sandbox.store.get(COLLECTION, made["user_id"]):
            raise WireError(400, "ModelArts.0424", f"The user {made['user_id']} is authorized already.")
        call.sandbox.store.put(COLLECTION, made["user_id"], made, project=call.project_id, name=made["user_name"])
    return Reply(200, {"result": True})


@route("GET", AUTHORIZATIONS)
def get_authorizations(call: Call) -> Reply:
    """All; `offset` counts pages."""
    limit, offset = number(call, "limit", 1000, 1, 1000), number(call, "offset", 0, 0)
    key = choice(call, "sort_by", "user_name", ("user_name", "create_time"))
    order = choice(call, "order", "ASC", ("ASC", "DESC", "asc", "desc"))
    found = call.sandbox.store.find(COLLECTION, project=call.project_id)
    found.sort(key=lambda one: one[key], reverse=order.upper() == "DESC")
    return Reply(200, {"total_count": len(found), "auth": found[offset * limit : (offset + 1) * limit]})


@route("DELETE", AUTHORIZATIONS)
def delete_authorizations(call: Call) -> Reply:
    """200; that of one user, or with `all`, or without a user, all of them."""
    user_id = call.query.get("user_id") or EVERYBODY[0]
    with call.sandbox.store.transaction():
        known = [one["user_id"] for one in call.sandbox.store.find(COLLECTION, project=call.project_id)]
        doomed = known if user_id in EVERYBODY else [one for one in known if one == user_id]
        if user_id not in EVERYBODY and not doomed:
            raise _invalid(f"the user {user_id} is not authorized.")
        for one in doomed:
            call.sandbox.store.delete(COLLECTION, one)
    return Reply(200, {"result": True, "success_message": f"{len(doomed)} authorizations were deleted."})


ROUTES: Sequence[Route] = (
    create_model_arts_agency,
    create_authorization,
    get_authorizations,
    delete_authorizations,
)


def need_authorization(call: Call) -> None:
    """Refuse what ModelArts does on behalf of its user, where the sandbox insists and nobody has allowed it."""
    if call.sandbox.require_authorization and not call.sandbox.store.count(COLLECTION, project=call.project_id):
        raise WireError(403, "ModelArts.2785", "The user has not authorized ModelArts: configure an authorization.")


def _authorization(call: Call, sent: Document) -> Document:
    kind, user_kind = sent.get("type") or "agency", str(sent.get("user_type") or "iam").lower()
    if kind not in KINDS or user_kind not in USER_KINDS:
        raise _invalid(f"type must be one of {', '.join(KINDS)}, user_type one of {', '.join(USER_KINDS)}.")
    _text(sent, "content", MAX_CONTENT)
    if kind == "credential":
        _text(sent, "secret_key", MAX_CONTENT)
    user_id, user_name = _user(sent, user_kind)
    created = round(call.sandbox.clock.now() * 1000)
    about = {"user_id": user_id, "user_name": user_name, "user_type": user_kind}
    return about | {"type": kind, "content": sent["content"], "create_time": created}


def _user(sent: Document, kind: str) -> tuple[str, str]:
    """Id and name of who is authorized; a federated user has a name alone."""
    if kind == "federate":
        _text(sent, "user_name", MAX_CONTENT)
        return str(sent["user_name"]), str(sent["user_name"])
    user_id = sent.get("user_id")
    if not isinstance(user_id, str) or not USER_ID.fullmatch(user_id):
        raise _invalid("user_id must have 3 to 32 letters, digits or hyphens, or be all.")
    if user_id in EVERYBODY:
        return ALL_USERS, ALL_USERS
    return user_id, str(sent.get("user_name") or user_id)


def _text(sent: Document, name: str, most: int) -> None:
    value: Any = sent.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise _invalid(f"{name} must be text of 1 to {most} characters.")


def _invalid(message: str) -> WireError:
    return WireError(400, "ModelArts.0104", f"Invalid parameter: {message}")
