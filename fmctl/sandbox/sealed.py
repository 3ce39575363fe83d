"""Statements that the sandbox gives away and knows again: text with a seal that only the holder of the key can make.

They are checked by their seal alone, so they outlive a restart of the sandbox and cost the store nothing.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any


def write(purpose: str, says: Mapping[str, Any], key: str) -> str:
    """A statement as text; `purpose` keeps one kind from being taken for another."""
    payload = base64.urlsafe_b64encode(json.dumps(says).encode())
    return f"{payload.decode()}.{_seal(purpose, payload, key)}"


def read(purpose: str, text: str, key: str) -> dict[str, Any] | None:
    """What a statement says, or None when it was not made for this purpose with this key."""
    payload, _, seal = text.encode("utf-8", "replace").partition(b".")
    if not hmac.compare_digest(seal, _seal(purpose, payload, key).encode()):
        return None
    says: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload))
    return says


def _seal(purpose: str, payload: bytes, key: str) -> str:
    return hmac.new(purpose.encode() + key.encode(), payload, hashlib.sha256).hexdigest()
