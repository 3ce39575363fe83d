"""IAM tokens: signed statements of who logged in, for which project and until when. Nothing of them is stored."""

import secrets
from dataclasses import asdict, dataclass

from fmctl.sandbox import sealed

LIFETIME = 24 * 3600
PURPOSE = "token"


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says. Without a project it is a token of the whole account."""

    user: str
    project_id: str
    issued_at: float
    expires_at: float
    nonce: str


def issue(user: str, project_id: str, key: str, now: float, end: float | None = None) -> tuple[str, Token]:
    """A new token: the text that the caller will send, and what it says. It is good for a day, or until `end`."""
    token = Token(user, project_id, now, now + LIFETIME if end is None else end, secrets.token_hex(8))
    return sealed.write(PURPOSE, asdict(token), key), token


def read(text: str, key: str) -> Token | None:
    """The token, or None when it was not issued with this key. Its age is for the caller to judge."""
    says = sealed.read(PURPOSE, text, key)
    return Token(**says) if says else None
