"""A training job on the wire: the body that creates it, and what its answers say beside its name and phase.

Source: training API, "create training job"; create, detail and search answer with one shape.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from fmctl.domain.problem import FmctlError
from fmctl.domain.resource import Resource, Spec
from fmctl.domain.values import address, folder, join, seconds, wire
from fmctl.kinds import job_shown
from fmctl.kinds.base import Work
from fmctl.kinds.content import located, uploaded
from fmctl.kinds.reading import Item
from fmctl.kinds.schema import plain

POOL_FLAVORS = {
    1: "modelarts.pool.visual.xlarge",
    2: "modelarts.pool.visual.2xlarge",
    4: "modelarts.pool.visual.4xlarge",
    8: "modelarts.pool.visual.8xlarge",
}
"""The flavors of a dedicated pool, by the accelerators a node that they give."""


JOBS = "/v2/{project_id}/training-jobs"
TAGGED_JOBS = "/v2/{project_id}/modelarts-training-job"


def run_name(resource: Resource, attempt: int = 0) -> str:
    """``<metadata.name>-<hash10>``, later attempts ``-r1``, ``-r2``; or the job that ``useRun`` names."""
    if "useRun" in resource.spec and not attempt:
        return str(resource.spec["useRun"])
    return f"{resource.name}-{resource.hash}" + (f"-r{attempt}" if attempt else "")


def body(resource: Resource, name: str, description: str, work: Work) -> dict[str, Any]:
    """What creates the run ``name`` of ``resource``; its local folders are uploaded first."""
    spec = resource.spec
    metadata = {"name": name, "description": description, "workspace_id": work.api.workspace}
    return {"kind": "job", "metadata": metadata, "algorithm": _algorithm(resource, name, work), "spec": _spec(spec)}


def _algorithm(resource: Resource, name: str, work: Work) -> dict[str, Any]:
    spec = resource.spec
    parameters, variables = spec.get("parameters", {}), spec.get("env", {})
    inputs = ((item["name"], located(item, resource, work)) for item in spec.get("inputs", ()))
    outputs = ((item["name"], join(item["to"], name + "/")) for item in spec.get("outputs", ()))
    return {
        **_program(resource, work),
        "parameters": [{"name": key, "value": _text(value, work)} for key, value in parameters.items()],
        "environments": {key: _text(value, work) for key, value in variables.items()},
        "inputs": [_remote(*one) for one in inputs],
        "outputs": [_remote(*one) for one in outputs],
    }


def _remote(name: str, url: str) -> dict[str, Any]:
    return {"name": name, "remote": {"obs": {"obs_url": wire(url)}}}


def _program(resource: Resource, work: Work) -> dict[str, Any]:
    """What runs: a stored algorithm, a program on an engine or an image, or an image with its command."""
    given = resource.spec["algorithm"]
    if "id" in given:
        return {"id": given["id"]}
    result: dict[str, Any] = {}
    if "code" in given:
        code = uploaded(given["code"], resource, work)
        result["code_dir"] = wire(folder(code))
    if "bootFile" in given:
        result["boot_file"] = wire(join(code, given["bootFile"]))
    if "command" in given:
        result["command"] = given["command"]
    elif "image" in given:  # an image of one's own has no boot file: ModelArts.2806 asks for a command
        place = folder(code).rstrip("/").rpartition("/")[2]
        result["command"] = "python ${MA_JOB_DIR}/" + shlex.quote(f"{place}/{given['bootFile']}")
    engine = given.get("engine", {})
    names = (("id", "engine_id"), ("name", "engine_name"), ("version", "engine_version"))
    result["engine"] = {there: engine[here] for here, there in names if here in engine}
    if "image" in given:
        result["engine"]["image_url"] = given["image"]
    return result


def _spec(spec: Spec) -> dict[str, Any]:
    """The ``spec`` part of the create body."""
    wanted = spec["resources"]
    resource: dict[str, Any] = {"node_count": wanted.get("nodes", 1)}
    if "flavor" in wanted:
        resource["flavor_id"] = wanted["flavor"]
    if "pool" in wanted:
        resource["pool_id"] = wanted["pool"]
        if "devices" in wanted:
            resource["flavor_id"] = POOL_FLAVORS[wanted["devices"]]
    result: dict[str, Any] = {"resource": resource}
    if "volumes" in spec:
        result["volumes"] = [
            {"nfs": {"nfs_server_path": v["server"], "local_path": v["path"], "read_only": v.get("readOnly", False)}}
            for v in spec["volumes"]
        ]
    if "logs" in spec:
        result["log_export_path"] = {"obs_url": wire(folder(spec["logs"]))}
    if "maxDuration" in spec:
        result["auto_stop"] = {"time_unit": "HOURS", "duration": seconds(spec["maxDuration"]) // 3600}
    if "priority" in spec:
        result["schedule_policy"] = {"priority": spec["priority"]}
    return result


def _text(value: Any, work: Work) -> str:
    """The text to send: the literal, or what ``valueFrom`` points to."""
    value = plain(value)
    if not isinstance(value, Mapping):
        return str(value)
    secret = work.secret(value["valueFrom"])
    if secret is None:
        msg = f"the environment variable {value['valueFrom']['env']} is not set"
        raise FmctlError(msg, hint="export it before `fmctl apply`")
    return secret


def message(status: Item) -> str:
    """What the platform says about a run that failed."""
    for task in status.get("task_statuses") or ():
        code, text = task.get("exit_code"), str(task.get("message") or "")
        if code:
            more = f", {text}" if text and str(code) not in text else ""
            return f"{task.get('task', 'worker-0')} exited with {code}{more}"
        if text:
            return text
    return ""


def facts(job: Item) -> dict[str, Any]:
    """What reports and other kinds want to know about a job."""
    spec, algorithm = job.get("spec") or {}, job.get("algorithm") or {}
    stop = spec.get("auto_stop") or {}
    found: dict[str, Any] = {
        "nodes": (spec.get("resource") or {}).get("node_count", 1),
        "spec": job_shown.spec(job),
        "outputs": {
            item["name"]: address(item["remote"]["obs"]["obs_url"])
            for item in algorithm.get("outputs") or ()
            if ((item.get("remote") or {}).get("obs") or {}).get("obs_url")
        },
    }
    if stop.get("duration"):
        found["autoStop"] = int(stop["duration"]) * 3600
    return found
