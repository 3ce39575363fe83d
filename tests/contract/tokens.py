"""The conversation about a token: got for a password, and good for calls."""

from __future__ import annotations

from .jobs import NAMES
from .talk import Talk


def hold(talk: Talk) -> Talk:
    """Sign in and ask."""
    door = talk.door.signed_in()
    try:
        talk.through(door).ask("right", "GET", NAMES, job_name=talk.name("none"), workspace_id="0")
        talk.keep("token", door.token)
    finally:
        door.close()
    return talk
