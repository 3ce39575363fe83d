"""What the body of a new training job may be."""

from __future__ import annotations

import re
from typing import Any

from .account import ACCOUNT
from .rules import NAME, Rules
from .wire import Refused

Body = dict[str, Any]
OBS = re.compile(r"(obs:/)?/[a-z0-9.-]{3,63}/")
VARIABLE = re.compile(r"[A-Za-z_]\w*")
ALGORITHM = (
    "id subscription_id item_version_id code_dir boot_file command local_code_dir working_dir parameters policies "
    "inputs outputs engine environments summary"
)
SPEC = (
    "resource volumes log_export_path log_export_config auto_stop schedule_policy notification runtime_type "
    "retention reserved_time custom_metrics"
)


def check_creation(rules: Rules, body: Body) -> None:
    """Refuse what the reference does not allow."""
    rules.known(body, "kind metadata algorithm spec tasks endpoints train_type ftjob_config", "job")
    rules.one_of(body.get("kind"), ["job"], "kind")
    _check_metadata(rules, body["metadata"])
    _check_algorithm(rules, body["algorithm"])
    _check_spec(rules, body["spec"])


def _check_metadata(rules: Rules, metadata: Body) -> None:
    rules.known(metadata, "name workspace_id description annotations training_experiment_reference", "metadata")
    rules.name(metadata, "name")
    rules.demand(len(metadata.get("description", "")) <= 256, "description of more than 256")
    if metadata.get("workspace_id", "0") not in ACCOUNT.workspaces:
        raise Refused(400, "0102", "The workspace does not exist.")


def _check_algorithm(rules: Rules, algorithm: Body) -> None:
    rules.known(algorithm, ALGORITHM, "algorithm")
    rules.demand("id" in algorithm or "engine" in algorithm, "neither an algorithm nor an engine")
    for parameter in algorithm.get("parameters", []):
        rules.known(parameter, "name value description constraint", "parameter")
        good = isinstance(parameter["value"], str) and NAME.fullmatch(parameter["name"])
        rules.demand(good, f"parameter {parameter}")
    for item in algorithm.get("inputs", []) + algorithm.get("outputs", []):
        rules.known(item, "name description local_dir access_method remote remote_constraint", "inputs and outputs")
        url = item["remote"]["obs"]["obs_url"]
        rules.demand(OBS.match(url), f"address {url}", "2791")
    for name, value in algorithm.get("environments", {}).items():
        rules.demand(VARIABLE.fullmatch(name) and isinstance(value, str), f"variable {name}")
    _check_program(rules, algorithm)


def _check_program(rules: Rules, algorithm: Body) -> None:
    boot_file, engine = algorithm.get("boot_file", ""), algorithm.get("engine", {})
    inside = not boot_file or boot_file.startswith(algorithm.get("code_dir", "?"))
    rules.demand(inside, "the boot file is outside the code", "2792")
    rules.known(engine, "engine_id engine_name engine_version image_url install_sys_packages image_repo_id", "engine")
    runs = "image_url" not in engine or algorithm.get("command") or boot_file
    rules.demand(runs, "an image and nothing to run", "2806")


def _check_spec(rules: Rules, spec: Body) -> None:
    rules.known(spec, SPEC, "spec")
    resource = spec["resource"]
    rules.known(resource, "flavor_id node_count pool_id main_container_customized_flavor", "resource")
    rules.demand(isinstance(resource.get("node_count"), int), "node_count")
    rules.demand(resource.get("flavor_id") or resource.get("pool_id"), "neither a flavor nor a pool", "2781")
    public = "pool_id" not in resource
    rules.demand(not (public and "schedule_policy" in spec), "a priority in the public pool")
