"""Checks what callers send about services, besides the configuration (see `elements.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fmctl.sandbox.models.checks import NAME, check_description, check_types, invalid, missing
from fmctl.sandbox.serving.specifications import POOLS
from fmctl.sandbox.serving.state import UNIT_SECONDS
from fmctl.sandbox.wire import WireError

Body = Mapping[str, Any]

POLICIES = frozenset({"ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP"})
INFER_TYPES = ("real-time", "batch", "edge")
NETWORK = ("vpc_id", "subnet_network_id", "security_group_id")
LONGEST_DURATION = 1_000_000
LONGEST_NUMBER = 18  # digits
POOL = ("pool_name", "cluster_id")
SETTINGS = ("description", "load_balancer_policy", "status")
ONE_WAY = ("websocket_upgrade", "log_report_channels")
REAL_TIME_ONLY = ("schedule", "load_balancer_policy", *NETWORK)


def check_create(body: Body) -> None:
    """Everything about a new service but its configuration."""
    check_types(body, texts=("service_name", "infer_type", *NETWORK, *POOL), lists=["config"])
    for name in ("service_name", "infer_type", "config"):
        if body.get(name) in (None, "", []):
            raise missing(name)
    if not NAME.fullmatch(body["service_name"]):
        raise invalid("service_name", "1 to 64 letters, digits, hyphens and underscores")
    if body["infer_type"] not in INFER_TYPES:
        raise invalid("infer_type", " or ".join(INFER_TYPES))
    if body["infer_type"] == "edge":
        raise invalid("infer_type", "edge is not supported here: this sandbox has no edge nodes")
    given = [name for name in NETWORK if body.get(name)]
    if given and len(given) < len(NETWORK):
        raise missing(next(name for name in NETWORK if name not in given))
    check_pool(body)
    check_settings(body, body["infer_type"])


def check_settings(body: Body, infer_type: str) -> None:
    """What create and update have in common, besides the configuration."""
    check_types(body, texts=SETTINGS, lists=["schedule", "service_secrets"], objects=["additional_properties"])
    check_description(body.get("description") or "")
    if body.get("load_balancer_policy") not in {None, *POLICIES}:
        raise invalid("load_balancer_policy", ", ".join(sorted(POLICIES)))
    priority = body.get("priority")
    if priority is not None and (isinstance(priority, bool) or priority not in (1, 2, 3)):
        raise invalid("priority", "1, 2 or 3")
    alien = [name for name in REAL_TIME_ONLY if body.get(name)]
    if alien and infer_type != "real-time":
        raise invalid(alien[0], "it is for real-time services alone")
    _check_schedule(body.get("schedule") or [])
    _check_secrets(body.get("service_secrets") or [])
    _check_properties(body.get("additional_properties") or {})


def check_pool(body: Body) -> None:
    """A pool that is named has to exist."""
    for key in POOL:
        if body.get(key) and body[key] not in POOLS:
            raise WireError(400, "ModelArts.3547", f"The resource pool {body[key]} does not exist.")


def updated_properties(before: Body, after: Body) -> Body:
    """The new properties. What was switched on once stays as it is: the web socket, and where logs go."""
    if before.get("websocket_upgrade") and after.get("websocket_upgrade") is False:
        raise invalid("websocket_upgrade", "it cannot be switched off again")
    channels = before.get("log_report_channels")
    if channels and after.get("log_report_channels", channels) != channels:
        raise invalid("log_report_channels", "they cannot be changed after they were set")
    return {name: before[name] for name in ONE_WAY if before.get(name)} | dict(after)


def whole_number(value: Any, name: str, low: int, high: int) -> int:
    """An int, or a string of digits where the platform's own examples send one."""
    if value in (None, ""):
        raise missing(name)
    text = str(value)
    is_number = text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER
    if isinstance(value, bool) or not is_number or not low <= int(text) <= high:
        raise invalid(name, f"a whole number from {low} to {high}")
    return int(text)


def _check_schedule(entries: Sequence[Any]) -> None:
    if len(entries) > 1:
        raise invalid("schedule", "a list with at most one entry")
    for entry in entries:
        if not isinstance(entry, dict) or entry.get("type") != "stop":
            raise invalid("schedule", "type must be stop")
        if str(entry.get("time_unit")) not in UNIT_SECONDS:
            raise invalid("schedule", f"time_unit must be one of {', '.join(UNIT_SECONDS)}")
        duration = entry.get("duration")
        if not isinstance(duration, int) or isinstance(duration, bool) or duration > LONGEST_DURATION:
            raise invalid("schedule", f"duration must be a whole number, {LONGEST_DURATION} at most")
        if duration <= 0:
            raise WireError(400, "ModelArts.3562", "The due time of the service must be in the future.")


def _check_secrets(entries: Sequence[Any]) -> None:
    """They are checked and forgotten: nothing here would mount them, and no answer ever has them."""
    for entry in entries:
        if not isinstance(entry, dict):
            raise invalid("service_secrets", "a list of objects")
        check_types(entry, texts=("secretId", "mouthPath"))
        for name in ("secretId", "mouthPath"):
            if not entry.get(name):
                raise missing(name)


def _check_properties(properties: Body) -> None:
    check_types(properties, lists=["log_report_channels"], objects=["smn_notification"])
    if not isinstance(properties.get("websocket_upgrade", False), bool):
        raise invalid("websocket_upgrade", "true or false")
    notification = properties.get("smn_notification") or {}
    check_types(notification, texts=["topic_urn"], lists=["events"])
    if any(not isinstance(event, int) or isinstance(event, bool) for event in notification.get("events") or ()):
        raise invalid("events", "a list of numbers")
    if not all(isinstance(channel, dict) for channel in properties.get("log_report_channels") or ()):
        raise invalid("log_report_channels", "a list of objects")
