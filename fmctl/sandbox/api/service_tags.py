"""Tags of services. Endpoints:

POST   /v1/{project_id}/services/{service_id}/tags/create
DELETE /v1/{project_id}/services/{service_id}/tags/delete
GET    /v1/{project_id}/services/tms/tags
"""

from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.api import service_records
from fmctl.sandbox.models.checks import check_types, invalid, missing
from fmctl.sandbox.serving import state as service_state
from fmctl.sandbox.serving.state import SERVICES
from fmctl.sandbox.wire import Call, Reply, Route, route

KEY_LIMIT = 128
VALUE_LIMIT = 255


@route("POST", "/v1/{project_id}/services/{service_id}/tags/create")
def create(call: Call) -> Reply:
    """Add tags; a key that is there gets the new value."""
    tags = {tag["key"]: tag.get("value") or "" for tag in _tags(call)}
    if any(len(value) > VALUE_LIMIT for value in tags.values()):
        raise invalid("value", f"at most {VALUE_LIMIT} characters")
    with call.sandbox.store.transaction():
        document = _real_time(call)
        document["tags"].update(tags)
        service_state.put(call.sandbox, document)
    return Reply(204)


@route("DELETE", "/v1/{project_id}/services/{service_id}/tags/delete")
def delete(call: Call) -> Reply:
    """Remove tags by key; keys that are not there are no error."""
    keys = [tag["key"] for tag in _tags(call)]
    with call.sandbox.store.transaction():
        document = _real_time(call)
        for key in keys:
            document["tags"].pop(key, None)
        service_state.put(call.sandbox, document)
    return Reply(204)


@route("GET", "/v1/{project_id}/services/tms/tags")
def list_tags(call: Call) -> Reply:
    """Every key in use, with its values."""
    values: dict[str, set[str]] = {}
    for document in call.sandbox.store.find(SERVICES, project=call.project_id):
        for key, value in document["tags"].items():
            values.setdefault(key, set()).add(value)
    return Reply(200, {"tags": [{"key": key, "values": sorted(values[key])} for key in sorted(values)]})


def _real_time(call: Call) -> dict[str, Any]:
    document = service_records.need(call, call.path["service_id"])
    if document["service"]["infer_type"] != "real-time":
        raise invalid("service_id", "only real-time services have tags")
    return document


def _tags(call: Call) -> list[dict[str, Any]]:
    tags = call.json("ModelArts.0104").get("tags")
    if tags in (None, []):
        raise missing("tags")
    if not isinstance(tags, list) or not all(isinstance(tag, dict) for tag in tags):
        raise invalid("tags", "a list of objects with key and value")
    for tag in tags:
        check_types(tag, texts=("key", "value"))
    if any(not 1 <= len(tag.get("key") or "") <= KEY_LIMIT for tag in tags):
        raise invalid("key", f"1 to {KEY_LIMIT} characters")
    return tags


ROUTES: Sequence[Route] = (create, delete, list_tags)
