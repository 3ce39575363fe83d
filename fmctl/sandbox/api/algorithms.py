"""Algorithms: code, engine and channels under a name, for jobs to refer to.

POST, GET /v2/{project_id}/algorithms · GET, PUT, DELETE /v2/{project_id}/algorithms/{algorithm_id}
"""

import uuid
from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.api.queries import number
from fmctl.sandbox.shapes import accept
from fmctl.sandbox.store import Document
from fmctl.sandbox.training import checks, requests
from fmctl.sandbox.training.algorithms import COLLECTION, find_algorithm, job_config
from fmctl.sandbox.training.code import check_source, code_tree, split_folder
from fmctl.sandbox.training.parameters import check_parameters
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route
from fmctl.sandbox.workspaces import workspace_of

ALGORITHMS = "/v2/{project_id}/algorithms"
ALGORITHM = ALGORITHMS + "/{algorithm_id}"
MAX_LIMIT = 50
SORTS = ("create_time", "name")


@route("POST", ALGORITHMS)
def create_algorithm(call: Call) -> Reply:
    """201 with the algorithm."""
    body = accept(call.json(), requests.ALGORITHM)
    with call.sandbox.store.transaction():
        name = _check(call, body)
        if call.sandbox.store.count(COLLECTION, project=call.project_id, name=name):
            raise WireError(400, "ModelArts.2821", f"Duplicate algorithm name {name}.")
        body["metadata"]["workspace_id"] = workspace_of(call.sandbox.store, call.project_id, body["metadata"])
        made = _document(call, body, str(uuid.uuid4()), round(call.sandbox.clock.now() * 1000))
        _save(call, made)
    return Reply(201, _shown(made))


@route("GET", ALGORITHMS)
def list_algorithms(call: Call) -> Reply:
    """Those of the project, newest first; `offset` counts algorithms, `searches=name:x` looks for a part."""
    limit, offset = number(call, "limit", MAX_LIMIT, 1, MAX_LIMIT), number(call, "offset", 0, 0)
    key, order = call.query.get("sort_by") or "create_time", call.query.get("order") or "desc"
    if key not in SORTS or order not in ("asc", "desc"):
        raise WireError(400, "ModelArts.2790", f"Sort item {key!r} {order!r} is not supported.")
    part = call.query.get("searches", "").removeprefix("name:")
    known = call.sandbox.store.find(COLLECTION, project=call.project_id)
    found = [item for item in known if part in item["metadata"]["name"] and _in_workspace(call, item)]
    found.sort(key=lambda item: item["metadata"][key], reverse=order == "desc")
    page = [_shown(item) for item in found[offset : offset + limit]]
    about = {"total": len(known), "count": len(found), "limit": limit, "offset": offset, "sort_by": key, "order": order}
    return Reply(200, about | {"items": page})


@route("GET", ALGORITHM)
def show_algorithm_by_uuid(call: Call) -> Reply:
    """One algorithm; an unknown id is a 400."""
    return Reply(200, _shown(_find(call)))


@route("PUT", ALGORITHM)
def change_algorithm(call: Call) -> Reply:
    """Replace everything but the name. 201."""
    body = accept(call.json(), requests.ALGORITHM)
    with call.sandbox.store.transaction():
        before = _find(call)["metadata"]
        if _check(call, body) != before["name"]:
            raise WireError(400, "ModelArts.2771", "The name of an algorithm cannot be changed.")
        body["metadata"]["workspace_id"] = before["workspace_id"]
        made = _document(call, body, before["id"], before["create_time"])
        made["metadata"]["update_time"] = round(call.sandbox.clock.now() * 1000)
        _save(call, made)
    return Reply(201, _shown(made))


@route("DELETE", ALGORITHM)
def delete_algorithm(call: Call) -> Reply:
    """202; jobs that were made from it keep what they took over."""
    with call.sandbox.store.transaction():
        call.sandbox.store.delete(COLLECTION, _find(call)["metadata"]["id"])
    return Reply(202, "null")


ROUTES: Sequence[Route] = (
    create_algorithm,
    list_algorithms,
    show_algorithm_by_uuid,
    change_algorithm,
    delete_algorithm,
)


def _check(call: Call, body: Document) -> str:
    """The name of an algorithm whose request is in order."""
    metadata, config = checks.mapping(body, "metadata"), checks.mapping(body, "job_config")
    checks.check_metadata(metadata)
    check_source(config, call.sandbox.objects)
    check_parameters(config, complete=False)
    checks.check_environment(config)
    for kind in ("inputs", "outputs"):
        checks.check_names(config, kind)
    return str(metadata["name"])


def _document(call: Call, body: Document, algorithm_id: str, created: int) -> Document:
    sent = body["metadata"]
    metadata = {
        **sent,
        "id": algorithm_id,
        "description": sent.get("description") or "",
        "ai_project": "default-ai-project",
        "user_name": call.user,
        "domain_id": call.sandbox.credentials.domain_id,
        "source": "custom",
        "api_version": "",
        "is_valid": True,
        "state": "",
        "size": _size(call, body["job_config"]),
        "tags": sent.get("tags"),
        "attr_list": None,
        "version_num": 0,
        "create_time": created,
        "update_time": 0,
    }
    return {
        "project_id": call.project_id,
        "metadata": metadata,
        "job_config": job_config(body["job_config"]) | _tree(call, body["job_config"]),
        # Its clients disagree whether an answer says `value` or, as a request does, `values`.
        "resource_requirements": [
            item | {"value": item.get("values") or []} for item in body.get("resource_requirements") or []
        ],
        "advanced_config": body.get("advanced_config") or {},
        "share_info": {},
    }


def _size(call: Call, config: dict[str, Any]) -> int:
    """How many bytes the code has."""
    if not config.get("code_dir"):
        return 0
    return sum(info.size for info in call.sandbox.objects.walk(*split_folder(config["code_dir"])))


def _tree(call: Call, config: dict[str, Any]) -> Document:
    return {"code_tree": code_tree(config["code_dir"], call.sandbox.objects)} if config.get("code_dir") else {}


def _save(call: Call, made: Document) -> None:
    metadata = made["metadata"]
    call.sandbox.store.put(COLLECTION, metadata["id"], made, project=call.project_id, name=metadata["name"])


def _find(call: Call) -> Document:
    return find_algorithm(call.sandbox.store, call.project_id, call.path["algorithm_id"])


def _shown(document: Document) -> Document:
    return {name: value for name, value in document.items() if name != "project_id"}


def _in_workspace(call: Call, algorithm: Document) -> bool:
    return call.query.get("workspace_id") in (None, "", algorithm["metadata"]["workspace_id"])
