"""IAM: tokens for a password, the project by its name, the account.

POST, GET /v3/auth/tokens · GET /v3/projects · GET /v3/auth/projects · GET /v3/auth/domains
"""

import hmac
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fmctl.sandbox import tokens
from fmctl.sandbox.credentials import Credentials
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route


@route("POST", "/v3/auth/tokens", auth=False)
def create_token(call: Call) -> Reply:
    """A token for 24 hours, in the header X-Subject-Token."""
    owner, auth = call.sandbox.credentials, _mapping(_json(call), "auth")
    identity = _mapping(auth, "identity")
    user = _mapping(identity, "password", "user")
    if "password" not in (identity.get("methods") or ()) or not _is_owner(owner, user):
        return _keystone(401, "The username or password is wrong.")
    project_id = _scoped_project(owner, _mapping(auth, "scope"))
    if project_id is None:
        return _keystone(401, "The user has no access to this project or domain.")
    text, token = tokens.issue(owner.user, project_id, owner.secret_key, call.sandbox.wall.now())
    body = _token_body(owner, token, call.sandbox.endpoint, bool(call.query.get("nocatalog")))
    return Reply(201, body, {"X-Subject-Token": text})


@route("GET", "/v3/auth/tokens")
def validate_token(call: Call) -> Reply:
    """What the token in X-Subject-Token says, as long as it is good."""
    owner, text = call.sandbox.credentials, call.request.headers.get("X-Subject-Token", "")
    token = tokens.read(text, owner.secret_key)
    if token is None or token.expires_at < call.sandbox.wall.now():
        return _keystone(404, "The token is not valid, or is valid no longer.", "Not Found")
    body = _token_body(owner, token, call.sandbox.endpoint, bool(call.query.get("nocatalog")))
    return Reply(200, body, {"X-Subject-Token": text})


@route("GET", "/v3/auth/projects")
def list_auth_projects(call: Call) -> Reply:
    """The projects that the caller may use: the one there is."""
    projects = [_project(call.sandbox.credentials)]
    return Reply(200, {"links": {"self": call.request.base_url}, "projects": projects})


@route("GET", "/v3/projects")
def list_projects(call: Call) -> Reply:
    """The projects of the account, or the one of this name; the SDKs want exactly one."""
    owner = call.sandbox.credentials
    names = {owner.region, call.query.get("name", owner.region)}
    projects = [_project(owner)] if len(names) == 1 else []
    trace = {"X-IAM-Trace-Id": f"token_{owner.region}_null_{uuid.uuid4().hex}"}
    return Reply(200, {"links": {"self": call.request.base_url}, "projects": projects}, trace)


@route("GET", "/v3/auth/domains")
def list_domains(call: Call) -> Reply:
    """The one account that the caller belongs to."""
    owner = call.sandbox.credentials
    domain = {"id": owner.domain_id, "name": owner.domain, "enabled": True, "description": ""}
    return Reply(200, {"domains": [domain], "links": {"self": call.request.base_url}})


ROUTES: Sequence[Route] = (create_token, validate_token, list_auth_projects, list_projects, list_domains)


def _json(call: Call) -> dict[str, Any]:
    try:
        return call.json()
    except WireError:
        return {}


def _mapping(value: Any, *keys: str) -> dict[str, Any]:
    """The object at this path, {} when anything on the way is missing or something else."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _is_owner(owner: Credentials, user: Mapping[str, Any]) -> bool:
    given = (user.get("name"), user.get("password"), _mapping(user, "domain").get("name"))
    expected = (owner.user, owner.password, owner.domain)
    matches = [
        hmac.compare_digest(str(left).encode(), right.encode()) for left, right in zip(given, expected, strict=True)
    ]
    return all(matches)


def _scoped_project(owner: Credentials, scope: Mapping[str, Any]) -> str | None:
    """The project that is asked for; "" for a token of the whole account; None when it is not ours."""
    if "domain" in scope or not scope:
        domain = _mapping(scope, "domain")
        return "" if not domain or owner.domain in domain.values() or owner.domain_id in domain.values() else None
    project = _mapping(scope, "project")
    wanted = project.get("id") or project.get("name")
    return owner.project_id if wanted in (owner.project_id, owner.region) else None


def _token_body(owner: Credentials, token: tokens.Token, endpoint: str, nocatalog: bool) -> dict[str, Any]:
    domain = {"id": owner.domain_id, "name": owner.domain}
    user = {"id": owner.user_id, "name": owner.user, "domain": domain, "password_expires_at": ""}
    body: dict[str, Any] = {
        "expires_at": _iso(token.expires_at),
        "issued_at": _iso(token.issued_at),
        "methods": ["password"],
        "roles": [{"id": "0", "name": "te_admin"}],
        "user": user,
        "catalog": [] if nocatalog else [_service(owner, endpoint, kind) for kind in ("iam", "modelarts", "object")],
    }
    if token.project_id:
        return {"token": body | {"project": {"id": token.project_id, "name": owner.region, "domain": domain}}}
    return {"token": body | {"domain": domain}}


def _service(owner: Credentials, endpoint: str, kind: str) -> dict[str, Any]:
    where = {"id": kind, "interface": "public", "region": owner.region, "region_id": owner.region, "url": endpoint}
    return {"id": kind, "name": kind, "type": kind, "endpoints": [where]}


def _project(owner: Credentials) -> dict[str, Any]:
    return {
        "id": owner.project_id,
        "name": owner.region,
        "domain_id": owner.domain_id,
        "parent_id": owner.domain_id,
        "enabled": True,
        "is_domain": False,
        "description": "",
        "links": {},
    }


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _keystone(status: int, message: str, title: str = "Unauthorized") -> Reply:
    return Reply(status, {"error": {"code": status, "message": message, "title": title}})
