"""How services and deployments look from outside. The same moment is a number here, a string or an ISO text there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fmctl.sandbox.services_v2 import state, units
from fmctl.sandbox.services_v2.state import Deployment, Document, Plan
from fmctl.sandbox.services_v2.supervision import ServicesV2
from fmctl.sandbox.serving.instances import InstanceState

Record = dict[str, Any]

POD_STATUS = {
    InstanceState.STARTING: "PENDING",
    InstanceState.READY: "RUNNING",
    InstanceState.UNHEALTHY: "ABNORMAL",
    InstanceState.ENDED: "FAILED",
    None: "PENDING",
}
NUMBERS = ("mirror_traffic_weight",)  # of the flat form alone
DEFAULTS = {"framework": "COMMON", "schedule_strategy": "HIGH_AVAILABILITY", "workload_type": "DEPLOYMENT"}
NO_BALANCERS = {"status": "CONNECT_FAILED", "message": "this sandbox has no load balancers"}
LOG_STATUS = {"STDOUT": "lts_status", "EVENT": "lts_event_status", "FILE": "lts_file_status"}


def service(services: ServicesV2, document: Document) -> Record:
    """A service as all calls but lists return it."""
    base, version = document["service"], state.settings_of(document)
    return {
        "id": base["id"],
        "name": base["name"],
        "workspace_id": base["workspace_id"],
        "type": base["type"],
        "deploy_type": base["deploy_type"],
        "status": state.status(document),
        "failure_reason": _failure(document),
        "version": _version(services, document, version),
        "deploy_timeout_minutes": version["deploy_timeout_minutes"],
        "tags": [{"key": key, "value": value} for key, value in base["tags"].items()],
        "schedule": base["schedule"],
        "create_at": str(base["create_at"]),
        "update_at": str(base["update_at"]),
        "task_type": base["task_type"],
        "provider": base["provider"],
        "frozen_infos": [],
    }


def listed_service(document: Document) -> Record:
    """The shorter form of lists: here the version is a string, and times are numbers."""
    base, version = document["service"], state.settings_of(document)
    same = ("id", "name", "type", "deploy_type", "user_name", "workspace_id", "create_at", "update_at", "task_type")
    return {name: base[name] for name in (*same, "schedule")} | {
        "status": state.status(document),
        "version": version["version"],
        "version_count": len(document["history"]),
        "description": version["description"],
        "auth_type": version["runtime_config"]["service_invoke"]["auth_type"],
        "tags": [{"key": key, "value": value} for key, value in base["tags"].items()],
        "frozen_infos": [],
    }


def group(services: ServicesV2, document: Document, deployment: Deployment) -> Record:
    """A deployment as part of a service, and as the answer to its start."""
    plan = state.plan_of(deployment)
    return _deployment(deployment) | {
        "running_count": running_count(services, deployment),
        "traffic_ratio": traffic_ratio(document, deployment),
        "lts_state": _log_status(state.settings_of(document)["log_configs"], "STDOUT"),
        "create_at": str(deployment["create_at"]),
        "update_at": deployment["update_at"],
        "version_id": plan["version_id"],
    }


def flat_deployment(
    services: ServicesV2, document: Document, deployment: Deployment, version: Document | None = None
) -> Record:
    """A deployment by itself, or one of its versions; its times are texts that the SDK reads as datetimes."""
    used = services.last_used.get(deployment["id"])
    times = version or {"create_at": deployment["create_at"], "update_at": deployment["update_at"]}
    shown = _deployment(deployment, version) | {
        "deployment_name": deployment["name"],
        "user_name": deployment["user_name"],
        "create_at": iso(times["create_at"] / 1000),
        "update_at": iso(times["update_at"] / 1000),
        "last_used_time": iso(used) if used else None,
        "failure_reason": deployment["failure_reason"] or None,
        "frozen_infos": [],
    }
    return shown | {name: int(shown[name]) for name in NUMBERS if name in shown}


def listed_deployment(document: Document, deployment: Deployment) -> Record:
    """The shorter form of lists."""
    shown = _deployment(deployment)
    same = ("id", "name", "infer_name", "status", "weight", "pool_id", "version", "deploy_type")
    optional = ("mirror_traffic_enable", "mirror_traffic_weight")
    return (
        {name: shown.get(name) for name in same}
        | {name: shown[name] for name in optional if name in shown}
        | {
            "service_group_name": deployment["name"],
            "lts_state": _log_status(state.settings_of(document)["log_configs"], "STDOUT"),
            "traffic_ratio": traffic_ratio(document, deployment),
            "create_at": deployment["create_at"],
            "update_at": deployment["update_at"],
            "frozen_infos": [],
        }
    )


def listed_version(deployment: Deployment, version: Document) -> Record:
    """One version in the list of a deployment's versions."""
    is_active = version["id"] == state.plan_of(deployment)["version_id"]
    return {
        "infer_name": deployment["id"],
        "version": version["version"],
        "version_status": deployment["status"] if is_active else "STOPPED",
        "description": version["description"],
        "deploy_type": version["config"].get("deploy_type"),
        "create_at": iso(version["create_at"] / 1000),
        "update_at": iso(version["update_at"] / 1000),
    }


