"""Tags of training jobs: a second call after the creation, never part of it.

POST /v2/{project_id}/modelarts-training-job/{id}/tags/create · DELETE …/{id}/tags/delete · GET …/{id}/tags ·
GET /v2/{project_id}/modelarts-training-job/tags · POST …/resource-instances/filter · …/resource-instances/count
"""

import re
from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.api.queries import records
from fmctl.sandbox.api.training_jobs import find_job
from fmctl.sandbox.store import Document
from fmctl.sandbox.training import checks
from fmctl.sandbox.training.jobs import Training
from fmctl.sandbox.training.search import has_tags, tag_filters
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
    found = [{"key": key, "values": sorted(values)} for key, values in sorted(grouped.items())]
    return Reply(200, {"tags": list(records(call, found))})


@route("POST", TAGS + "/resource-instances/filter")
def list_training_jobs_by_tags(call: Call) -> Reply:
    """The jobs that carry certain tags, or none; `offset` counts jobs."""
    found = _tagged(call)
    return Reply(200, {"resources": [_resource(record) for record in records(call, found)], "total_count": len(found)})


@route("POST", TAGS + "/resource-instances/count")
def count_training_jobs_by_tags(call: Call) -> Reply:
    """How many the filter finds."""
    return Reply(200, {"total_count": len(_tagged(call))})


ROUTES: Sequence[Route] = (
    create_train_job_tags,
    delete_train_job_tags,
    show_train_job_tags,
    list_training_job_tags,
    list_training_jobs_by_tags,
    count_training_jobs_by_tags,
)


def _tagged(call: Call) -> list[Document]:
    body = call.json()
    tags, parts = tag_filters(body), _name_parts(body)
    workspace, untagged = body.get("workspace_id") or "0", body.get("without_any_tag") is True
    return [
        record
        for record in call.sandbox.part(Training).find()
        if workspace == record["job"]["metadata"]["workspace_id"]
        and (not record.get("tags") if untagged else has_tags(record, tags))
        and all(part in record["job"]["metadata"]["name"] for part in parts)
    ]


def _name_parts(body: Document) -> list[str]:
    """What the names must contain: at most one match, by name."""
    matches = checks.items(body, "matches")
    if len(matches) > 1 or any(match.get("key") != "resource_name" for match in matches):
        raise WireError(400, "ModelArts.2807", "matches may have one entry, whose key is resource_name.")
    if not all(isinstance(match.get("value"), str) for match in matches):
        raise WireError(400, "ModelArts.2809", "The value of resource_name must be text.")
    return [match["value"] for match in matches]


def _resource(record: Document) -> Document:
    metadata, tags = record["job"]["metadata"], record.get("tags") or {}
    return {
        "resource_id": metadata["id"],
        "resource_name": metadata["name"],
        "workspace_id": metadata["workspace_id"],
        "resource_detail": {},
        "tags": [{"key": key, "value": value} for key, value in tags.items()],
    }


def _tags(call: Call) -> dict[str, Any]:
    """Keys and values of the body; the value is None where none was sent."""
    tags = checks.items(call.json(), "tags")
    if not tags or any(not isinstance(tag.get("key"), str) for tag in tags):
        raise checks.invalid("tags must be a list of keys and values.")
    if not all(isinstance(tag.get("value"), str | None) for tag in tags):
        raise WireError(400, "ModelArts.2825", "The value of a tag must be text.")
    return {tag["key"]: tag.get("value") for tag in tags}
