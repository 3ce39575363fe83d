"""Tags of training jobs: a second call after the creation, never part of it.

POST /v2/{project_id}/modelarts-training-job/{id}/tags/create · DELETE …/{id}/tags/delete · GET …/{id}/tags ·
GET /v2/{project_id}/modelarts-training-job/tags
"""

import re
from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.api.training_jobs import find_job
from fmctl.sandbox.training import checks
from fmctl.sandbox.training.jobs import Training
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route

TAGS = "/v2/{project_id}/modelarts-training-job"
JOB_TAGS = TAGS + "/{training_job_id}/tags"
KEY = re.compile(r"(?!_sys_)(?! )[\w .:=+@-]{1,128}(?<! )")
VALUE = re.compile(r"[\w .:=+@/-]{0,255}")


@route("POST", JOB_TAGS + "/create")
def create_train_job_tags(call: Call) -> Reply:
    """Add tags; a key that is there gets the new value. 204."""
    added = {key: value or "" for key, value in _tags(call).items()}
    for key, value in added.items():
        if not KEY.fullmatch(key) or not VALUE.fullmatch(value):
            raise checks.invalid(f"the tag {key!r} has a key or a value that is not allowed.")
    with call.sandbox.store.transaction():
        record = find_job(call)
        record["tags"] = (record.get("tags") or {}) | added
        call.sandbox.part(Training).save(record)
    return Reply(204)


@route("DELETE", JOB_TAGS + "/delete")
def delete_train_job_tags(call: Call) -> Reply:
    """Remove tags by key, or by key and value; those that are not there do no harm. 204."""
    removed = _tags(call)
    with call.sandbox.store.transaction():
        record = find_job(call)
        tags = record.get("tags") or {}
        record["tags"] = {
            key: value for key, value in tags.items() if key not in removed or removed[key] not in (None, value)
        }
        call.sandbox.part(Training).save(record)
    return Reply(204)


@route("GET", JOB_TAGS)
def show_train_job_tags(call: Call) -> Reply:
    """The tags of one job."""
    tags = find_job(call).get("tags") or {}
    return Reply(200, {"tags": [{"key": key, "value": value} for key, value in tags.items()]})


@route("GET", TAGS + "/tags")
def list_training_job_tags(call: Call) -> Reply:
    """All tags of the project's jobs, values grouped by key."""
    grouped: dict[str, set[str]] = {}
    for record in call.sandbox.part(Training).find():
        for key, value in (record.get("tags") or {}).items():
            grouped.setdefault(key, set()).add(value)
    return Reply(200, {"tags": [{"key": key, "values": sorted(values)} for key, values in sorted(grouped.items())]})


ROUTES: Sequence[Route] = (create_train_job_tags, delete_train_job_tags, show_train_job_tags, list_training_job_tags)


def _tags(call: Call) -> dict[str, Any]:
    """Keys and values of the body; the value is None where none was sent."""
    tags = checks.items(call.json(), "tags")
    if not tags or any(not isinstance(tag.get("key"), str) for tag in tags):
        raise WireError(400, "ModelArts.2788", "Invalid parameter: tags must be a list of keys and values.")
    return {tag["key"]: tag.get("value") for tag in tags}