def instance(services: ServicesV2, deployment: Deployment, ordinal: int) -> Record:
    """One instance, as its pods are."""
    found = pods(services, deployment, ordinal)
    running = sum(pod["status"] == "RUNNING" for pod in found)
    return {
        "instance_name": units.instance_name(deployment, ordinal),
        "status": "RUNNING" if running == len(found) else ("CONCERNING" if running else "PENDING"),
        "weight": deployment["plan"]["weight"],
        "pod_count": len(found),
        "running_pod_count": running,
        "update_at": int(deployment["since"] * 1000),
    }


def pods(services: ServicesV2, deployment: Deployment, ordinal: int) -> list[Record]:
    """The processes of an instance; an instance that is only counted has those of the one it stands for."""
    plan = deployment["plan"]
    states = services.pods(deployment, units.stand_in(plan, ordinal))
    configs = state.version_of(deployment, plan)["config"]["unit_configs"]
    return [
        {
            "pod_id": f"{configs[unit]['id']}-{ordinal}-{slot}",
            "pod_name": f"{units.instance_name(deployment, ordinal)}-{unit}-{slot}",
            "pod_node_ip": "127.0.0.1",
            "pod_node_name": "sandbox",
            "pod_role": configs[unit].get("role", "COMMON"),
            "pod_role_name": configs[unit].get("name", ""),
            "status": POD_STATUS[one],
            "update_time": int(deployment["since"] * 1000),
        }
        for unit, slots in enumerate(states)
        for slot, one in enumerate(slots)
    ]


def instances_shown(deployment: Deployment) -> list[int]:
    """The instances that there are; a deployment that rests has none."""
    ordinals: list[int] = deployment["plan"]["ordinals"]
    return ordinals if deployment["status"] in state.LIVE | state.STARTING else []


def running_count(services: ServicesV2, deployment: Deployment) -> int:
    """How many of the instances that are in service answer."""
    every = [instance(services, deployment, ordinal)["status"] for ordinal in instances_shown(deployment)]
    return every.count("RUNNING")


def traffic_ratio(document: Document, deployment: Deployment) -> str:
    """The share of a deployment's weight in all that answer."""
    weights = {one["id"]: one["plan"]["weight"] for one in state.deployments_in(document, state.LIVE)}
    total = sum(weights.values())
    return f"{100 * weights.get(deployment['id'], 0) / total if total else 0:.2f}%"


def iso(seconds: float) -> str:
    """A moment as fields want it that the SDK types as datetime: a number there makes it raise."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _deployment(deployment: Deployment, version: Document | None = None) -> Record:
    plan: Plan = state.plan_of(deployment)
    version = version or state.version_of(deployment, plan)
    config: Record = _without_secrets(version["config"])
    return (
        DEFAULTS
        | config
        | {
            "id": deployment["id"],
            "name": deployment["name"],
            "infer_name": deployment["id"],
            "status": deployment["status"],
            "count": len(plan["ordinals"]),
            "weight": plan["weight"],
            "version": version["version"],
            "version_id": version["id"],
            "version_count": len(deployment["versions"]),
            "description": version["description"],
        }
    )


def _version(services: ServicesV2, document: Document, version: Document) -> Record:
    runtime = _without_secrets(version["runtime_config"])
    runtime["service_invoke"] = {k: v for k, v in runtime["service_invoke"].items() if k != "custom_urls"}
    if balancer := runtime["service_invoke"].get("elb_connection"):
        runtime["service_invoke"]["elb_connection"] = balancer | NO_BALANCERS
    logs = version["log_configs"]
    return {
        "id": version["id"],
        "version": version["version"],
        "description": version["description"],
        "predict_url": None,
        "runtime_config": runtime,
        "upgrade_config": version["upgrade_config"],
        "instance_groups": [group(services, document, one) for one in document["deployments"]],
        "lts_strategy": version["lts_strategy"],
        **{name: _log_status(logs, kind) for kind, name in LOG_STATUS.items()},
        "log_configs": [{key: value for key, value in log.items() if key != "files"} for log in logs],
        "deploy_timeout_minutes": version["deploy_timeout_minutes"],
    }


def _log_status(logs: list[Record], kind: str) -> str:
    return "ON" if any(log["type"] == kind and log["status"] == "ON" for log in logs) else "OFF"


def _failure(document: Document) -> str | None:
    reasons = [document["failure_reason"], *(one["failure_reason"] for one in document["deployments"])]
    return next((reason for reason in reasons if reason), None)


def _without_secrets(value: Any) -> Any:
    """The value of a secret goes in and never comes out."""
    if isinstance(value, dict):
        return {key: _without_secrets(inner) for key, inner in value.items() if key != "secret_value"}
    return [_without_secrets(inner) for inner in value] if isinstance(value, list) else value
