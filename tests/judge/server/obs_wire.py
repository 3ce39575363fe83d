"""What all calls of object storage have in common: errors and fingerprints."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from .wire import Reply


def error(status: int, code: str) -> Reply:
    """An error as OBS writes it."""
    return Reply(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())


class Joined(bytes):
    """An object that came in pieces."""

    etag: str

    @classmethod
    def of(cls, parts: Sequence[bytes]) -> Joined:
        """The pieces together; the fingerprint is made of theirs, and counts them."""
        joined = cls(b"".join(parts))
        digest = hashlib.md5(b"".join(hashlib.md5(part).digest() for part in parts)).hexdigest()
        joined.etag = f'"{digest}-{len(parts)}"'
        return joined


def etag(content: bytes) -> str:
    """The fingerprint of an object."""
    return content.etag if isinstance(content, Joined) else f'"{hashlib.md5(content).hexdigest()}"'
