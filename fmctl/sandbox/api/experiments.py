"""Training experiments: names under which jobs are gathered.

POST, GET /v2/{project_id}/training-experiments · GET, PUT, DELETE …/{experiment_id} ·
GET /v2/{project_id}/training-experiment-names
"""

from collections.abc import Mapping, Sequence

from fmctl.sandbox.api.queries import number
from fmctl.sandbox.store import Document
from fmctl.sandbox.training import checks
from fmctl.sandbox.training.experiments import (
    COLLECTION,
    check_experiment,
    create_experiment,
    find_experiment,
    name_taken,
    save_experiment,
)
from fmctl.sandbox.training.jobs import Training
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route

EXPERIMENTS = "/v2/{project_id}/training-experiments"
EXPERIMENT = EXPERIMENTS + "/{experiment_id}"
DEFAULT_LIMIT = 50
SORTS = ("update_time", "name", "create_time")


@route("POST", EXPERIMENTS)
def create_training_experiment(call: Call) -> Reply:
    """201 with the experiment."""
    sent = checks.mapping(call.json(), "metadata")
    with call.sandbox.store.transaction():
        made = create_experiment(call.sandbox.store, call.project_id, sent, call.sandbox.clock.now())
    return Reply(201, _shown(made, {made["metadata"]["id"]: 0}))


@route("GET", EXPERIMENTS)
def list_training_experiments(call: Call) -> Reply:
    """One page, of one workspace or of all; `offset` counts pages."""
    limit, offset = number(call, "limit", DEFAULT_LIMIT, 1), number(call, "offset", 0, 0)
    key, order = call.query.get("sort_by") or "create_time", call.query.get("order") or "desc"
    if key not in SORTS or order not in ("asc", "desc"):
        raise WireError(400, "ModelArts.2790", f"Sort item {key!r} {order!r} is not supported.")
    known = call.sandbox.store.find(COLLECTION, project=call.project_id)
    found = [item for item in known if call.query.get("workspace_id") in (None, "", item["metadata"]["workspace_id"])]
    found.sort(key=lambda item: item["metadata"][key], reverse=order == "desc")
    counts = call.sandbox.part(Training).by_experiment()
    page = [_shown(item, counts) for item in found[offset * limit : (offset + 1) * limit]]
    about = {"total": len(known), "count": len(found), "limit": limit, "offset": offset}
    return Reply(200, {**about, "sort_by": key, "order": order, "items": page})


@route("GET", EXPERIMENT)
def show_training_experiment_details(call: Call) -> Reply:
    """One experiment; an unknown id is a 400."""
    return Reply(200, _shown(_find(call), call.sandbox.part(Training).by_experiment()))


@route("PUT", EXPERIMENT)
def change_training_experiment(call: Call) -> Reply:
    """Name and description, in a flat body."""
    body = call.json()
    with call.sandbox.store.transaction():
        document = _find(call)
        metadata = document["metadata"]
        changed = metadata | {name: body[name] for name in ("name", "description") if body.get(name) is not None}
        check_experiment(changed)
        if changed["name"] != metadata["name"] and name_taken(call.sandbox.store, call.project_id, changed["name"]):
            raise WireError(400, "ModelArts.2841", f"Duplicate training experiment (name {changed['name']}).")
        changed["update_time"] = round(call.sandbox.clock.now() * 1000)
        save_experiment(call.sandbox.store, document | {"metadata": changed})
    return Reply(200, {"name": changed["name"], "description": changed["description"]})


@route("DELETE", EXPERIMENT)
def delete_training_experiment(call: Call) -> Reply:
    """202; its jobs stay, and keep the name that they had."""
    with call.sandbox.store.transaction():
        call.sandbox.store.delete(COLLECTION, _find(call)["metadata"]["id"])
    return Reply(202)


@route("GET", "/v2/{project_id}/training-experiment-names")
def check_training_experiment(call: Call) -> Reply:
    """Whether an experiment of this name exists."""
    name = call.query.get("experiment_name", "")
    return Reply(200, {"is_duplicate": name_taken(call.sandbox.store, call.project_id, name)})


ROUTES: Sequence[Route] = (
    create_training_experiment,
    list_training_experiments,
    show_training_experiment_details,
    change_training_experiment,
    delete_training_experiment,
    check_training_experiment,
)


def _find(call: Call) -> Document:
    return find_experiment(call.sandbox.store, call.project_id, call.path["experiment_id"])


def _shown(document: Document, counts: Mapping[str, int]) -> Document:
    return {"metadata": document["metadata"], "statistic": {"job_count": counts[document["metadata"]["id"]]}}
