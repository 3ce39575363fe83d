"""What requests about services and deployments may hold: the ranges and words of the platform, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fmctl.sandbox.models.checks import invalid
from fmctl.sandbox.services_v2.rules import Fields, Rule, digits, flag, many, missing, one_of, text, whole
from fmctl.sandbox.services_v2.runtime_shapes import (
    METRICS,
    RUNTIME,
    RUNTIME_UPDATE,
    SCHEMES,
    SECRET,
    STRATEGY,
    check_protocol,
)
from fmctl.sandbox.services_v2.unit_shapes import ANY, DAY, MODEL, NAMED, PORT, UNIT, UNIT_UPDATE
from fmctl.sandbox.serving.specifications import POOLS
from fmctl.sandbox.serving.state import UNIT_SECONDS
from fmctl.sandbox.wire import WireError

Body = Mapping[str, Any]

VERSION = text(r"[1-9]\d?(\.(0|[1-9]\d?)){2}", "1.0.0 to 99.99.99, without leading zeros")
DESCRIPTION = text(most=512, without="<>")
PERCENT = text(r"([1-9]\d?|100)%", "1% to 100%")
TAG_KEY = text(r"(?!_sys_)(?! )[\w .:=+@-]{1,128}(?<! )", "up to 128 letters, digits and _ . : = + - @, not _sys_…")
TAG_VALUE = text(r"[\w .:/=+@-]{0,255}", "up to 255 letters, digits and _ . : / = + - @")
TAGS = many(Fields({"key": TAG_KEY, "value": TAG_VALUE}, ["key"]), most=20)
SCRAPED = text(r"|(?=.{1,255}$)https?,\d{1,5},[\w.-][\w./-]*", "protocol, port and path with commas: http,8080,metrics")


def check_pool(pool: Any, name: str) -> Any:
    """Only pools that exist."""
    if ANY(pool, name) and pool not in POOLS:
        raise WireError(400, "ModelArts.3547", f"The resource pool {pool} of {name} does not exist.")
    return pool


def _scraped(value: Any, name: str) -> Any:
    parts = SCRAPED(value, name).split(",")
    if len(parts) > 1:
        digits(1, 65535)(parts[1], name)
    return value


def _log_path(value: Any, name: str) -> Any:
    path = text(r"/[\w/*?-]{1,511}", "a path of up to 512 letters, digits and - _ / * ?")(value, name)
    levels = [bool(set(level) & set("*?")) for level in path.split("/")[1:]]
    if levels[0] or sum(levels) > 3:
        raise invalid(name, "wildcards in at most three folders, and not in the first one")
    return path


def _schedule_range(entry: Body, name: str) -> None:
    if not 60 <= UNIT_SECONDS[entry["time_unit"]] * entry["duration"] <= 7 * DAY:
        raise invalid(f"{name}.duration", "1 minute to 7 days")


def _protocol_fits_type(service: Body, _: str) -> None:
    check_protocol(service["type"], service["runtime_config"])


def _has_units(group: Body, name: str) -> None:
    if "unit_configs" in group and not group["unit_configs"]:
        raise missing(name, "unit_configs")


def _secret_is_named(group: Body, name: str) -> None:
    if group.get("secret_type") == "dew" and not group.get("secret_name"):
        raise missing(name, "secret_name")


def _not_empty(listed: Rule) -> Rule:
    def check(value: Any, name: str) -> Any:
        if value == []:
            raise invalid(name, "it may be empty at the creation alone")
        return listed(value, name)

    return check


def _one_of_each(rule: Rule, most: int) -> Rule:
    listed = many(rule, most=most)

    def check(value: Any, name: str) -> Any:
        logs = listed(value, name)
        if len({log["type"] for log in logs}) < len(logs):
            raise invalid(name, "each type once")
        return logs

    return check


UPGRADE = Fields(
    {
        "type": one_of("ROLLING"),
        "rolling_update": Fields({"max_surge": PERCENT, "max_unavailable": PERCENT}),
    }
)
ADVANCED = Fields(
    {
        "deploy_timeout_minutes": whole(0, 300),
        "upgrade_config": UPGRADE,
        "service_secret": SECRET,
        "dynamic_routing_enable": flag,
        "strategy": STRATEGY,
        "ems_enable": flag,
        **METRICS,
        "custom_metrics_path": ANY,
        "mooncake_enable": flag,
        "port": PORT,
        "protocol": one_of(*SCHEMES, "WS", "WSS", "TCP", "NA"),
    }
)
GROUP = Fields(
    {
        "id": ANY,
        "name": NAMED,
        "pool_id": check_pool,
        "count": whole(1, 128),
        "weight": whole(0, 100),
        "unit_configs": many(UNIT),
        "priority": whole(1, 3),
        "secret_type": one_of("dew", "agency"),
        "secret_name": text(r"[\w-]{1,64}", "1 to 64 letters, digits, hyphens and underscores"),
        "schedule_strategy": one_of("HIGH_AVAILABILITY", "HIGH_UTILIZATION", "HIGH_PERFORMANCE"),
        "high_avail_switch": flag,
        "framework": one_of("COMMON", "VLLM", "MINDIE"),
        "version": VERSION,
        "description": DESCRIPTION,
        "deploy_type": one_of("SINGLE", "MULTI"),
        "workload_type": one_of("DEPLOYMENT", "LWS"),
        "mirror_traffic_enable": flag,
        "mirror_traffic_weight": digits(0, 100),
        "model": MODEL,
        "advanced_config": ADVANCED,
        "system_log_dump_enable": flag,
        "deployment_task_limit": Fields({"max_concurrent_task": whole(1, 100)}),
    },
    ["name", "weight", "unit_configs"],
    [_has_units, _secret_is_named],
)
GROUP_AGAIN = GROUP.but(unit_configs=many(UNIT_UPDATE))
GROUP_UPDATE = GROUP_AGAIN.but(required=[])
SCALE = Fields({"count": whole(1, 128)}, ["count"])
SWITCH = Fields(
    {"infer_name": ANY, "service_id": ANY, "target_deployment_version": ANY},
    ["infer_name"],
)
LOG = Fields(
    {
        "type": one_of("STDOUT", "EVENT", "FILE"),
        "status": one_of("ON", "OFF"),
        "log_group_id": ANY,
        "log_stream_id": ANY,
        "files": many(
            Fields(
                {
                    "log_path": _log_path,
                    "file_pattern": text(r"(?!.*\.(gz|tar|zip)$)[\w.*?-]{1,255}", "a name, not of an archive"),
                },
                ["log_path", "file_pattern"],
            ),
            most=10,
        ),
    },
    ["type", "status"],
)
SCHEDULE = Fields(
    {"type": one_of("STOP"), "time_unit": one_of(*UNIT_SECONDS), "duration": whole(1, 7 * DAY // 60)},
    ["type", "time_unit", "duration"],
    [_schedule_range],
)
SERVICE = Fields(
    {
        "name": NAMED,
        "version": VERSION,
        "description": DESCRIPTION,
        "type": one_of("REAL_TIME", "ASYNC_REAL_TIME"),
        "deploy_type": one_of("SINGLE", "MULTI"),
        "workload_type": one_of("DEPLOYMENT", "LWS"),
        "workspace_id": ANY,
        "group_configs": many(GROUP, most=1),
        "runtime_config": RUNTIME,
        "upgrade_config": UPGRADE,
        "lts_strategy": one_of("POOL", "AUTO_CREATE", "DEFAULT"),
        "log_configs": _one_of_each(LOG, most=3),
        "tags": TAGS,
        "schedule": many(SCHEDULE, most=1),
        "deploy_timeout_minutes": whole(0, 300),
        "custom_metrics_path": _scraped,
        "task_type": one_of(
            "TEXT_GENERATION",
            "IMAGE_UNDERSTANDING",
            "VIDEO_GENERATION",
            "IMAGE_GENERATION",
            "RERANK",
            "VECTOR_MODEL",
            "EMBEDDING",
        ),
    },
    ["name", "type", "deploy_type", "group_configs", "runtime_config"],
    [_protocol_fits_type],
)
_CREATED_ALONE = {"name", "type", "deploy_type", "workload_type", "workspace_id", "group_configs", "runtime_config"}
SERVICE_UPDATE = Fields(
    {name: rule for name, rule in SERVICE.fields.items() if name not in _CREATED_ALONE}
    | {
        "group_configs": _not_empty(many(GROUP_AGAIN)),
        "runtime_config": RUNTIME_UPDATE,
    }
)
