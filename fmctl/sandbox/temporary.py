"""Temporary keys: a pair like the permanent one, good for a while and only together with its security token.

The token says which pair it belongs to; the secret key follows from the access key. So nothing of them is stored.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from fmctl.sandbox import sealed
from fmctl.sandbox.credentials import Credentials

PURPOSE = "temporary"


class ExpiredKey(Exception):
    """The security token was good, and is no longer."""


@dataclass(frozen=True, slots=True)
class TemporaryKey:
    """What a caller is given once. Secrets stay out of its repr."""

    access_key: str
    secret_key: str = field(repr=False)
    security_token: str = field(repr=False)
    expires_at: float


def issue(owner: Credentials, now: float, seconds: float) -> TemporaryKey:
    """A new pair with its token."""
    access, end = "SANDBOXT" + secrets.token_hex(6).upper(), now + seconds
    token = sealed.write(PURPOSE, {"access_key": access, "expires_at": end}, owner.secret_key)
    return TemporaryKey(access, _secret(access, owner), token, end)


def pair(owner: Credentials, security_token: str | None, now: float) -> tuple[str, str]:
    """The access and secret key that a request must be signed with: those of its token, or the permanent ones."""
    says = sealed.read(PURPOSE, security_token, owner.secret_key) if security_token else None
    if says is None:
        return owner.access_key, owner.secret_key
    if says["expires_at"] < now:
        raise ExpiredKey
    return says["access_key"], _secret(says["access_key"], owner)


def _secret(access_key: str, owner: Credentials) -> str:
    digest = hmac.new(PURPOSE.encode() + owner.secret_key.encode(), access_key.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode()[:40]
