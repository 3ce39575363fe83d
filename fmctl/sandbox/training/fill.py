"""A job as the API shows it: what was sent, completed with what the server knows."""

import copy
import json
from typing import Any

from fmctl.sandbox.training.catalog import POOL_ID, Flavor, find_engine, find_flavor

LOCAL = "/home/ma-user/modelarts"
Fields = dict[str, Any]
CONSTRAINT = {"type": "String", "editable": True, "required": False, "sensitive": False, "valid_type": "None"}


def new_job(body: Fields, job_id: str, user: str, now: float) -> Fields:
    """The job right after its creation, from a request that was checked."""
    sent = copy.deepcopy(body)
    job = {
        "kind": sent["kind"],
        "metadata": _metadata(sent["metadata"], job_id, user, now),
        "status": _status((sent.get("spec") or {}).get("resource", {}).get("node_count", 1)),
        "algorithm": _algorithm(sent.get("algorithm") or {}),
        "spec": _spec(sent.get("spec") or {}),
    }
    job |= {name: sent[name] for name in ("train_type", "ftjob_config") if sent.get(name)}
    return job | ({"endpoints": sent["endpoints"]} if sent.get("endpoints") else {})


def _metadata(sent: Fields, job_id: str, user: str, now: float) -> Fields:
    annotations = {"job_template": "Template DL", "key_task": "worker"} | (sent.get("annotations") or {})
    return sent | {
        "id": job_id,
        "description": sent.get("description") or "",
        "create_time": round(now * 1000),
        "workspace_id": sent.get("workspace_id") or "0",
        "ai_project": "default-ai-project",
        "user_name": user,
        "annotations": annotations,
    }


def _status(nodes: int) -> Fields:
    return {
        "phase": "Creating",
        "secondary_phase": "Creating",
        "duration": 0,
        "start_time": 0,
        "node_count_metrics": None,
        "tasks": [f"worker-{number}" for number in range(nodes)],
        "task_statuses": [],
        "running_records": [],
    }


def _algorithm(sent: Fields) -> Fields:
    return sent | {
        "policies": sent.get("policies") if (sent.get("policies") or {}).get("auto_search") else {},
        "parameters": [complete_parameter(parameter) for parameter in sent.get("parameters") or []],
        "parameters_customization": True,
        "inputs": [complete_channel(item, "inputs", at) for at, item in enumerate(sent.get("inputs") or [])],
        "outputs": [
            complete_channel(item, "outputs", at) | {"mode": "upload_periodically", "period": 30}
            for at, item in enumerate(sent.get("outputs") or [])
        ],
        "environments": sent.get("environments") or {},
        "engine": complete_engine(sent.get("engine") or {}),
    }


def complete_parameter(sent: Fields) -> Fields:
    """A parameter as jobs and algorithms show it; values are text, and one without a value is a switch."""
    constraint = {**CONSTRAINT, "valid_range": [], **(sent.get("constraint") or {})}
    known = {"description": "", "i18n_description": None, **sent, "constraint": constraint}
    value = sent.get("value")
    if value is None or isinstance(value, str):
        return known
    return known | {"value": json.dumps(value)}


def complete_channel(sent: Fields, kind: str, at: int) -> Fields:
    """An input or output, in the container at the place that the platform chooses."""
    known = {"description": "", "access_method": "parameter", "local_dir": f"{LOCAL}/{kind}/{sent['name']}_{at}"}
    return known | {name: value for name, value in sent.items() if value}


def complete_engine(sent: Fields) -> Fields:
    """A preset engine by id, name and version, whichever was sent."""
    engine = find_engine(sent)
    if engine is None:
        return {"engine_id": "", "engine_name": "", "engine_version": "", "install_sys_packages": False} | sent
    known = {"usage": "training", "support_groups": "public", "tags": [], "install_sys_packages": False}
    return known | sent | engine.wire()


def _spec(sent: Fields) -> Fields:
    known = {
        "runtime_type": sent.get("runtime_type") or "production",
        "log_export_path": sent.get("log_export_path") or {},
        "is_hosted_log": True,
        "schedule_policy": {"priority": 1, **(sent.get("schedule_policy") or {})},
        "resource": _resource(sent.get("resource") or {}),
    }
    return sent | known


def _resource(sent: Fields) -> Fields:
    pool = sent.get("pool_id") or ""
    flavor = find_flavor(sent.get("flavor_id") or "", pool=bool(pool))
    assert flavor is not None  # checks.check_resource has seen it
    known: Fields = {"policy": flavor.policy, "node_count": 1, "flavor_name": flavor.name}
    allocated = _allocated(flavor) | (sent.get("main_container_customized_flavor") or {})
    known |= {"flavor_detail": flavor.detail(), "main_container_allocated_resources": allocated}
    return known | sent | ({"pool_name": f"{POOL_ID}-sandbox"} if pool else {})


def _allocated(flavor: Flavor) -> Fields:
    return {
        "cpu_arch": "arm64" if flavor.type == "Ascend" else "x86",
        "cpu_core_num": flavor.cores,
        "mem_size": flavor.memory,
        "accelerator_num": flavor.devices,
        "accelerator_type": flavor.product,
    }
