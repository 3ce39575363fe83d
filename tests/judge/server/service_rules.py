"""What the bodies of services may be."""

from __future__ import annotations

from typing import Any

from .rules import SHORT_TEXT, Rules

Body = dict[str, Any]
CREATION = (
    "service_name infer_type config workspace_id description pool_name cluster_id vpc_id subnet_network_id "
    "security_group_id schedule load_balancer_policy priority service_secrets additional_properties"
)
UPDATE = "status config description schedule additional_properties load_balancer_policy service_secrets priority"
CONFIG = (
    "model_id specification custom_spec instance_count weight envs deploy_timeout_in_seconds pool_name cluster_id "
    "additional_properties affinity"
)


def check_creation(rules: Rules, body: Body) -> None:
    """Refuse what the reference does not allow in a new service."""
    rules.known(body, CREATION, "service", "3037")
    rules.required(body, "service_name infer_type config")
    rules.name(body, "service_name", "3037")
    rules.one_of(body.get("infer_type"), ["real-time"], "infer_type", "3037")
    _check_description(rules, body)


def check_update(rules: Rules, body: Body) -> None:
    """Refuse what the reference does not allow in an update; beside a status, a config is forgotten."""
    rules.known(body, UPDATE, "service update", "3037")
    rules.frown(not {"status", "config"} <= set(body), "status and config in one call")
    _check_description(rules, body)


def check_config(rules: Rules, config: Any, pool: str) -> None:
    """Refuse a config that is not one of models whose weights are 100 together."""
    rules.demand(isinstance(config, list) and config, "config", "3036")
    for entry in config:
        _check_entry(rules, entry, pool)
    ids = {entry["model_id"] for entry in config}
    rules.demand(len(ids) == len(config), "one model twice", "3516")
    rules.demand(sum(int(entry.get("weight", 0)) for entry in config) == 100, "weights", "3037")


def check_scaling(rules: Rules, body: Body) -> dict[str, int]:
    """Refuse another change of a property than that of instances; how many each model is to have."""
    rules.known(body, "changed_property configs", "property", "3037")
    rules.one_of(body.get("changed_property"), ["instance_count"], "changed_property", "3037")
    rules.demand(body.get("configs"), "configs", "3036")
    for entry in body["configs"]:
        rules.known(entry, "model_id changed_value", "configs of a property", "3037")
        rules.demand(str(entry.get("changed_value")).isdecimal(), "changed_value", "3037")
    return {entry["model_id"]: int(entry["changed_value"]) for entry in body["configs"]}


def _check_description(rules: Rules, body: Body) -> None:
    text = body.get("description", "")
    rules.demand(SHORT_TEXT.fullmatch(text), f"description of a service {text!r}", "3037")


def _check_entry(rules: Rules, entry: Body, pool: str) -> None:
    rules.known(entry, CONFIG, "config", "3037")
    rules.known(entry.get("custom_spec", {}), "cpu memory gpu_p4 ascend_a310", "custom_spec", "3037")
    rules.demand(isinstance(entry.get("model_id"), str), "model_id", "3036")
    rules.demand(entry.get("specification"), "specification", "3036")
    custom = entry["specification"] == "custom"
    rules.demand(not custom or (pool and entry.get("custom_spec")), "custom needs a pool and a spec", "3037")
    rules.demand(isinstance(entry.get("instance_count"), int), "instance_count", "3036")
    rules.demand(all(isinstance(value, str) for value in entry.get("envs", {}).values()), "envs", "3037")
