"""Models. Endpoints:

POST   /v1/{project_id}/models
GET    /v1/{project_id}/models
GET    /v1/{project_id}/models/{model_id}
DELETE /v1/{project_id}/models/{model_id}

There is no update: a model is immutable. What is wrong with a request is its answer (3036, 3037, 3015, 3016, 3017,
3021, 3024, 3029, 3034, 3041, 3053); what is wrong with the OBS folder ends the import as `failed`, what cannot be built
as `building_failed` (see `models/publishing.py`). There is no limit to their number.
"""

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from fmctl.sandbox.account import Account
from fmctl.sandbox.api.listing import contains, is_set, ordered, page
from fmctl.sandbox.models import checks
from fmctl.sandbox.models.declarations import chosen_template
from fmctl.sandbox.models.publishing import MODELS, Publishing, put
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route
from fmctl.sandbox.workspaces import workspace_of

Document = dict[str, Any]

NOT_FOUND = "ModelArts.3001"
EXISTS = "ModelArts.3002"
IN_USE = "ModelArts.3009"
CASCADE_LIMIT = 20
SORT_KEYS = ("create_at", "model_version", "model_size")

LISTED = (
    "model_id",
    "model_name",
    "model_version",
    "model_type",
    "model_status",
    "model_size",
    "model_source",
    "source_type",
    "tenant",
    "project",
    "owner",
    "create_at",
    "description",
    "workspace_id",
    "install_type",
    "specification",
    "tunable",
    "market_flag",
    "publishable_flag",
)


@route("POST", "/v1/{project_id}/models")
def create(call: Call) -> Reply:
    """Accept a model; its import is seen in its status."""
    return Reply(200, {"model_id": add_model(call, call.json("ModelArts.0104"))})


@route("GET", "/v1/{project_id}/models")
def list_models(call: Call) -> Reply:
    """The models that fit all filters."""
    models = [document["model"] for document in call.sandbox.store.find(MODELS, project=call.project_id)]
    found = ordered(call, [model for model in models if _fits(call, model)], SORT_KEYS, "create_at", _rank)
    shown = [{key: model[key] for key in LISTED} for model in page(call, found)]
    return Reply(200, {"total_count": len(found), "count": len(shown), "models": shown})


@route("GET", "/v1/{project_id}/models/{model_id}")
def show(call: Call) -> Reply:
    """Everything about one model."""
    return Reply(200, need(call, call.path["model_id"])["model"])


@route("DELETE", "/v1/{project_id}/models/{model_id}")
def delete(call: Call) -> Reply:
    """200 even when nothing was deleted: the answer's two lists tell."""
    model = need(call, call.path["model_id"])["model"]
    doomed = [model]
    if is_set(call, "cascade"):
        versions = call.sandbox.store.find(MODELS, project=call.project_id, name=model["model_name"])
        others = [document["model"] for document in versions if document["model"]["model_id"] != model["model_id"]]
        doomed = [model, *others][:CASCADE_LIMIT]
    outcomes = [(model["model_id"], _delete_one(call.sandbox, model)) for model in doomed]
    return Reply(
        200,
        {
            "delete_success_list": [model_id for model_id, failure in outcomes if failure is None],
            "delete_failed_list": [failure for _, failure in outcomes if failure is not None],
        },
    )


def add_model(call: Call, body: Document) -> str:
    """Check a model and begin its import; its id."""
    checks.check(body)
    body["workspace_id"] = workspace_of(call.sandbox.store, call.project_id, body)
    document = _document(call, body)
    with call.sandbox.store.transaction():
        _refuse_duplicate(call, body)
        put(call.sandbox, document)
    return str(document["model"]["model_id"])


def need(call: Call, model_id: str) -> Document:
    """The stored model, or 404."""
    document = call.sandbox.store.get(MODELS, model_id)
    if document is None or document["model"]["project"] != call.project_id:
        raise WireError(404, NOT_FOUND, f"The model {model_id} does not exist.")
    return document


