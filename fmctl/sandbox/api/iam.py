"""IAM: tokens, and keys for a while.

POST, GET, HEAD /v3/auth/tokens · POST /v3.0/OS-CREDENTIAL/securitytokens
"""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from fmctl.sandbox import temporary, tokens
from fmctl.sandbox.api.authorizations import AGENCIES
from fmctl.sandbox.api.iam_account import catalog, iso
from fmctl.sandbox.auth import authenticate
from fmctl.sandbox.credentials import Credentials
from fmctl.sandbox.wire import Call, Reply, Route, WireError, keystone, route

SHORTEST, LONGEST = 900, 86400  # seconds that temporary keys are good for


@route("POST", "/v3/auth/tokens", auth=False)
def create_token(call: Call) -> Reply:
    """A token for a password or an agency, for 24 hours, or for another token and as long as that.

    It is in the header X-Subject-Token.
    """
    owner, auth, now = call.sandbox.credentials, _mapping(_json(call), "auth"), call.sandbox.wall.now()
    identity = _mapping(auth, "identity")
    method, end = _login(call, identity)
    if not method:
        return keystone(401, "The username or password is wrong, or another proof of who you are.")
    if unknown := _unknown_agency(call, identity):
        return unknown
    project_id = _scoped_project(owner, _mapping(auth, "scope"))
    if project_id is None:
        return keystone(401, "The user has no access to this project or domain.")
    text, token = tokens.issue(owner.user, project_id, owner.secret_key, now, end)
    return Reply(201, _described(call, token, method), {"X-Subject-Token": text})


@route("GET", "/v3/auth/tokens")
def validate_token(call: Call) -> Reply:
    """What the token in X-Subject-Token says, as long as it is good."""
    text = call.request.headers.get("X-Subject-Token", "")
    token = _good(call, text)
    if token is None:
        return keystone(404, "The token is not valid, or is valid no longer.")
    return Reply(200, _described(call, token, "password"), {"X-Subject-Token": text})


@route("POST", "/v3.0/OS-CREDENTIAL/securitytokens", auth=False)
def create_temporary_key(call: Call) -> Reply:
    """201 with a pair of keys and its token, for a login of this user or for an agency that there is."""
    owner, identity = call.sandbox.credentials, _mapping(_json(call), "auth", "identity")
    methods = _methods(identity)
    asked = _mapping(identity, "assume_role" if "assume_role" in methods else "token")
    if not ("token" in methods and _good(call, asked.get("id"))):
        authenticate(call.sandbox, call.request, scoped=False)
    if unknown := _unknown_agency(call, identity):
        return unknown
    seconds = asked.get("duration_seconds", SHORTEST)
    if type(seconds) is not int or not SHORTEST <= seconds <= LONGEST:
        return keystone(400, f"duration_seconds must be an integer from {SHORTEST} to {LONGEST}.")
    made = temporary.issue(owner, call.sandbox.wall.now(), seconds)
    keys = {"access": made.access_key, "secret": made.secret_key, "securitytoken": made.security_token}
    return Reply(201, {"credential": keys | {"expires_at": iso(made.expires_at)}})


ROUTES: Sequence[Route] = (create_token, validate_token, create_temporary_key)


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


def _methods(identity: Mapping[str, Any]) -> Sequence[Any]:
    """How the caller wants to say who it is."""
    methods = identity.get("methods")
    return methods if isinstance(methods, list) else ()


def _login(call: Call, identity: Mapping[str, Any]) -> tuple[str, float | None]:
    """By which method the caller has proved who it is, "" for none, and when what it gets ends at the latest."""
    methods = _methods(identity)
    if "password" in methods:
        return "password" * _is_owner(call.sandbox.credentials, _mapping(identity, "password", "user")), None
    if "assume_role" in methods:
        authenticate(call.sandbox, call.request, scoped=False)
        return "assume_role", None
    before = _good(call, _mapping(identity, "token").get("id")) if "token" in methods else None
    return ("token", before.expires_at) if before else ("", None)


def _unknown_agency(call: Call, identity: Mapping[str, Any]) -> Reply | None:
    """The error for an agency that nobody has made."""
    name = _mapping(identity, "assume_role").get("agency_name")
    if "assume_role" not in _methods(identity) or call.sandbox.store.get(AGENCIES, str(name)):
        return None
    return keystone(404, f"Could not find agency: {name}.")


def _good(call: Call, text: Any) -> tokens.Token | None:
    """The token, when it is one of ours and still good."""
    token = tokens.read(text, call.sandbox.credentials.secret_key) if isinstance(text, str) else None
    return token if token and token.expires_at >= call.sandbox.wall.now() else None


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


def _described(call: Call, token: tokens.Token, method: str) -> dict[str, Any]:
    owner = call.sandbox.credentials
    domain = {"id": owner.domain_id, "name": owner.domain}
    body: dict[str, Any] = {
        "expires_at": iso(token.expires_at),
        "issued_at": iso(token.issued_at),
        "methods": [method],
        "roles": [{"id": "0", "name": "te_admin"}],
        "user": {"id": owner.user_id, "name": token.user, "domain": domain, "password_expires_at": ""},
        "catalog": [] if call.query.get("nocatalog") else catalog(owner, call.sandbox.endpoint),
    }
    if token.project_id:
        return {"token": body | {"project": {"id": token.project_id, "name": owner.region, "domain": domain}}}
    return {"token": body | {"domain": domain}}
