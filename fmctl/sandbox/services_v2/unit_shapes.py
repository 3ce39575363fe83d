"""What requests may say about a unit: its image, resources, mounts, checks and environment, as tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fmctl.sandbox.models.checks import NAME, invalid
from fmctl.sandbox.services_v2.rules import Fields, flag, many, missing, number, one_of, table, text, whole

Body = Mapping[str, Any]

DAY = 86400
ANY = text()
NAMED = text(NAME.pattern, "1 to 64 letters, digits, hyphens and underscores")
PORT = whole(1, 65535)
MOUNT = text(r"/[\w./\\-]{0,254}", "a path of up to 255 characters that begins with a slash")
SECONDS = whole(1, DAY)
MARKUP = re.compile(r"<[^>]*>")
MOST_TARGETS = 20


def _check_method(health: Body, name: str) -> None:
    wanted = {"HTTP": "url", "EXEC": "cmd"}[health["check_method"]]
    if not health.get(wanted):
        raise missing(name, wanted)


def _warm_up_has_a_name(mount: Body, name: str) -> None:
    if mount.get("os_warm_up") and not mount.get("source_name"):
        raise missing(name, "source_name")


def _spec_or_flavor(unit: Body, name: str) -> None:
    if ("custom_spec" in unit) == ("flavor" in unit):
        raise invalid(name, "either custom_spec or flavor must be given, and only one of them")


def _no_markup(unit: Body, name: str) -> None:
    for key, value in unit.get("envs", {}).items():
        if MARKUP.search(value):
            raise invalid(f"{name}.envs.{key}", "a value without HTML tags")


def _few_targets(affinity: Body, name: str) -> None:
    if len(affinity["targets"]) > MOST_TARGETS:
        raise invalid(f"{name}.targets", f"at most {MOST_TARGETS} entries")


def _mounted(*sources: str, **more: Any) -> Fields:
    fields = {
        "source": one_of(*sources, any_case=True),
        "address": ANY,
        "mount_path": MOUNT,
        "host_cache": flag,
        "efs_sub_path": ANY,
        "read_only": flag,
        "os_warm_up": flag,
        "source_name": NAMED,
    }
    return Fields(fields | more, ["source", "mount_path"], [_warm_up_has_a_name])


HEALTH = Fields(
    {
        "check_method": one_of("HTTP", "EXEC"),
        "url": text(r"/[\w/:-]{0,1023}", "a slash, then letters, digits and - _ / :"),
        "cmd": text(most=1024, without="#~^$|%&*<>()'\"[]{}"),
        "protocol": one_of("HTTP", "HTTPS", "WS", "WSS"),
        "initial_delay_seconds": SECONDS,
        "timeout_seconds": SECONDS,
        "period_seconds": SECONDS,
        "failure_threshold": whole(1, 1000),
    },
    checks=[_check_method],
    defaults={
        "check_method": "HTTP",
        "protocol": "HTTP",
        "initial_delay_seconds": 30,
        "timeout_seconds": 30,
        "period_seconds": 10,
        "failure_threshold": 3,
    },
)
FILE = _mounted("OBS", "OBSFS", "EFS", "LOCAL")
MODEL = _mounted("OBS", "OBSFS", "EFS", "LOCAL", "TRAIN", asset_id=NAMED)
CODE = _mounted("OBS", "OBSFS", "EFS", source_id=ANY)
DUMP = Fields(
    {"source": one_of("OBS", "OBSFS", any_case=True), "address": ANY, "mount_path": MOUNT},
    ["source", "mount_path"],
)
IMAGE = Fields(
    {"id": ANY, "source": one_of("SWR", "IMAGE"), "swr_path": ANY, "category": one_of("CPU", "GPU", "ASCEND")},
    ["source", "swr_path"],
)
SPEC = Fields(
    {
        "cpu": number(0.01, 10_000),
        "memory": whole(1, 1 << 30),
        "gpu": number(0, 1000),
        "ascend": whole(0, 1000),
        "arch": one_of("x86", "arm64"),
    }
)
AFFINITY = Fields(
    {
        "affinity_type": one_of("AFFINITY", "ANTI_AFFINITY"),
        "required": flag,
        "selection_mode": one_of("IP"),
        "targets": table(r".*", ""),
    },
    ["affinity_type", "required", "selection_mode", "targets"],
    [_few_targets],
)
UNIT = Fields(
    {
        "id": ANY,
        "name": text(r"[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?", "up to 16 lower-case letters, digits and hyphens"),
        "role": ANY,
        "image": IMAGE,
        "custom_spec": SPEC,
        "flavor": ANY,
        "count": whole(1, 128),
        "group_count": whole(1, 100),
        "cmd": ANY,
        "envs": table(r"(?!\d)[\w.-]{1,64}", "up to 64 letters, digits, _ - and ., not beginning with a digit"),
        "files": many(FILE),
        "models": many(MODEL),
        "codes": many(CODE),
        "dumps": many(DUMP, most=20),
        "port": PORT,
        "recovery": one_of("Instance", "Role", "Pod"),
        "npu_reset_enable": flag,
        "cpu_affinity": flag,
        "affinity": AFFINITY,
        "security_config": Fields({"user_id": whole(1, 60000), "group_id": whole(1, 60000)}),
        "termination_grace": Fields(
            {"pre_stop_cmd": text(most=255), "termination_grace_period_seconds": whole(0, DAY)}
        ),
        "readiness_health": HEALTH,
        "startup_health": HEALTH,
        "liveness_health": HEALTH,
        "pool_resource_flavor": text(r"[\w.-]{0,128}", "up to 128 letters, digits, dots, hyphens and underscores"),
        "group_policy": Fields({"schedule_scope": one_of("HYPERNODE", "SLICE")}),
    },
    ["image"],
    [_spec_or_flavor, _no_markup],
)
_CHANGED = HEALTH.but(required=["check_method"])
UNIT_UPDATE = UNIT.but(readiness_health=_CHANGED, startup_health=_CHANGED, liveness_health=_CHANGED)
