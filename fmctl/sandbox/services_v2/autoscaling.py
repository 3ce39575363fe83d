"""Automatic scaling of deployments: policies, their rules, and what they did.

A CRON_HPA rule sets the number of instances at the times of a cron expression, in UTC.

A METRIC_HPA rule keeps it where the load is: between min_replicas and max_replicas, and such that no instance has more
than PER_INSTANCE requests to answer in a minute. Requests name no metric, so this is the one that there is: what the
gateway has sent to the deployment in the last 60 seconds. `upscale_window` and `downscale_window` are seconds of rest
between one scaling, or the making of the rule, and the next one up or down. Without max_replicas target_replicas is it.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from fmctl.sandbox.models.checks import invalid
from fmctl.sandbox.services_v2 import state
from fmctl.sandbox.services_v2.cron import next_time
from fmctl.sandbox.services_v2.rules import Fields, flag, floored, many, missing, one_of, text
from fmctl.sandbox.services_v2.state import Deployment, Document
from fmctl.sandbox.services_v2.updates import scaled

Rule = dict[str, Any]

CRON, METRIC = "CRON_HPA", "METRIC_HPA"
PER_INSTANCE = 60  # requests in a minute
KEPT_EVENTS = 100
LATE = 600.0  # seconds; more than the longest step of virtual time
WINDOWS = {"upscale_window": 1, "downscale_window": 60}

MOST = 128
COUNT = floored(1, MOST)
RULE = Fields(
    {
        "id": text(),
        "name": text(r"[a-z][a-z0-9-]{2,62}[a-z0-9]", "4 to 64 lower-case letters, digits and hyphens, a letter first"),
        "type": one_of(CRON, METRIC),
        "schedule": text(),
        "target_replicas": COUNT,
        "min_replicas": COUNT,
        "max_replicas": COUNT,
        "downscale_window": COUNT,
        "upscale_window": COUNT,
        "disable": flag,
        "operate": one_of("ADD", "UPDATE", "DELETE"),
    }
)
NEW = Fields(
    {
        "type": one_of(CRON, METRIC),
        "target_resource_id": text(),
        "target_resource_type": one_of("GROUP"),
        "workspace_id": text(),
        "hpa_rules": many(RULE.but(required=["name", "type"])),
    },
    ["type", "target_resource_id", "target_resource_type", "hpa_rules"],
)
CHANGE = Fields({"id": text(), "workspace_id": text(), "hpa_rules": many(RULE)}, ["hpa_rules"])


def create(deployment: Deployment, body: Mapping[str, Any], workspace: str, now: float) -> None:
    """A policy with its rules."""
    if deployment["hpa"]:
        raise invalid("hpa", "the deployment has a policy already; update it, or delete it first")
    if body["target_resource_id"] != deployment["id"]:
        raise invalid("target_resource_id", "the id of the deployment in the path")
    identity = {"id": str(uuid.uuid4()), "name": f"hpa-{deployment['id'][:8]}", "type": body["type"]}
    policy = identity | {"workspace_id": workspace, "hpa_rules": []}
    for rule in body["hpa_rules"]:
        _add(policy, rule, now)
    deployment["hpa"] = policy


def change(deployment: Deployment, body: Mapping[str, Any], now: float) -> None:
    """Each rule says what becomes of it; rules that are not named stay."""
    policy = deployment["hpa"]
    if body.get("id") not in (None, policy["id"], deployment["id"]):
        raise invalid("id", "the one of the policy in the path")
    for rule in body["hpa_rules"]:
        if rule.get("operate", "ADD") == "ADD":
            _add(policy, rule, now)
            continue
        known = next((one for one in policy["hpa_rules"] if _same(one, rule)), None)
        if known is None:
            raise invalid("hpa_rules", f"there is no rule {rule.get('id') or rule.get('name')}")
        policy["hpa_rules"].remove(known)
        if rule["operate"] == "UPDATE":
            _add(policy, known | rule, now)


def shown(policy: Mapping[str, Any], deployment: Deployment) -> dict[str, Any]:
    """A policy as the API has it."""
    rules = policy["hpa_rules"]
    numbers = [rule[name] for rule in rules for name in _bounds(rule)]
    return {
        "id": policy["id"],
        "name": policy["name"],
        "target_resource_id": deployment["id"],
        "target_resource_type": "GROUP",
        "min_replicas": min(numbers, default=1),
        "max_replicas": max(numbers, default=1),
        "status": "INACTIVE" if all(rule["disable"] for rule in rules) else "ACTIVE",
        "workspace_id": policy["workspace_id"],
        "hpa_rules": [_shown_rule(policy, rule) for rule in rules],
    }


def moves(document: Document, requests: Mapping[str, int], now: float) -> list[Callable[[Document], None]]:
    """Scale what is due, knowing how many requests each deployment had in the last minute."""
    if all(not _due(document, one, requests, now) for one in document["deployments"]):
        return []
    return [lambda fresh: _fire(fresh, requests, now)]


def _add(policy: dict[str, Any], rule: Mapping[str, Any], now: float) -> None:
    made: Rule = {"type": policy["type"], "disable": False, **rule, "id": rule.get("id") or str(uuid.uuid4())}
    made.pop("operate", None)
    if any(one["name"] == made.get("name") for one in policy["hpa_rules"]):
        raise invalid("hpa_rules", f"there are two rules named {made['name']}")
    if made["type"] == CRON:
        _require(made, "schedule", "target_replicas")
        made["due"] = next_time(made["schedule"], now)
    else:
        _require(made)
        most = max(made.get("target_replicas", MOST), made.get("min_replicas", 1))
        made = {"min_replicas": 1, "max_replicas": most, **WINDOWS, **made, "scaled_at": now}
        if made["min_replicas"] > made["max_replicas"]:
            raise invalid("hpa_rules.min_replicas", "at most max_replicas")
    policy["hpa_rules"].append(made | {"status": "CONFIG_SUCCESS"})


def _require(rule: Rule, *names: str) -> None:
    for name in ("name", *names):
        if name not in rule:
            raise missing("hpa_rules", name)


def _bounds(rule: Rule) -> tuple[str, ...]:
    return ("target_replicas",) if rule["type"] == CRON else ("min_replicas", "max_replicas")


def _due(document: Document, deployment: Deployment, requests: Mapping[str, int], now: float) -> list[Rule]:
    """The rules of a deployment that want something of it now."""
    rules = [rule for rule in (deployment["hpa"] or {"hpa_rules": ()})["hpa_rules"] if not rule["disable"]]
    load = requests[deployment["id"]] if _is_free(document, deployment) else None
    return [
        rule
        for rule in rules
        if (now >= rule["due"] if rule["type"] == CRON else load is not None and _is_off(deployment, rule, load, now))
    ]


def _is_free(document: Document, deployment: Deployment) -> bool:
    return deployment["status"] in state.SCALABLE and not document["target"]


def _is_off(deployment: Deployment, rule: Rule, load: int, now: float) -> bool:
    """Whether the load needs another number of instances, and the deployment has had its rest."""
    count, wanted = _count(deployment), _wanted(rule, load)
    rest = rule["upscale_window" if wanted > count else "downscale_window"]
    return count != wanted and bool(now - rule["scaled_at"] >= rest)


def _wanted(rule: Rule, requests: int) -> int:
    """As many instances as the load needs, within the rule's bounds."""
    return int(min(max(math.ceil(requests / PER_INSTANCE), rule["min_replicas"]), rule["max_replicas"]))


