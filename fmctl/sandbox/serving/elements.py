"""Configurations: checks the elements that callers send, and turns them into the form that is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from fmctl.sandbox.account import Account
from fmctl.sandbox.models.checks import check_types, invalid, missing
from fmctl.sandbox.models.publishing import MODELS
from fmctl.sandbox.serving import batch_elements
from fmctl.sandbox.serving.checks import POOL, check_pool, whole_number
from fmctl.sandbox.serving.specifications import CUSTOM, NAMES
from fmctl.sandbox.serving.state import Config
from fmctl.sandbox.wire import WireError

Body = Mapping[str, Any]

MAX_INSTANCES = 128
LONGEST_DEPLOYMENT = 2 * 60 * 60  # seconds
TEXTS = ("model_id", "specification", *POOL)
OBJECTS = ("custom_spec", "envs", "additional_properties", "affinity")
OPTIONAL = ("custom_spec", *POOL, "affinity")
ACCELERATORS = ("gpu_p4", "ascend_a310")
SHARES = ("max_surge", "max_unavailable", "termination_grace_period_seconds")
MOUNTS = {"log_volume": ("host_path", "mount_path"), "persistent_volumes": ("mount_path",)}
MODES = ("required", "preferred")
INSTALL_TYPES = {"real-time": "realtime", "batch": "batch"}


def stored_config(sandbox: Account, project_id: str, entries: Any, service: Body) -> Config:
    """The configuration with its models looked up, or the error that names what is wrong."""
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise invalid("config", "a list with at least one element")
    is_batch = service["infer_type"] == "batch"
    if is_batch and len(entries) > 1:
        raise invalid("config", "a batch service has exactly one element")
    models = [_model(sandbox, project_id, entry, service["infer_type"]) for entry in entries]
    if len({model["model_id"] for model in models}) < len(models):
        raise WireError(400, "ModelArts.3516", "Duplicate model versions in config.")
    if len({model["model_name"] for model in models}) > 1:
        raise invalid("config", "all elements must be versions of one model")
    config = [_element(entry, model, service) for entry, model in zip(entries, models, strict=True)]
    if is_batch:
        return [config[0] | batch_elements.stored(sandbox.objects, entries[0], models[0])]
    weights = [whole_number(entry.get("weight"), "weight", 0, 100) for entry in entries]
    if sum(weights) != 100:
        raise invalid("weight", "the weights of all elements must add up to 100")
    return [element | {"weight": weight} for element, weight in zip(config, weights, strict=True)]


def _model(sandbox: Account, project_id: str, entry: Body, infer_type: str) -> Body:
    check_types(entry, texts=TEXTS, objects=OBJECTS)
    model_id = entry.get("model_id")
    if not model_id:
        raise missing("model_id")
    document = sandbox.store.get(MODELS, model_id)
    if document is None or document["model"]["project"] != project_id:
        raise WireError(404, "ModelArts.3507", f"The model {model_id} does not exist.")
    model: Body = document["model"]
    if model["model_status"] != "published":
        raise WireError(400, "ModelArts.3515", f"The model {model_id} is not published: it is {model['model_status']}.")
    if INSTALL_TYPES[infer_type] not in model["install_type"]:
        raise WireError(400, "ModelArts.3589", f"The model {model_id} may not be deployed as a {infer_type} service.")
    return model


def _element(entry: Body, model: Body, service: Body) -> dict[str, Any]:
    pooled = any(service.get(key) for key in POOL)
    check_pool(entry)
    if any(entry.get(key) for key in POOL) and not pooled:
        raise invalid("pool_name", "an element of config may name a pool when the service names one, too")
    _check_specification(entry, pooled=pooled)
    _check_properties(entry.get("additional_properties") or {}, pooled=pooled)
    _check_affinity(entry.get("affinity") or {})
    return {
        "model_id": model["model_id"],
        "model_name": model["model_name"],
        "model_version": model["model_version"],
        "specification": entry["specification"],
        "instance_count": whole_number(entry.get("instance_count"), "instance_count", 1, MAX_INSTANCES),
        "envs": _variables(entry.get("envs") or {}),
        "additional_properties": entry.get("additional_properties") or {},
        **{name: entry[name] for name in OPTIONAL if entry.get(name)},
        **_timeout(entry),
    }


def _variables(envs: Body) -> Body:
    """What an operating system takes for variables."""
    if not all(isinstance(value, str) and "\0" not in value for value in envs.values()):
        raise invalid("envs", "a map of strings to strings")
    if not all(name and "=" not in name and "\0" not in name for name in envs):
        raise invalid("envs", "names of variables without =")
    return envs


def _timeout(entry: Body) -> dict[str, int]:
    name = "deploy_timeout_in_seconds"
    return {} if entry.get(name) is None else {name: whole_number(entry[name], name, 1, LONGEST_DEPLOYMENT)}


def _check_specification(entry: Body, *, pooled: bool) -> None:
    name = entry.get("specification")
    if not name:
        raise missing("specification")
    if name not in NAMES and name != CUSTOM:
        raise invalid("specification", f"{name} is unknown; known: {', '.join(sorted(NAMES))}")
    if name != CUSTOM:
        return
    if not pooled:
        raise invalid("specification", "custom is for dedicated pools; name one in pool_name")
    spec = entry.get("custom_spec")
    if not spec:
        raise missing("custom_spec")
    if not _at_least(spec.get("cpu"), 0.01) or not _at_least(spec.get("memory"), 1):
        raise invalid("custom_spec", "cpu of at least 0.01 and memory in MB")
    if not all(_at_least(spec.get(name, 0), 0) for name in ACCELERATORS):
        raise invalid("custom_spec", f"{', '.join(ACCELERATORS)} are numbers of at least 0")


def _at_least(value: Any, low: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value >= low


def _check_properties(properties: Body, *, pooled: bool) -> None:
    check_types(properties, lists=MOUNTS)
    if properties.get("log_volume") and not pooled:
        raise invalid("log_volume", "it is for dedicated pools")
    for kind, fields in MOUNTS.items():
        _need(properties.get(kind) or [], kind, fields)
    if not all(_at_least(properties.get(name, 0), 0) for name in SHARES):
        raise invalid("additional_properties", f"{', '.join(SHARES)} are numbers of at least 0")


def _check_affinity(affinity: Body) -> None:
    check_types(affinity, objects=["node_affinity"])
    wish = affinity.get("node_affinity")
    if wish is None:
        return
    if wish.get("mode") not in MODES:
        raise invalid("affinity", f"mode is {' or '.join(MODES)}")
    pools = wish.get("pool_infos") or []
    _need(pools, "pool_infos", ("pool_name", "nodes"))
    for pool in pools:
        _need(pool["nodes"], "nodes", ("name",))


def _need(entries: Any, what: str, fields: Sequence[str]) -> None:
    """A list of objects that have these fields."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise invalid(what, "a list of objects")
    for entry in entries:
        for name in fields:
            if not entry.get(name):
                raise missing(f"{what}.{name}")
