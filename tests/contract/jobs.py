"""The conversation about training jobs: made, found, described, stopped, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .objects import empty
from .program import CODE, upload_code
from .shape import at
from .talk import Talk, field

JOBS = "/v2/{project_id}/training-jobs"
SEARCH = "/v2/{project_id}/training-job-searches"
NAMES = "/v2/{project_id}/training-job-names"
NOBODY = "00000000-0000-4000-8000-000000000000"
ENDED = ("Terminated", "Completed", "Failed", "Abnormal")


def hold(talk: Talk) -> Talk:
    """One job from its making to its end; whatever happens on the way, it is deleted."""
    upload_code(talk.site)
    name = talk.name("job")
    talk.ask("unknown", "GET", f"{JOBS}/{NOBODY}")
    talk.ask("free", "GET", NAMES, job_name=name, workspace_id="0")
    job = f"{JOBS}/{talk.ask('created', 'POST', JOBS, body(talk, name)).good['metadata']['id']}"
    try:
        _about(talk, name, job)
        _walk(talk, name)
        _end(talk, job)
    finally:
        talk.ask("deleted", "DELETE", job)
        empty(talk.site, CODE)
    talk.until("gone", job, lambda answer: answer.status >= 400)
    return talk


def _about(talk: Talk, name: str, job: str) -> None:
    talk.in_vain("again", JOBS, body(talk, name), "metadata.id")
    talk.ask("taken", "GET", NAMES, job_name=name, workspace_id="0")
    talk.until("running", job, field("status.phase", "Running", *ENDED))
    talk.ask("found", "POST", SEARCH, search(name))
    talk.ask("by phase", "POST", SEARCH, search(name, {"key": "phase", "operator": "in", "value": ["Failed"]}))
    talk.ask("too many", "POST", SEARCH, search(name) | {"limit": 51})
    talk.ask("described", "PUT", job, {"description": "other words"})
    talk.ask("reread", "GET", job)
    talk.until("log", f"{job}/tasks/worker-0/logs/preview", lambda answer: at(answer.data, "content"))
    talk.ask("link", "GET", f"{job}/tasks/worker-0/logs/url")


def _walk(talk: Talk, name: str) -> None:
    """Look at pages of two jobs each, of as many jobs as the site may have of us."""
    made = [talk.apart().ask("created", "POST", JOBS, body(talk, f"{name}-{at}")) for at in range(1, talk.site.several)]
    try:
        for number in range(3):
            talk.ask(f"page {number}", "POST", SEARCH, search(name, offset=number, limit=2))
    finally:
        for each in made:
            talk.apart().ask("deleted", "DELETE", f"{JOBS}/{each.good['metadata']['id']}")


def _end(talk: Talk, job: str) -> None:
    talk.ask("odd action", "POST", f"{job}/actions", {"action_type": "dance"})
    talk.ask("stopped", "POST", f"{job}/actions", {"action_type": "terminate"})
    talk.until("ended", job, field("status.phase", *ENDED))
    talk.ask("stopped twice", "POST", f"{job}/actions", {"action_type": "terminate"})


def body(talk: Talk, name: str) -> dict[str, Any]:
    """A new job that runs until it is stopped, for an hour at most."""
    site = talk.site
    return {
        "kind": "job",
        "metadata": {"name": name, "description": "of a contract", "workspace_id": "0"},
        "algorithm": {
            "code_dir": f"/{site.bucket}/{site.folder}{CODE}",
            "boot_file": f"/{site.bucket}/{site.folder}{CODE}wait.py",
            "engine": {"engine_name": site.engine, "engine_version": site.engine_version},
            "parameters": [{"name": "epochs", "value": "1"}],
            "environments": {"COLOUR": "red"},
            "outputs": [{"name": "train_url", "remote": {"obs": {"obs_url": f"/{site.bucket}/{site.folder}{name}/"}}}],
        },
        "spec": {
            "resource": {"flavor_id": site.flavor, "node_count": 1},
            "auto_stop": {"time_unit": "HOURS", "duration": 1},
        },
    }


def search(name: str, *filters: Mapping[str, Any], **page: Any) -> dict[str, Any]:
    """A search as careful clients make it."""
    named = {"key": "name", "operator": "like", "value": [name]}
    known = {"offset": 0, "limit": 50, "sort_by": "create_time", "order": "asc", "workspace_id": "0"}
    return {**known, **page, "filters": [named, *filters]}
