"""Checks what callers send about services, and turns configurations into the form that is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fmctl.sandbox.account import Account
from fmctl.sandbox.models.checks import MISSING, NAME, check_description, check_types, invalid
from fmctl.sandbox.models.publishing import MODELS
from fmctl.sandbox.serving.specifications import CUSTOM, NAMES, POOLS
from fmctl.sandbox.serving.state import UNIT_SECONDS, Config
from fmctl.sandbox.wire import WireError

Body = Mapping[str, Any]

POLICIES = frozenset({"ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP"})
NETWORK = ("vpc_id", "subnet_network_id", "security_group_id")
MAX_INSTANCES = 128
LONGEST_DEPLOYMENT = 2 * 60 * 60  # seconds
LONGEST_DURATION = 1_000_000
POOL = ("pool_name", "cluster_id")
SETTINGS = ("description", "load_balancer_policy", "status")
ELEMENT_TEXTS = ("model_id", "specification", *POOL)
ELEMENT_OBJECTS = ("custom_spec", "envs", "additional_properties", "affinity")
OPTIONAL = (
    "custom_spec",
    "pool_name",
    "cluster_id",
    "affinity",
)


def check_create(body: Body) -> None:
    """Everything about a new service but its configuration."""
    check_types(body, texts=("service_name", "infer_type", *NETWORK, *POOL), lists=["config"])
    for name in ("service_name", "infer_type", "config"):
        if body.get(name) in (None, "", []):
            raise WireError(400, MISSING, f"Required parameter {name} is missing.")
    if not NAME.fullmatch(body["service_name"]):
        raise invalid("service_name", "1 to 64 letters, digits, hyphens and underscores")
    if body["infer_type"] in {"batch", "edge"}:
        raise invalid("infer_type", f"{body['infer_type']} is not supported here; this sandbox runs real-time services")
    if body["infer_type"] != "real-time":
        raise invalid("infer_type", "real-time, batch or edge")
    given = [name for name in NETWORK if body.get(name)]
    if given and len(given) < len(NETWORK):
        raise WireError(400, MISSING, f"{', '.join(NETWORK)} must be given together.")
    _check_pool(body)
    check_settings(body)


def check_settings(body: Body) -> None:
    """What create and update have in common, besides the configuration."""
    check_types(body, texts=SETTINGS, lists=["schedule"], objects=["additional_properties"])
    check_description(body.get("description") or "")
    if body.get("load_balancer_policy") not in {None, *POLICIES}:
        raise invalid("load_balancer_policy", ", ".join(sorted(POLICIES)))
    priority = body.get("priority")
    if priority is not None and (isinstance(priority, bool) or priority not in (1, 2, 3)):
        raise invalid("priority", "1, 2 or 3")
    _check_schedule(body.get("schedule") or [])


def stored_config(sandbox: Account, project_id: str, entries: Any, service: Body) -> Config:
    """The configuration with its models looked up, or the error that names what is wrong."""
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise invalid("config", "a list with at least one element")
    models = [_model(sandbox, project_id, entry) for entry in entries]
    config = [_element(entry, model, service) for entry, model in zip(entries, models, strict=True)]
    if len({element["model_id"] for element in config}) < len(config):
        raise WireError(400, "ModelArts.3516", "Duplicate model versions in config.")
    if len({element["model_name"] for element in config}) > 1:
        raise invalid("config", "all elements must be versions of one model")
    if sum(element["weight"] for element in config) != 100:
        raise invalid("weight", "the weights of all elements must add up to 100")
    return config


def whole_number(value: Any, name: str, low: int, high: int) -> int:
    """An int, or a string of digits where the platform's own examples send one."""
    text = str(value)
    if isinstance(value, bool) or not text.isascii() or not text.isdecimal() or not low <= int(text) <= high:
        raise invalid(name, f"a whole number from {low} to {high}")
    return int(text)


