"""A service's config on the wire: its models and its schedule.

Source: serving API, "deploying a service" and "updating a service".
"""

from __future__ import annotations

from typing import Any

from fmctl.domain.resource import Spec
from fmctl.domain.values import agrees
from fmctl.kinds.reading import Item

SERVICES = "/v1/{project_id}/services"
_UNITS = {"DAYS": 86400, "HOURS": 3600, "MINUTES": 60}


def read_model(model: Item) -> dict[str, Any]:
    """One element of a live config in the manifest's words."""
    result: dict[str, Any] = {
        "modelId": str(model.get("model_id") or ""),
        "weight": int(model.get("weight") or 0),
        "flavor": str(model.get("specification") or ""),
        "instances": int(model.get("instance_count") or 0),
        "env": {str(key): str(value) for key, value in (model.get("envs") or {}).items()},
    }
    custom = model.get("custom_spec") or {}
    if custom:
        result["resources"] = {"cpu": float(custom.get("cpu") or 0), "memory": int(custom.get("memory") or 0)}
        if custom.get("ascend_a310"):
            result["resources"]["npu"] = int(custom["ascend_a310"])
    return result


def read_schedule(schedule: Any) -> int:
    """The auto stop in seconds, 0 for none."""
    for item in schedule or ():
        if item.get("type") == "stop":
            return int(item.get("duration") or 0) * _UNITS.get(str(item.get("time_unit")), 0)
    return 0


def write(config: Spec, live: Spec) -> dict[str, Any]:
    """``models`` and ``autoStop`` as the API takes them.

    A config is always a full replacement, so that variables which nobody declared are sent as they are live; a
    schedule is only sent when it differs, since sending it re-arms it.
    """
    result: dict[str, Any] = {}
    if not agrees(live.get("models"), config["models"]):
        there = {model["modelId"]: {"env": model["env"]} for model in live.get("models", ()) if model.get("env")}
        result["config"] = [_write_model({**there.get(model["modelId"], {}), **model}) for model in config["models"]]
    if "autoStop" in config and live.get("autoStop", 0) != config["autoStop"]:
        minutes = config["autoStop"] // 60
        result["schedule"] = [{"type": "stop", "time_unit": "MINUTES", "duration": minutes}]
    return result


def _write_model(model: Spec) -> dict[str, Any]:
    """One element of ``config``."""
    element: dict[str, Any] = {
        "model_id": model["modelId"],
        "weight": model["weight"],
        "specification": model.get("flavor") or "custom",
        "instance_count": model["instances"],
    }
    if "resources" in model:
        wanted = model["resources"]
        element["custom_spec"] = {"cpu": wanted["cpu"], "memory": wanted["memory"]}
        if wanted.get("npu"):
            element["custom_spec"]["ascend_a310"] = wanted["npu"]
    if "env" in model:
        element["envs"] = {key: value for key, value in model["env"].items() if value is not None}
    return element
