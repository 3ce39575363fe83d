"""A job as the platform shows it: what was sent, and all that it adds of itself."""

from __future__ import annotations

import copy
import time
from typing import Any

from .account import ACCOUNT
from .job import Job
from .remote import milliseconds, spelled
from .switches import Switches

Body = dict[str, Any]
ENGINE = {
    "usage": "training",
    "support_groups": "public",
    "tags": [],
    "v1_compatible": False,
    "run_user": "1102",
    "install_sys_packages": False,
}
CONSTRAINT = {
    "type": "String",
    "editable": True,
    "required": False,
    "sensitive": False,
    "valid_type": "None",
    "valid_range": [],
}
FLAVOR = {
    "flavor_type": "CPU",
    "billing": {"code": "cpu", "unit_num": 1},
    "flavor_info": {"max_num": 1, "cpu": {"arch": "x86", "core_num": 2}, "memory": {"size": 8, "unit": "GB"}},
}
ALLOCATED = {"cpu_arch": "x86", "cpu_core_num": 2, "mem_size": 8, "accelerator_num": 0, "accelerator_type": ""}


def shown_job(job: Job, switches: Switches, description: str) -> Body:
    """The answer to create, detail, search and terminate."""
    sent = copy.deepcopy(job.body)
    return {
        "kind": "job",
        "metadata": _metadata(job, sent["metadata"], switches, description),
        "status": _status(job),
        "algorithm": _algorithm(sent.get("algorithm", {}), switches),
        "spec": _spec(job, sent["spec"], switches),
        "endpoints": {},
    }


def _metadata(job: Job, sent: Body, switches: Switches, description: str) -> Body:
    workspace = sent.get("workspace_id", "0")
    annotations = {"job_template": "Template DL", "key_task": "worker", **sent.get("annotations", {})}
    if switches.details_grow:
        annotations[f"grown/{time.time_ns()}"] = "x"
    return {
        **sent,
        "id": job.id,
        "create_time": milliseconds(job.born),
        "description": description,
        "workspace_id": int(workspace) if switches.workspace_as_number else workspace,
        "user_name": "" if job.phase == "Creating" else ACCOUNT.user,
        "ai_project": "default-ai-project",
        "annotations": annotations,
    }


def _algorithm(sent: Body, switches: Switches) -> Body:
    channels = {
        kind: [_channel(sent, kind, at, switches) for at in range(len(sent.get(kind, [])))] for kind in CHANNELS
    }
    parameters = [_parameter(item) for item in sent.get("parameters", [])]
    engine = {"engine": _engine(sent["engine"])} if "engine" in sent else {}
    filled = {"policies": {}, "environments": {}, "parameters_customization": True}
    return {**filled, **sent, **channels, **engine, "parameters": parameters}


CHANNELS = {"inputs": {}, "outputs": {"mode": "upload_periodically", "period": 30}}


def _channel(sent: Body, kind: str, at: int, switches: Switches) -> Body:
    item = sent[kind][at]
    remote = item["remote"]["obs"]
    remote["obs_url"] = spelled(remote["obs_url"], switches.obs_spelling, ACCOUNT.region)
    place = f"/home/ma-user/modelarts/{kind}/{item['name']}_{at}"
    return {"description": "", "local_dir": place, "access_method": "parameter", **item, **CHANNELS[kind]}


def _engine(sent: Body) -> Body:
    """Whichever of id and version was sent, both are shown."""
    version = sent.get("engine_version", sent.get("engine_id", ""))
    return {**ENGINE, "engine_id": version, "engine_name": "PyTorch", "engine_version": version, **sent}


def _parameter(sent: Body) -> Body:
    return {"description": "", "i18n_description": None, **sent, "constraint": CONSTRAINT | sent.get("constraint", {})}


def _spec(job: Job, sent: Body, switches: Switches) -> Body:
    added = {"policy": "regular", "flavor_name": "CPU", "main_container_allocated_resources": ALLOCATED}
    resource = {"node_count": 1, "flavor_detail": FLAVOR, **added, **sent["resource"]}
    filled: Body = {"log_export_path": {}}
    if not switches.late_priority or job.phase not in ("Creating", job.waits_as):
        filled["schedule_policy"] = {"priority": 1}
    return {**filled, **sent, "resource": resource, "is_hosted_log": True, "runtime_type": "production"}


def _status(job: Job) -> Body:
    phase, now = job.phase, time.time()  # in this order: who is running has started by now
    started = now >= job.started and phase not in ("Creating", job.waits_as)
    status: Body = {
        "phase": phase,
        "secondary_phase": phase,
        "duration": milliseconds(job.ran(now)) if started else 0,
        "start_time": milliseconds(job.started) if started else 0,
        "tasks": ["worker-0"],
        "task_statuses": [],
        "running_records": [_record(job)] if started else [],
        "node_count_metrics": None,
    }
    if phase == "Failed":
        status["task_statuses"] = [{"task": "worker-0", "exit_code": 1, "message": "exit 1"}]
    return status


def _record(job: Job) -> Body:
    """One stretch of running; its times are seconds, unlike all others."""
    return {"start_at": int(job.started), "start_type": "init_or_rescheduled", "recover_records": []}
