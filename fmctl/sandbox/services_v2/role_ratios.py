"""Checks of the ratio between the roles of a deployment ("HRA"): what is asked for is kept, checked and shown.

The platform itself scales nothing by these policies yet: it says so at each of their numbers of replicas. So nothing
follows from one here either, and no rule ever becomes EXECUTE_SUCCESS: that would take its simulator.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from fmctl.sandbox.models.checks import invalid
from fmctl.sandbox.services_v2.rules import Fields, digits, flag, many, missing, one_of, text, whole
from fmctl.sandbox.services_v2.state import Deployment

Policy = dict[str, Any]

REPLICAS = whole(1, 128)
OBJECTIVE = Fields({"metric_ttft": whole(0, 10_000), "metric_tpot": whole(0, 1000), "percental": whole(0, 100)})
GOALS = Fields({"slo_objectives": many(OBJECTIVE), "predict_window_seconds": whole(60, 600)}, ["slo_objectives"])
SOURCE = Fields(
    {
        "endpoint": text(),
        "path": text(),
        "port": digits(1, 65535),
        "scheme": one_of("HTTP", "HTTPS"),
        "metrics_source": one_of("CONTAINER", "OTHERS"),
    },
    ["endpoint", "port", "scheme"],
)
ROLE = Fields({"name": text(), "min_replicas": REPLICAS, "max_replicas": REPLICAS}, ["name"])
RULE = Fields(
    {
        "scaler_type": one_of("SIMULATOR_ALGO"),
        "slo_info": many(GOALS),
        "metrics": many(SOURCE),
        "role_replica": many(ROLE),
    },
    ["slo_info", "metrics"],
)
NEW = Fields(
    {
        "workspace_id": text(),
        "hra_rules": many(RULE),
        "disable": flag,
        "min_replicas": REPLICAS,
        "max_replicas": REPLICAS,
        "scale_window": whole(0, 86400),
    },
    ["hra_rules"],
)
CHANGE = NEW.but(
    hra_rules=many(
        RULE.but(required=["id", "operate"], id=text(), operate=one_of("UPDATE", "DELETE")),
    )
)
SETTINGS = ("disable", "min_replicas", "max_replicas", "scale_window")
DEFAULTS = {"disable": False, "min_replicas": 1, "max_replicas": 128, "scale_window": 300}
OBJECTIVES = {"metric_ttft": 100, "metric_tpot": 50}


def create(deployment: Deployment, body: Mapping[str, Any], workspace: str) -> Policy:
    """A policy with its rules, which are named by the platform."""
    if deployment.get("hra"):
        raise invalid("hra", "the deployment has a policy already; update it")
    if not body["hra_rules"]:
        raise missing("hra_rules")
    settings = {name: body[name] for name in SETTINGS if name in body}
    rules = [
        _filled(rule) | {"id": str(uuid.uuid4()), "name": f"rule-{at}"} for at, rule in enumerate(body["hra_rules"])
    ]
    policy = DEFAULTS | settings | {"id": str(uuid.uuid4()), "workspace_id": workspace, "hra_rules": rules}
    _check_range(policy)
    deployment["hra"] = policy
    return policy


def change(deployment: Deployment, body: Mapping[str, Any]) -> Policy:
    """Each rule says what becomes of it; rules that are not named stay, and so do settings."""
    policy: Policy = deployment["hra"] | {name: body[name] for name in SETTINGS if name in body}
    _check_range(policy)
    rules = {rule["id"]: rule for rule in policy["hra_rules"]}
    for rule in body["hra_rules"]:
        if rule["id"] not in rules:
            raise invalid("hra_rules", f"there is no rule {rule['id']}")
        if rule["operate"] == "DELETE":
            del rules[rule["id"]]
        else:
            rules[rule["id"]] |= _filled({name: value for name, value in rule.items() if name != "operate"})
    policy["hra_rules"] = list(rules.values())
    deployment["hra"] = policy
    return policy


def shown(policy: Policy) -> dict[str, Any]:
    """A policy as the API has it."""
    rules = [rule | {"disable": policy["disable"], "rule_status": "CONFIG_SUCCESS"} for rule in policy["hra_rules"]]
    active = rules and not policy["disable"]
    return policy | {"policy_status": "ACTIVE" if active else "INACTIVE", "hra_rules": rules}


def _check_range(policy: Policy) -> None:
    if policy["min_replicas"] > policy["max_replicas"]:
        raise invalid("min_replicas", "at most max_replicas")


def _filled(rule: Mapping[str, Any]) -> dict[str, Any]:
    """With the defaults of the platform for what is left out."""
    filled = {"scaler_type": "SIMULATOR_ALGO", **rule}
    if "slo_info" in rule:
        filled["slo_info"] = [
            {
                "predict_window_seconds": 60,
                **goals,
                "slo_objectives": [OBJECTIVES | one for one in goals["slo_objectives"]],
            }
            for goals in rule["slo_info"]
        ]
    if "metrics" in rule:
        filled["metrics"] = [{"metrics_source": "CONTAINER"} | source for source in rule["metrics"]]
    return filled
