"""What requests about services and deployments may hold: the ranges and words of the platform, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fmctl.sandbox.models.checks import MISSING, NAME, invalid
from fmctl.sandbox.services_v2.rules import Fields, digits, flag, many, number, one_of, table, text, whole
from fmctl.sandbox.serving.specifications import POOLS
from fmctl.sandbox.serving.state import UNIT_SECONDS
from fmctl.sandbox.wire import WireError

Body = Mapping[str, Any]

DAY = 86400
PORT = whole(1, 65535)
ANY = text()
NAMED = text(NAME.pattern, "1 to 64 letters, digits, hyphens and underscores")
VERSION = text(r"[1-9]\d?(\.(0|[1-9]\d?)){2}", "1.0.0 to 99.99.99, without leading zeros")
DESCRIPTION = text(most=512, without="<>")
MOUNT = text(r"/[\w./\\-]*", "a path that begins with a slash")
PERCENT = text(r"([1-9]\d?|100)%", "1% to 100%")
SECONDS = whole(0, DAY)
SCHEMES = ("HTTP", "HTTPS")
SOCKETS = frozenset({"WS", "WSS"})
STRATEGY = one_of("ROUND_ROBIN", "ORIGIN_IP_HASH", "MIN_CONN", "MIN_FIRST_TOKEN_TIME", "COMPOSITE", "SLO_BASED")
TAGS = many(Fields({"key": text(most=128), "value": text(most=255)}, ["key"]), most=20)


def check_pool(pool: Any, name: str) -> Any:
    """Only pools that exist."""
    if pool and pool not in POOLS:
        raise WireError(400, "ModelArts.3547", f"The resource pool {pool} of {name} does not exist.")
    return ANY(pool, name)


def _check_method(health: Body, name: str) -> None:
    wanted = {"HTTP": "url", "EXEC": "cmd"}.get(health.get("check_method", ""))
    if wanted and not health.get(wanted):
        raise WireError(400, MISSING, f"Required parameter {name}.{wanted} is missing.")


def _spec_or_flavor(unit: Body, name: str) -> None:
    if ("custom_spec" in unit) == ("flavor" in unit):
        raise invalid(name, "either custom_spec or flavor must be given, and only one of them")


def _schedule_range(entry: Body, name: str) -> None:
    if not 60 <= UNIT_SECONDS[entry["time_unit"]] * entry["duration"] <= 7 * DAY:
        raise invalid(f"{name}.duration", "1 minute to 7 days")


def _limits_fit_protocol(runtime: Body, name: str) -> None:
    protocol = runtime.get("service_invoke", {}).get("protocol")
    limit = runtime.get("service_limit")
    if limit is None or protocol is None:
        return
    if protocol in SOCKETS and "rate_limit" in limit:
        raise invalid(f"{name}.service_limit.rate_limit", f"not with protocol {protocol}")
    if protocol not in SOCKETS and "rate_limit" not in limit:
        raise WireError(400, MISSING, f"Required parameter {name}.service_limit.rate_limit is missing.")


def _one_unit(group: Body, name: str) -> None:
    units = group.get("unit_configs")
    if units is not None and not units:
        raise WireError(400, MISSING, f"Required parameter {name}.unit_configs is missing.".replace(" .", " "))
    if units and group.get("deploy_type") == "SINGLE" and len(units) > 1:
        raise invalid(f"{name}.unit_configs", "exactly one entry for deploy_type SINGLE")


HEALTH = Fields(
    {
        "check_method": one_of("HTTP", "EXEC"),
        "url": ANY,
        "cmd": ANY,
        "protocol": one_of(*SCHEMES),
        "initial_delay_seconds": SECONDS,
        "timeout_seconds": whole(1, DAY),
        "period_seconds": whole(1, DAY),
        "failure_threshold": whole(1, 1000),
    },
    ["check_method"],
    [_check_method],
)
MOUNTED = {
    "source": one_of("OBS", "OBSFS", "EFS", "LOCAL"),
    "address": ANY,
    "mount_path": MOUNT,
    "host_cache": flag,
    "efs_sub_path": ANY,
    "read_only": flag,
    "os_warm_up": flag,
    "source_name": ANY,
}
FILE = Fields(MOUNTED, ["source", "mount_path"])
MODEL = Fields({**MOUNTED, "source": ANY, "asset_id": ANY})  # its sources are not documented
UNIT = Fields(
    {
        "id": ANY,
        "name": text(r"[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?", "up to 16 lower-case letters, digits and hyphens"),
        "role": ANY,
        "image": Fields(
            {
                "id": ANY,
                "source": one_of("SWR", "IMAGE"),
                "swr_path": ANY,
                "category": one_of("CPU", "GPU", "ASCEND"),
            },
            ["source", "swr_path"],
        ),
        "custom_spec": Fields(
            {
                "cpu": number(0.01, 10_000),
                "memory": whole(1, 1 << 30),
                "gpu": number(0, 1000),
                "ascend": whole(0, 1000),
                "arch": one_of("x86", "arm64"),
            }
        ),
        "flavor": ANY,
        "count": whole(1, 128),
        "group_count": whole(1, 100),
        "cmd": ANY,
        "envs": table(r"(?!\d)[\w.-]{1,64}", "up to 64 letters, digits, _ - and ., not beginning with a digit"),
        "files": many(FILE),
        "models": many(MODEL),
        "codes": many(Fields({**MOUNTED, "source": ANY, "source_id": ANY})),
        "dumps": many(Fields({name: MOUNTED[name] for name in ("source", "address", "mount_path")}), most=20),
        "port": PORT,
        "recovery": one_of("Instance", "Role", "Pod"),
        "npu_reset_enable": flag,
        "cpu_affinity": flag,
        "affinity": Fields(
            {
                "affinity_type": one_of("AFFINITY", "ANTI_AFFINITY"),
                "required": flag,
                "selection_mode": one_of("IP"),
                "targets": table(r".*", ""),
            }
        ),
        "security_config": Fields({"user_id": whole(0, 1 << 32), "group_id": whole(0, 1 << 32)}),
        "termination_grace": Fields({"pre_stop_cmd": ANY, "termination_grace_period_seconds": SECONDS}),
        "readiness_health": HEALTH,
        "startup_health": HEALTH,
        "liveness_health": HEALTH,
        "pool_resource_flavor": text(r"[\w.-]{0,128}", "up to 128 letters, digits, dots, hyphens and underscores"),
        "group_policy": Fields({"schedule_scope": ANY}),
    },
    ["image"],
    [_spec_or_flavor],
)
UPGRADE = Fields(
    {
        "type": one_of("ROLLING"),
        "rolling_update": Fields({"max_surge": PERCENT, "max_unavailable": PERCENT}),
    }
)
SECRET = Fields(
    {
        "secret_enable": flag,
        "secret_type": ANY,
        "secret_volumes": many(
            Fields(dict.fromkeys(("secret_name", "secret_key", "secret_value"), ANY) | {"mount_path": MOUNT}),
            most=30,
        ),
        "group_enable": flag,
        "group_id": whole(1000, 4294967294),
    }
)
METRICS = {"metric_api_scheme": one_of(*SCHEMES), "metric_api_port": digits(1, 65535), "metric_api_path": ANY}
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
        "protocol": one_of(*SCHEMES, *SOCKETS),
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
        "secret_name": ANY,
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
        "deployment_task_limit": Fields({"max_concurrent_task": whole(1, 1 << 30)}),
    },
    ["name", "weight", "unit_configs"],
    [_one_unit],
)
GROUP_UPDATE = GROUP.but(required=[])
SCALE = Fields({"count": whole(1, 128)}, ["count"])
SWITCH = Fields(
    {"infer_name": ANY, "service_id": ANY, "target_deployment_version": ANY},
    ["infer_name"],
)
INVOKE = Fields(
    {
        "port": PORT,
        "protocol": one_of(*SCHEMES, *SOCKETS),
        "auth_type": one_of("TOKEN", "API_KEY", "NONE"),
        "internet_access_enable": flag,
        "intranet_approval_enable": flag,
        "dynamic_routing_enable": flag,
        "strategy": STRATEGY,
        **METRICS,
        "ems_enable": flag,
        "request_retry_enable": flag,
        "request_retry_cnt_max": whole(1, 10),
        "request_retry_interval_ms": whole(1, 10000),
        "fuse_configs": Fields({"error_rate_fuse_enable": flag, "error_rate_threshold": number(0, 100)}),
        "elb_connection": Fields(
            dict.fromkeys(("elb_id", "ca_cert_id", "server_cert_id"), ANY) | {"m_tls": flag, "sni_cert_ids": many(ANY)},
            ["elb_id"],
        ),
        "custom_urls": many(ANY),
    },
    ["port", "protocol", "auth_type"],
)
LIMIT = Fields(
    {
        "rate_limit": Fields({"num": whole(1, 10000), "unit": one_of("SECONDS", "MINUTES")}, ["num", "unit"]),
        "request_size_limit": whole(1, 50),
        "request_timeout": whole(1, 7200),
        "ip_white_list": many(ANY),
        "ip_black_list": many(ANY),
    },
    ["request_size_limit", "request_timeout"],
)
RUNTIME = Fields(
    {
        "service_invoke": INVOKE,
        "service_limit": LIMIT,
        "service_secret": SECRET,
        "server_task_limit": Fields({"max_task": whole(1, 1 << 30)}),
        "smart_routing_enable": flag,
    },
    ["service_invoke", "service_limit"],
    [_limits_fit_protocol],
)
LOG = Fields(
    {
        "type": one_of("STDOUT", "EVENT", "FILE"),
        "status": one_of("ON", "OFF"),
        "log_group_id": ANY,
        "log_stream_id": ANY,
        "files": many(Fields({"log_path": ANY, "file_pattern": ANY}), most=10),
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
        "log_configs": many(LOG),
        "tags": TAGS,
        "schedule": many(SCHEDULE, most=1),
        "deploy_timeout_minutes": whole(0, 300),
        "task_type": ANY,
    },
    ["name", "type", "deploy_type", "runtime_config"],
)
_UPDATED = ("description", "version", "upgrade_config", "lts_strategy", "log_configs", "schedule", "task_type")
SERVICE_UPDATE = Fields(
    {name: SERVICE.fields[name] for name in (*_UPDATED, "deploy_timeout_minutes")}
    | {
        "group_configs": many(GROUP),
        "runtime_config": RUNTIME.but(required=[], service_invoke=INVOKE.but(required=[])),
    }
)
