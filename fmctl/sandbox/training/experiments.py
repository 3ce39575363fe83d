"""Experiments: names under which jobs are gathered."""

import uuid

from fmctl.sandbox.shapes import accept
from fmctl.sandbox.store import Document, Store
from fmctl.sandbox.training import checks
from fmctl.sandbox.training.requests import EXPERIMENT
from fmctl.sandbox.wire import WireError
from fmctl.sandbox.workspaces import workspace_of

COLLECTION = "experiments"
MAX_NAME = 64


def find_experiment(store: Store, project_id: str, experiment_id: str) -> Document:
    """The experiment, or the error that there is none; its documented text speaks of a training job."""
    found = store.get(COLLECTION, experiment_id)
    if found is None or found["project_id"] != project_id:
        raise WireError(400, "ModelArts.2842", f"Training job experiment (ID: {experiment_id}) not found.")
    return found


def name_taken(store: Store, project_id: str, name: str) -> bool:
    """Whether an experiment has this name."""
    return store.count(COLLECTION, project=project_id, name=name) > 0


def create_experiment(store: Store, project_id: str, sent: Document, now: float) -> Document:
    """A new experiment from `name`, `description` and `workspace_id`."""
    check_experiment(sent)
    if name_taken(store, project_id, sent["name"]):
        raise WireError(400, "ModelArts.2841", f"Duplicate training experiment (name {sent['name']}).")
    stamp = round(now * 1000)
    metadata = {
        "id": str(uuid.uuid4()),
        "name": sent["name"],
        "description": sent.get("description") or "",
        "workspace_id": workspace_of(store, project_id, sent),
        "create_time": stamp,
        "update_time": stamp,
    }
    made = {"project_id": project_id, "metadata": metadata}
    save_experiment(store, made)
    return made


def save_experiment(store: Store, document: Document) -> None:
    """Keep an experiment, new or changed."""
    metadata = document["metadata"]
    store.put(COLLECTION, metadata["id"], document, project=document["project_id"], name=metadata["name"])


def check_experiment(sent: Document) -> None:
    """Name and description of a request."""
    accept(sent, EXPERIMENT)
    name = sent.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME or any(sign in name for sign in "!<>=&\"'"):
        raise checks.invalid(f"an experiment's name has 1 to {MAX_NAME} characters without ! < > = & \" '.")
    checks.check_description(sent.get("description"))


def join_experiment(store: Store, project_id: str, body: Document, now: float) -> None:
    """Complete a job's reference to an experiment: one by id, or a new one by name. Its first job says of what kind."""
    metadata, kind = body["metadata"], body["kind"]
    sent = checks.mapping(metadata, "training_experiment_reference")
    if not sent:
        return
    if sent.get("id"):
        found = find_experiment(store, project_id, str(sent["id"]))
    else:
        found = create_experiment(store, project_id, sent | {"workspace_id": metadata.get("workspace_id")}, now)
    if found.get("kind", kind) != kind:
        message = f"The type of training job ({kind}) does not match the type of training experiment ({found['kind']})."
        raise WireError(400, "ModelArts.2846", message)
    known, number = found["metadata"], found.get("next_number", 0)
    save_experiment(store, found | {"next_number": number + 1, "kind": kind})
    metadata["training_experiment_reference"] = {
        "id": known["id"],
        "name": known["name"],
        "serial_number": str(number),
    }
