"""The conversation about who is calling: a key pair, its project, and what a wrong one is told."""

from __future__ import annotations

from dataclasses import replace

from .jobs import NAMES
from .models import MODELS
from .talk import Talk

ELSEWHERE = "f" * 32
"""The id of a project that is nobody's."""


def hold(talk: Talk) -> Talk:
    """The same question with the right key pair and with wrong ones; nothing is made."""
    site = talk.site
    question = {"job_name": talk.name("none"), "workspace_id": "0"}
    talk.keep("project", talk.door.project())
    talk.ask("right", "GET", NAMES, **question)
    wrong = {
        "another secret": {"secret_key": site.secret_key[::-1]},
        "another key": {"access_key": site.access_key[::-1]},
        "another project": {"project_id": ELSEWHERE},
    }
    for step, changes in wrong.items():
        door = type(talk.door)(replace(site, **changes))
        talk.through(door).ask(step, "GET", NAMES, **question)
        talk.through(door).ask(f"{step}, first API", "GET", MODELS, limit=1)
        door.close()
    return talk
