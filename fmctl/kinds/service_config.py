"""A service's config: what a manifest says in the vocabulary of what is live, so that the two can be compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fmctl.domain.live import Live
from fmctl.domain.plan import AFTER_APPLY
from fmctl.domain.problem import FmctlError
from fmctl.domain.resource import Resource, ResourceId, Spec
from fmctl.domain.values import megabytes, seconds
from fmctl.kinds.base import Secret
from fmctl.kinds.schema import ignored, plain

MODEL = "ModelVersion"
"""The kind that a service serves."""

ModelId = Callable[[ResourceId], str | None]
"""The remote id of a model of the set, None while it has none."""


def comparable(
    resource: Resource,
    live: Live,
    model_id: ModelId,
    secret: Secret,
    *,
    moved: bool,
) -> dict[str, Any]:
    """What the manifest says, in the vocabulary of ``Live.spec``; ignored fields take the live value.

    ``moved`` says that the manifest changed since it was applied: a variable that is live and no longer
    declared is then to be removed, which shows as None.
    """
    spec = resource.spec
    result: dict[str, Any] = {key: spec[key] for key in ("description", "state", "pool") if key in spec}
    if "autoStop" in spec:
        result["autoStop"] = seconds(spec["autoStop"])
    there = {model["modelId"]: model for model in live.spec.get("models", ())}
    result["models"] = []
    for model in spec["models"]:
        id = _id_of(model, model_id)
        env = there.get(id, {}).get("env", {})
        result["models"].append(_comparable_model(model, id, env, secret, moved=moved))
    for path in sorted(ignored(spec)):
        _ignore(result, path, live)
    return result


def _id_of(model: Spec, model_id: ModelId) -> str:
    return str(model.get("modelId") or model_id(ResourceId(MODEL, str(model.get("modelRef")))) or AFTER_APPLY)


def _comparable_model(model: Spec, id: str, live_env: Spec, secret: Secret, *, moved: bool) -> dict[str, Any]:
    """One model of a manifest in the vocabulary of ``Live.spec``."""
    result: dict[str, Any] = {"modelId": id, "weight": model["weight"]}
    if "flavor" in model:
        result["flavor"] = model["flavor"]
    if "resources" in model:
        result["resources"] = sized(model["resources"])
        if result["resources"].get("npu") == 0:
            result["resources"]["npu"] = None
    result["instances"] = model.get("instances", 1)
    if "env" in model or moved:
        env = {key: _env(value, secret, live_env.get(key)) for key, value in model.get("env", {}).items()}
        result["env"] = {key: value for key, value in env.items() if value is not None}
        result["env"].update({key: None for key in live_env if key not in env})
    return result


def sized(resources: Spec) -> dict[str, Any]:
    """Resources in the units of the API."""
    return {**resources, "cpu": float(resources["cpu"]), "memory": megabytes(resources["memory"])}


def _env(value: Any, secret: Secret, live: str | None) -> str | None:
    """The text of one variable; behind a variable that is not set here it is what it is on the live side."""
    value = plain(value)
    if not isinstance(value, Mapping):
        return str(value)
    known = secret(value["valueFrom"])
    return live if known is None else known


def _ignore(desired: dict[str, Any], path: str, live: Live) -> None:
    """Give an ignored field (``models[].instances``, ``autoStop``) its live value, or leave it as declared."""
    head, _, key = path.partition("].")
    if not key:
        desired.update(_with(desired, live.spec, path.split(".")))
        return
    index = head.partition("[")[2]
    models = {item["modelId"]: item for item in live.spec.get("models", ())}
    for position, item in enumerate(desired["models"]):
        if index in ("", "*", str(position)):
            item.update(_with(item, models.get(item["modelId"], {}), key.split(".")))


def _with(desired: Spec, there: Spec, path: Sequence[str]) -> Spec:
    """``desired`` with what ``there`` has at a path, where both have it."""
    key, rest = path[0], path[1:]
    if key not in desired or key not in there:
        return desired
    deeper = rest and isinstance(desired[key], Mapping) and isinstance(there[key], Mapping)
    return {**desired, key: _with(desired[key], there[key], rest) if deeper else there[key]}


def aligned(items: Any, other: Any) -> list[Any]:
    """``items`` in the order of ``other`` by model id; what has no counterpart keeps the free places."""
    ids = [item["modelId"] for item in other]
    rest = [item for item in items if item["modelId"] not in ids]
    known = {item["modelId"]: item for item in items if item["modelId"] in ids}
    result = [known.get(id) or (rest.pop(0) if rest else None) for id in ids]
    return [item for item in result if item] + rest


def filled(live: Spec, desired: Sequence[Spec]) -> Spec:
    """``live`` with the resources that the platform may keep to itself (``custom_spec: {}``) taken as ``desired``."""
    wanted = {model["modelId"]: model["resources"] for model in desired if "resources" in model}
    models = [
        {**model, "resources": wanted[model["modelId"]]}
        if model["flavor"] == "custom" and "resources" not in model and model["modelId"] in wanted
        else model
        for model in live.get("models", ())
    ]
    return {**live, "models": models}


def refuse_unset(resource: Resource, config: Spec, model_id: ModelId) -> None:
    """A full replacement must not lose a variable whose value is not known here."""
    sent = {model["modelId"]: model.get("env", {}) for model in config["models"]}
    for model in resource.spec["models"]:
        there = sent.get(_id_of(model, model_id), {})
        for key, value in model.get("env", {}).items():
            if isinstance(plain(value), Mapping) and key not in there:
                msg = f"the environment variable {plain(value)['valueFrom'].get('env')} is not set"
                raise FmctlError(msg, hint=f"{resource.id} needs it for {key}; export it before `fmctl apply`")


def as_applied(config: Spec, live: Live, ignored_paths: Iterable[str]) -> dict[str, Any]:
    """The config of the ledger's last ``applied`` fact, in the order of ``live``, without what is not compared."""
    result = {**config, "models": aligned(config["models"], live.spec.get("models", ()))}
    if live.phase == "failed" or auto_stopped(live):
        result.pop("state", None)
    for path in sorted(ignored_paths):
        _ignore(result, path, live)
    return result


def auto_stopped(live: Live) -> bool:
    """Whether a live schedule stopped it: at rest for its own length of time after it ran."""
    ran = (live.facts["transition"] - live.facts["updated"]) / 1000
    return live.phase == "stopped" and 0 < live.spec.get("autoStop", 0) <= ran


def without_env(live: Live) -> dict[str, Any]:
    """What was applied, for the ledger: never the values of variables."""
    models = [{key: value for key, value in model.items() if key != "env"} for model in live.spec.get("models", ())]
    return {"models": models, "autoStop": live.spec.get("autoStop", 0), "state": live.spec.get("state")}
