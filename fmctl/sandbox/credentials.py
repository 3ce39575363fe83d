"""The one account of a sandbox: random keys, a user and a project, made once per state folder."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

REGION = "sandbox"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who may call the sandbox. Secrets stay out of its repr."""

    access_key: str
    secret_key: str = field(repr=False)
    user: str
    password: str = field(repr=False)
    domain: str
    project_id: str
    domain_id: str
    user_id: str
    region: str = REGION


def load_or_create(path: Path) -> Credentials:
    """The credentials that the file holds; a new file, readable by its owner alone, when there is none."""
    if path.exists():
        return Credentials(**json.loads(path.read_text()))
    made = _random()
    text = json.dumps(asdict(made), indent=2)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    return made


def _random() -> Credentials:
    tag = secrets.token_hex(3)
    return Credentials(
        access_key="SANDBOX" + secrets.token_hex(8).upper()[:13],
        secret_key=secrets.token_urlsafe(30),
        user=f"sandbox-user-{tag}",
        password=secrets.token_urlsafe(18),
        domain=f"sandbox-account-{tag}",
        project_id=secrets.token_hex(16),
        domain_id=secrets.token_hex(16),
        user_id=secrets.token_hex(16),
    )