def _model(sandbox: Account, project_id: str, entry: Body) -> Body:
    check_types(entry, texts=ELEMENT_TEXTS, objects=ELEMENT_OBJECTS)
    model_id = entry.get("model_id")
    if not model_id:
        raise WireError(400, MISSING, "Required parameter model_id is missing.")
    document = sandbox.store.get(MODELS, model_id)
    if document is None or document["model"]["project"] != project_id:
        raise WireError(404, "ModelArts.3507", f"The model {model_id} does not exist.")
    model: Body = document["model"]
    if model["model_status"] != "published":
        raise WireError(400, "ModelArts.3515", f"The model {model_id} is not published: it is {model['model_status']}.")
    if "realtime" not in model["install_type"]:
        raise WireError(400, "ModelArts.3589", f"The model {model_id} may not be deployed as a real-time service.")
    return model


def _element(entry: Body, model: Body, service: Body) -> dict[str, Any]:
    _check_specification(entry, service)
    _check_pool(entry)
    if any(entry.get(key) for key in POOL) and not any(service.get(key) for key in POOL):
        raise invalid("pool_name", "an element of config may name a pool when the service names one, too")
    envs = entry.get("envs") or {}
    if not all(isinstance(value, str) for value in envs.values()):
        raise invalid("envs", "a map of strings to strings")
    if entry.get("weight") is None:
        raise WireError(400, MISSING, "Required parameter weight is missing.")
    return {
        "model_id": model["model_id"],
        "model_name": model["model_name"],
        "model_version": model["model_version"],
        "weight": whole_number(entry["weight"], "weight", 0, 100),
        "specification": entry["specification"],
        "instance_count": whole_number(entry.get("instance_count"), "instance_count", 1, MAX_INSTANCES),
        "envs": envs,
        "additional_properties": entry.get("additional_properties") or {},
        **{name: entry[name] for name in OPTIONAL if entry.get(name)},
        **_timeout(entry),
    }


def _timeout(entry: Body) -> dict[str, int]:
    name = "deploy_timeout_in_seconds"
    return {} if entry.get(name) is None else {name: whole_number(entry[name], name, 1, LONGEST_DEPLOYMENT)}


def _check_specification(entry: Body, service: Body) -> None:
    name = entry.get("specification")
    if not name:
        raise WireError(400, MISSING, "Required parameter specification is missing.")
    if name not in NAMES and name != CUSTOM:
        raise invalid("specification", f"{name} is unknown; known: {', '.join(sorted(NAMES))}")
    if name != CUSTOM:
        return
    if not any(source.get(key) for source in (entry, service) for key in POOL):
        raise invalid("specification", "custom is for dedicated pools; name one in pool_name")
    spec = entry.get("custom_spec")
    if not spec or not _at_least(spec.get("cpu"), 0.01) or not _at_least(spec.get("memory"), 1):
        raise invalid("custom_spec", "cpu of at least 0.01 and memory in MB")


def _at_least(value: Any, low: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= low


def _check_pool(body: Body) -> None:
    for key in POOL:
        if body.get(key) and body[key] not in POOLS:
            raise WireError(400, "ModelArts.3547", f"The resource pool {body[key]} does not exist.")


def _check_schedule(entries: Sequence[Any]) -> None:
    if len(entries) > 1:
        raise invalid("schedule", "a list with at most one entry")
    for entry in entries:
        if not isinstance(entry, dict) or entry.get("type") != "stop":
            raise invalid("schedule", "type must be stop")
        if str(entry.get("time_unit")) not in UNIT_SECONDS:
            raise invalid("schedule", f"time_unit must be one of {', '.join(UNIT_SECONDS)}")
        duration = entry.get("duration")
        if not isinstance(duration, int) or isinstance(duration, bool) or duration > LONGEST_DURATION:
            raise invalid("schedule", f"duration must be a whole number, {LONGEST_DURATION} at most")
        if duration <= 0:
            raise WireError(400, "ModelArts.3562", "The due time of the service must be in the future.")