def _count(deployment: Deployment) -> int:
    return len(state.plan_of(deployment)["ordinals"])


def _fire(document: Document, requests: Mapping[str, int], now: float) -> None:
    for deployment in document["deployments"]:
        for rule in _due(document, deployment, requests, now):
            if rule["type"] == METRIC:
                load = requests[deployment["id"]]
                rule["scaled_at"] = now
                _scale(document, deployment, rule, _wanted(rule, load), f"{load} requests in the last minute.", now)
                continue
            is_late = now - rule["due"] >= LATE
            rule["due"] = next_time(rule["schedule"], now)
            if not is_late:  # nobody looked, while the service was at rest
                _scale(document, deployment, rule, rule["target_replicas"], f"Rule {rule['name']}", now)


def _scale(document: Document, deployment: Deployment, rule: Rule, wanted: int, why: str, now: float) -> None:
    plan, count = state.plan_of(deployment), _count(deployment)
    possible = _is_free(document, deployment)
    if possible and count != wanted:
        target = plan | {"ordinals": scaled(plan["ordinals"], wanted)}
        state.begin_upgrade(document, deployment, target, now)
    rule["status"] = "EXECUTE_SUCCESS" if possible else "FAILED"
    deployment["hpa_events"].append(
        {
            "id": str(uuid.uuid4()),
            "hpa_id": deployment["hpa"]["id"],
            "status": "SUCCESS" if possible else "FAILED",
            "message": why if possible else f"The deployment is {deployment['status']}.",
            "current_replicas": count,
            "target_replicas": wanted,
            "final_replicas": wanted if possible else count,
            "record_time": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S"),
        }
    )
    del deployment["hpa_events"][:-KEPT_EVENTS]


def _same(known: Mapping[str, Any], rule: Mapping[str, Any]) -> bool:
    key = "id" if "id" in rule else "name"
    return bool(known[key] == rule.get(key))


def _shown_rule(policy: Mapping[str, Any], rule: Mapping[str, Any]) -> dict[str, Any]:
    names = ("id", "name", "type", "schedule", "target_replicas", "status")
    return {name: rule[name] for name in names if name in rule} | {
        "hpa_id": policy["id"],
        "disable": str(rule["disable"]).lower(),  # a string here, though requests have a boolean
    }
