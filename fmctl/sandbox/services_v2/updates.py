"""What a checked request makes of a document: new services, new versions of deployments, whole updates."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.models.checks import invalid
from fmctl.sandbox.services_v2 import state
from fmctl.sandbox.services_v2.runtime_shapes import check_limits, check_protocol
from fmctl.sandbox.services_v2.state import Deployment, Document, Plan
from fmctl.sandbox.serving.state import milliseconds
from fmctl.sandbox.wire import WireError

DEPLOY_MINUTES = 20
FIRST_VERSION = "1.0.0"
SETTINGS = ("runtime_config", "upgrade_config", "lts_strategy", "log_configs", "deploy_timeout_minutes")
OF_THE_PLAN = ("id", "name", "count", "weight", "version")
UPGRADE = {"type": "ROLLING", "rolling_update": {"max_surge": "1%", "max_unavailable": "1%"}}

Body = dict[str, Any]


def new_service(body: Body, *, project: str, user: str, provider: str | None, now: float) -> Document:
    """The document of a service; its deployments start at once."""
    moment = milliseconds(now)
    service = {
        "id": str(uuid.uuid4()),
        "name": body["name"],
        "project": project,
        "workspace_id": body["workspace_id"],
        "type": body["type"],
        "deploy_type": body["deploy_type"],
        "workload_type": body.get("workload_type") or "DEPLOYMENT",
        "user_name": user,
        "provider": provider,
        "tags": tags_of(body),
        "schedule": body.get("schedule", []),
        "task_type": body.get("task_type"),
        "create_at": moment,
        "update_at": moment,
    }
    version = {
        "lts_strategy": "AUTO_CREATE",
        "log_configs": [],
        "upgrade_config": UPGRADE,
        "deploy_timeout_minutes": DEPLOY_MINUTES,
    }
    version |= _identity(body.get("version", FIRST_VERSION), body.get("description", ""))
    version |= {name: body[name] for name in SETTINGS if name in body}
    document: Document = {"service": service, "version": version, "history": [], "target": None, "revision": 0}
    document |= {"deployments": [], "deleted": [], "events": [], "deleting": False, "failure_reason": "", "since": now}
    state.arm(document, now)
    for group in body["group_configs"]:
        add_deployment(document, group, user=user, now=now)
    state.adopt_version(document, version, now)
    return document


def add_deployment(document: Document, group: Body, *, user: str, now: float) -> Deployment:
    """A deployment more; it starts at once."""
    if any(one["name"] == group["name"] for one in document["deployments"]):
        raise invalid("name", f"the service has a deployment {group['name']} already")
    group = {"deploy_type": document["service"]["deploy_type"], **group}
    _check_units(group)
    deployment: Deployment = {
        "id": str(uuid.uuid4()),
        "name": group["name"],
        "user_name": user,
        "create_at": milliseconds(now),
        "update_at": milliseconds(now),
        "versions": [],
        "target": None,
        "joint": False,
        "hpa": None,
        "hpa_events": [],
        "hra": None,
    }
    version = add_version(deployment, group, group.get("version", state.settings_of(document)["version"]), now)
    deployment["plan"] = _plan(version, list(range(group.get("count", 1))), group["weight"])
    document["deployments"].append(deployment)
    state.begin_deploy(document, deployment, now)
    return deployment


def add_version(deployment: Deployment, group: Body, wanted: str | None, now: float) -> Document:
    """Another version of a deployment. Units keep their ids by their places."""
    versions = deployment["versions"]
    taken = {one["version"] for one in versions}
    number = wanted if wanted and wanted not in taken else _next(taken)
    config = {key: value for key, value in group.items() if key not in OF_THE_PLAN}
    known = [unit["id"] for unit in versions[-1]["config"]["unit_configs"]] if versions else []
    config["unit_configs"] = _with_ids(config["unit_configs"], known)
    version = _identity(number, config.pop("description", "")) | {"config": config}
    version |= {"create_at": milliseconds(now), "update_at": milliseconds(now)}
    versions.append(version)
    return version


def update_deployment(document: Document, deployment: Deployment, body: Body, now: float) -> None:
    """Another version, with what the body names replaced. One that differs in its description alone is none."""
    if body.get("name", deployment["name"]) != deployment["name"]:
        raise invalid("name", "the name of a deployment cannot be changed")
    version, plan = state.version_of(deployment), state.plan_of(deployment)
    merged = _merged(deployment, body)
    if not body.keys() - {"id", "name", "description"}:
        version["description"] = body.get("description", version["description"])
        deployment["update_at"] = milliseconds(now)
        return
    made = add_version(deployment, merged, body.get("version"), now)
    state.begin_upgrade(document, deployment, replan(plan, made, body), now)


def update_service(document: Document, body: Body, *, user: str, now: float) -> None:
    """Another version of the service, or another description of the one that it has."""
    _order_balancer(body)
    current, changed = document["version"], _changes(document, body)
    if body.get("version", current["version"]) == current["version"]:
        if changed or body.get("description") in (None, current["description"]):
            raise invalid("version", "a new version is needed unless only the description differs")
        for one in (current, *(one for one in document["history"] if one["id"] == current["id"])):
            one["description"] = body["description"]
        document["service"]["update_at"] = milliseconds(now)
        return
    if any(one["version"] == body["version"] for one in document["history"]):
        raise invalid("version", f"the service has had a version {body['version']} already")
    document["failure_reason"] = ""
    version = current | {name: body[name] for name in SETTINGS if name in body}
    version |= _identity(body["version"], body.get("description", current["description"]))
    version["runtime_config"] = _merged_runtime(current["runtime_config"], body.get("runtime_config", {}))
    check_limits(version["runtime_config"], "runtime_config")
    check_protocol(document["service"]["type"], version["runtime_config"])
    _reschedule(document, body, now)
    service = document["service"]
    service["task_type"] = body.get("task_type", service["task_type"])
    service["tags"] = tags_of(body) if "tags" in body else service["tags"]
    is_live = state.status(document) in state.LIVE
    document["target"] = {"version": version, "added": [], "remove": [], "since": now}
    if "group_configs" in body:
        _regroup(document, body["group_configs"], user=user, now=now)
    if not is_live:
        state.finish_update(document, now)


def replan(plan: Plan, version: Document, body: Body) -> Plan:
    """The plan for another version: as many instances as before and the same weight, unless the body says so."""
    ordinals = scaled(plan["ordinals"], body.get("count", len(plan["ordinals"])))
    return _plan(version, ordinals, body.get("weight", plan["weight"]))


def scaled(ordinals: Sequence[int], count: int) -> list[int]:
    """As many instances; the youngest go first, and numbers are not given to others while they are in use."""
    kept = list(ordinals[:count])
    free = (number for number in range(2 * count + len(kept)) if number not in kept)
    return sorted([*kept, *(next(free) for _ in range(count - len(kept)))])


def tags_of(body: Body) -> dict[str, str]:
    """The tags that a request lists, by their keys."""
    return {tag["key"]: tag.get("value", "") for tag in body.get("tags", ())}


def _regroup(document: Document, groups: Sequence[Body], *, user: str, now: float) -> None:
    """Deployments are known by their names: there are new ones, changed ones, and ones that are not named any more."""
    target, by_name = document["target"], {one["name"]: one for one in document["deployments"]}
    for group in groups:
        deployment = by_name.pop(group["name"], None)
        if deployment is None:
            made = add_deployment(document, group, user=user, now=now)
            made["joint"] = True
            target["added"].append(made["id"])
        elif _differs(deployment, group):
            merged = _merged(deployment, group)
            version = add_version(deployment, merged, group.get("version", target["version"]["version"]), now)
            plan = replan(state.plan_of(deployment), version, group)
            state.begin_upgrade(document, deployment, plan, now, joint=True)
    target["remove"] = [one["id"] for one in by_name.values()]


def _changes(document: Document, body: Body) -> bool:
    """Whether an update asks for anything but another description."""
    version, service = document["version"], document["service"]
    names = {one["name"]: one for one in document["deployments"]}
    groups = body.get("group_configs", [])
    regrouped = "group_configs" in body and {group["name"] for group in groups} != names.keys()
    runtime = _merged_runtime(version["runtime_config"], body.get("runtime_config", {}))
    return (
        regrouped
        or any(_differs(names[group["name"]], group) for group in groups)
        or runtime != version["runtime_config"]
        or any(body[name] != version.get(name) for name in SETTINGS if name in body and name != "runtime_config")
        or ("task_type" in body and body["task_type"] != service["task_type"])
        or ("tags" in body and tags_of(body) != service["tags"])
        or bool(body.get("schedule") and not body.get("description"))
    )


def _differs(deployment: Deployment, group: Body) -> bool:
    """Whether a group asks for something else than the deployment is. What it leaves out stays as it is."""
    plan, version = state.plan_of(deployment), state.version_of(deployment)
    live = {"count": len(plan["ordinals"]), "weight": plan["weight"], "description": version["description"]}
    have = version["config"] | live
    units = [_without_id(unit) for unit in have["unit_configs"]]
    wanted = {key: value for key, value in group.items() if key not in {"id", "name", "version", "unit_configs"}}
    return [_without_id(unit) for unit in group["unit_configs"]] != units or any(
        have.get(key) != value for key, value in wanted.items()
    )


def _merged(deployment: Deployment, group: Body) -> Body:
    """What a deployment is to be: what the group leaves out stays as it is."""
    version = state.version_of(deployment)
    before: Body = version["config"]
    after: Body = before | {"description": version["description"]} | group
    if before.get("pool_id") != after.get("pool_id"):
        raise invalid("pool_id", "the pool of a deployment cannot be changed")
    if deployment["status"] in state.LIVE and before.get("priority") != after.get("priority"):
        raise invalid("priority", "it must stay as it is while the deployment is running")
    _check_units(after)
    return after


def _check_units(group: Body) -> None:
    if group["deploy_type"] == "SINGLE" and len(group["unit_configs"]) > 1:
        raise invalid("unit_configs", "exactly one entry for deploy_type SINGLE")


def _reschedule(document: Document, body: Body, now: float) -> None:
    """The platform takes a new schedule only from an update without a description."""
    if "schedule" in body and not body.get("description"):
        document["service"]["schedule"] = body["schedule"]
        state.arm(document, now)


def _order_balancer(body: Body) -> None:
    """An order to the load balancer is not a setting; with one that was never reached, trying again is all there is."""
    balancer = body.get("runtime_config", {}).get("service_invoke", {}).get("elb_connection", {})
    if balancer.pop("action", "") == "SYNC_ADDR":
        raise WireError(400, state.WRONG_STATE, "The load balancer is CONNECT_FAILED: SYNC_ADDR needs it CONNECTED.")


def _merged_runtime(before: Body, after: Body) -> Body:
    merged: Body = before | after
    merged["service_invoke"] = before["service_invoke"] | after.get("service_invoke", {})
    return merged


def _plan(version: Document, ordinals: list[int], weight: Any) -> Plan:
    return {"version_id": version["id"], "ordinals": ordinals, "weight": weight}


def _identity(version: str, description: str) -> Document:
    return {"id": str(uuid.uuid4()), "version": version, "description": description}


def _with_ids(units: Sequence[Body], known: Sequence[str]) -> list[Body]:
    return [
        unit | {"id": known[at] if at < len(known) else str(uuid.uuid4()), "count": unit.get("count", 1)}
        for at, unit in enumerate(units)
    ]


def _without_id(unit: Body) -> Body:
    return {key: value for key, value in {"count": 1, **unit}.items() if key != "id"}


def _next(taken: set[str]) -> str:
    """The number after the highest, or the first one."""
    numbers = [[int(part) for part in version.split(".")] for version in taken]
    major, minor, patch = max(numbers, default=[1, 0, -1])
    total = (major * 100 + minor) * 100 + patch + 1
    return f"{total // 10_000}.{total // 100 % 100}.{total % 100}"
