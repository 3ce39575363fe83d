"""API keys: what callers of a service show in place of a token. Only a digest of each is kept."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from fmctl.sandbox.account import Account
from fmctl.sandbox.serving.state import milliseconds

KEYS = "api_keys"
TEMPORARY = "temporary_api_keys"
HOUR = 3600

Key = dict[str, Any]


def create(account: Account, project: str, body: Mapping[str, Any]) -> tuple[Key, str]:
    """A key, and the secret that nobody sees again."""
    secret = secrets.token_urlsafe(32)
    key = {
        "key_id": uuid.uuid4().hex,
        "name": body["name"],
        "description": body.get("description", ""),
        "create_time": str(milliseconds(account.clock.now())),
        "scope": body["scope"],
        "domain_id": account.credentials.domain_id,
        "project_id": project,
        "workspace_id": "0",
        "services": [],
        "digest": _digest(secret),
    }
    put(account, key)
    return key, secret


def put(account: Account, key: Key) -> None:
    """Store a key."""
    account.store.put(KEYS, key["key_id"], key, project=key["project_id"], name=key["name"])


def create_temporary(account: Account, project: str, hours: int) -> dict[str, Any]:
    """A secret for all services, for some hours."""
    secret, now = secrets.token_urlsafe(32), account.clock.now()
    expires = now + hours * HOUR
    account.store.put(TEMPORARY, _digest(secret), {"expires": expires, "project": project}, project=project)
    return {"api_key": secret, "expire_time": milliseconds(expires), "create_time": milliseconds(now)}


def opens(account: Account, secret: str, service: Mapping[str, Any]) -> bool:
    """Whether it is the secret of a key that is for this service."""
    digest = _digest(secret)
    return any(
        secrets.compare_digest(key["digest"], digest) and (key["scope"] == "USER" or service["id"] in key["services"])
        for key in account.store.find(KEYS, project=service["project"])
    )


def opens_for_now(account: Account, secret: str, service: Mapping[str, Any]) -> bool:
    """Whether it is a temporary secret of the service's project whose time is not over."""
    found = account.store.get(TEMPORARY, _digest(secret))
    return found is not None and found["project"] == service["project"] and account.clock.now() < found["expires"]


KINDS = {"normal": opens, "temp": opens_for_now}


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
