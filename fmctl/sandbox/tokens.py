"""IAM tokens: signed statements of who logged in, for which project and until when.

They are checked by their signature alone, so they outlive a restart of the sandbox and cost the store nothing.
"""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass

LIFETIME = 24 * 3600


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says. Without a project it is a token of the whole account."""

    user: str
    project_id: str
    issued_at: float
    expires_at: float
    nonce: str


def issue(user: str, project_id: str, key: str, now: float) -> tuple[str, Token]:
    """A new token: the text that the caller will send, and what it says."""
    token = Token(user, project_id, now, now + LIFETIME, secrets.token_hex(8))
    payload = base64.urlsafe_b64encode(json.dumps(asdict(token)).encode())
    return f"{payload.decode()}.{_seal(payload, key)}", token


def read(text: str, key: str) -> Token | None:
    """The token, or None when it was not issued with this key. Its age is for the caller to judge."""
    payload, _, seal = text.encode("utf-8", "replace").partition(b".")
    if not hmac.compare_digest(seal, _seal(payload, key).encode()):
        return None
    return Token(**json.loads(base64.urlsafe_b64decode(payload)))


def _seal(payload: bytes, key: str) -> str:
    return hmac.new(b"token" + key.encode(), payload, hashlib.sha256).hexdigest()