def _refuse_duplicate(call: Call, body: Document) -> None:
    name, version = body["model_name"], body["model_version"]
    for document in call.sandbox.store.find(MODELS, project=call.project_id, name=name):
        if document["model"]["model_version"] == version:
            raise WireError(409, EXISTS, f"The model {name} already has a version {version}.")


def _delete_one(sandbox: Account, model: Document) -> Document | None:
    """None, or why it stays."""
    model_id = model["model_id"]
    with sandbox.store.transaction():
        users = sorted(_users(sandbox, model_id))
        if users:
            message = f"The model is used by a service and cannot be deleted: {', '.join(users)}."
            return {"model_id": model_id, "error_code": IN_USE, "error_msg": message}
        sandbox.store.delete(MODELS, model_id)
    sandbox.part(Publishing).forget(model_id)
    return None


def _users(sandbox: Account, model_id: str) -> Iterator[str]:
    """Names of the services whose configuration, current or on its way, has the model; running or not."""
    for document in sandbox.store.find("services"):
        elements = [*document["service"]["config"], *(document["target"] or ())]
        if any(element["model_id"] == model_id for element in elements):
            yield document["service"]["service_name"]


def _fits(call: Call, model: Document) -> bool:
    query = call.query
    literal = is_set(call, "exact_match")
    exact = ("model_version", "model_status", "workspace_id")
    return (
        all(model[key] == query[key] for key in exact if query.get(key))
        and all(contains(model[key], query.get(key, ""), literal=literal) for key in ("model_name", "description"))
        and (query.get("model_type") or model["model_type"]).lower() == model["model_type"].lower()
        and query.get("not_model_type", "").lower() != model["model_type"].lower()
    )


def _rank(key: str, value: Any) -> Any:
    """Versions are compared by their numbers: 1.0.10 comes after 1.0.9."""
    return tuple(int(part) for part in value.split(".")) if key == "model_version" else value


def _document(call: Call, body: Document) -> Document:
    now = call.sandbox.clock.now()
    request = {key: body[key] for key in ("apis", "dependencies") if body.get(key)}
    return {
        "model": _detail(call, body, int(now * 1000)),
        "since": now,
        "initial_config": body.get("initial_config") or "",
        "request": request,
        **_template(body),
    }


def _template(body: Document) -> Document:
    """What a template stands for: the engine and the folder that it was given."""
    if body["model_type"] != "Template":
        return {}
    template, folder = chosen_template(body)
    return {"engine": template.engine, "source": folder}


def _detail(call: Call, body: Document, now_ms: int) -> Document:
    texts = ("source_job_id", "source_job_version", "source_type", "runtime", "description", "execution_code", "cmd")
    install = body.get("install_type") or ["real-time", "batch"]
    return {key: body.get(key) or "" for key in texts} | {
        "model_id": str(uuid.uuid4()),
        "model_name": body["model_name"],
        "model_version": body["model_version"],
        "model_type": body["model_type"],
        "model_status": "publishing",
        "model_size": 0,
        "model_source": "auto" if body.get("source_type") == "auto" else "custom",
        "model_algorithm": body.get("model_algorithm") or "",
        "model_metrics": body.get("model_metrics") or "{}",
        "tenant": call.sandbox.credentials.domain,
        "project": call.project_id,
        "owner": call.user,
        "create_at": now_ms,
        "source_location": body.get("source_location") or "",
        "source_copy": str(body.get("source_copy", "true")).lower(),
        "image_address": "",
        "schema_doc": "",
        "apis": "[]",
        "config": body.get("initial_config") or "{}",
        "input_params": body.get("input_params") or [],
        "output_params": body.get("output_params") or [],
        "dependencies": body.get("dependencies") or [],
        "model_docs": body.get("model_docs") or [],
        "model_labels": [],
        "labels_map": {"labels": []},
        "install_type": ["realtime" if kind == "real-time" else kind for kind in install],
        "workspace_id": body["workspace_id"],
        "specification": {},
        "health": {},
        "tunable": False,
        "market_flag": False,
        "publishable_flag": True,
    }


ROUTES: Sequence[Route] = (create, list_models, show, delete)
