"""What all calls of object storage have in common: errors and fingerprints."""

from __future__ import annotations

import hashlib

from .wire import Reply


def error(status: int, code: str) -> Reply:
    """An error as OBS writes it."""
    return Reply(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())


def etag(content: bytes) -> str:
    """The fingerprint of an object that came in one piece."""
    return f'"{hashlib.md5(content).hexdigest()}"'
