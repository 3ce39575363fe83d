"""IAM: tokens for a password, projects by name, and who may call."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from typing import Any

from .account import ACCOUNT
from .rules import Rules
from .signatures import api_problem, canonical_query
from .wire import Refused, Reply, Request, shown

A_DAY = 86_400
_DOMAIN = {"id": "d" * 32, "name": ACCOUNT.domain}
_PROJECT = {"id": ACCOUNT.project, "name": ACCOUNT.region, "domain_id": _DOMAIN["id"]}


class Identity:
    """Gives tokens, and checks what callers show."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._tokens: set[str] = set()

    def token(self, request: Request) -> Reply:
        """A token for the password of the account, good for its project."""
        asked = request.data["auth"]
        who = asked["identity"]["password"]["user"]
        if (who["name"], who["password"], who["domain"]["name"]) != (ACCOUNT.user, ACCOUNT.password, ACCOUNT.domain):
            message = "The username or password is wrong."
            return shown({"error": {"code": 401, "message": message, "title": "Unauthorized"}}, 401)
        token = f"MII{uuid.uuid4().hex}"
        self._tokens.add(token)
        return Reply(201, shown({"token": _described(time.time())}).body, {"X-Subject-Token": token})

    def projects(self, request: Request) -> Reply:
        """The project of a region."""
        found = request.query.get("name") == ACCOUNT.region
        return shown({"projects": [_PROJECT] if found else []})

    def check(self, request: Request) -> None:
        """Refuse a caller who is not the account."""
        token = request.headers.get("X-Auth-Token")
        if token is None:
            self._check_signature(request)
        elif token not in self._tokens:
            raise Refused(401, "0203", "The token is not valid.")

    def _check_signature(self, request: Request) -> None:
        problem = api_problem(request, ACCOUNT)
        if problem:
            raise Refused(401, "APIGW.0301", f"Incorrect IAM authentication information: {problem}")
        canonical = canonical_query(request.raw_query) == request.raw_query
        self._rules.demand(canonical, f"a query that is not spelled as it is signed: {request.raw_query}")


def _described(now: float) -> dict[str, Any]:
    """What a token says of itself."""
    return {
        "issued_at": _written(now),
        "expires_at": _written(now + A_DAY),
        "methods": ["password"],
        "project": {"id": ACCOUNT.project, "name": ACCOUNT.region, "domain": _DOMAIN},
        "user": {"id": "u" * 32, "name": ACCOUNT.user, "domain": _DOMAIN},
        "roles": [],
        "catalog": [],
    }


def _written(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
