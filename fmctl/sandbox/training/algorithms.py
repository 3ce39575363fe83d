"""Stored algorithms: what is kept of them, and how a job that names one is completed from it."""

import copy
from typing import Any

from fmctl.sandbox.store import Document, Store
from fmctl.sandbox.training import checks
from fmctl.sandbox.training.fill import complete_channel, complete_engine, complete_parameter
from fmctl.sandbox.training.parameters import check_parameters
from fmctl.sandbox.wire import WireError

COLLECTION = "algorithms"
COPIED = ("code_dir", "boot_file", "command", "engine", "local_code_dir", "working_dir")


def find_algorithm(store: Store, project_id: str, algorithm_id: Any) -> Document:
    """The stored algorithm, or the error that there is none."""
    found = store.get(COLLECTION, str(algorithm_id))
    if found is None or found["project_id"] != project_id:
        raise WireError(400, "ModelArts.2755", "algorithm not found.")
    return found


def job_config(sent: Document) -> Document:
    """The part that jobs take over, completed with what the server knows."""
    config = copy.deepcopy(sent)
    return config | {
        "engine": complete_engine(config.get("engine") or {}),
        "parameters": [complete_parameter(item) for item in config.get("parameters") or []],
        "inputs": [complete_channel(item, "inputs", at) for at, item in enumerate(config.get("inputs") or [])],
        "outputs": [complete_channel(item, "outputs", at) for at, item in enumerate(config.get("outputs") or [])],
        "parameters_customization": bool(config.get("parameters_customization", False)),
    }


def apply_algorithm(sent: Document, stored: Document) -> Document:
    """A job's algorithm section with everything that comes from the stored algorithm."""
    config = stored["job_config"]
    taken = {name: config[name] for name in COPIED if config.get(name)}
    differing = [name for name in COPIED if name != "engine" and sent.get(name) and sent[name] != taken.get(name)]
    if differing:
        raise _mismatch(f"{differing[0]} is not the one of the stored algorithm.")
    return {
        **sent,
        **taken,
        "name": stored["metadata"]["name"],
        "parameters": _parameters(sent, config),
        "inputs": _channels(sent, config, "inputs"),
        "outputs": _channels(sent, config, "outputs"),
    }


def _parameters(sent: Document, config: Document) -> list[Document]:
    """The stored ones with the values that were sent; further ones only where the algorithm allows it."""
    check_parameters(sent, complete=False)
    given = {item.get("name"): item for item in checks.items(sent, "parameters")}
    known = [_parameter(item, given.pop(item["name"], {})) for item in config["parameters"]]
    if given and not config["parameters_customization"]:
        raise _mismatch(f"the algorithm has no parameter {next(iter(given))!r}.")
    return [*known, *given.values()]


def _parameter(stored: Document, sent: Document) -> Document:
    """The value is the job's, where the algorithm allows another one; what it may be is the algorithm's."""
    value = sent.get("value")
    if value is None or value == stored.get("value"):
        return stored
    if not stored["constraint"]["editable"]:
        raise _mismatch(f"the parameter {stored['name']} is not editable.")
    return stored | {"value": value}


def _mismatch(message: str) -> WireError:
    return WireError(400, "ModelArts.2814", f"Job algorithm configuration does not match: {message}")


def _channels(sent: Document, config: Document, kind: str) -> list[Document]:
    """What was sent, under names that the algorithm has, with the descriptions that it gives."""
    known = {item["name"]: item for item in config[kind]}
    channels = checks.items(sent, kind)
    for channel in channels:
        if known and channel.get("name") not in known:
            raise WireError(400, "ModelArts.2753", f"{kind}: the algorithm has no {channel.get('name')!r}.")
    inherited = ("description", "access_method")
    return [{name: known[item["name"]][name] for name in inherited} | item if known else item for item in channels]
