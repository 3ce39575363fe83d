"""What requests may say about how a service is called: its protocol, who may call it, how often, and its secrets."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

from fmctl.sandbox.models.checks import invalid
from fmctl.sandbox.services_v2.rules import Fields, digits, flag, many, missing, number, one_of, text, whole
from fmctl.sandbox.services_v2.unit_shapes import ANY, MOUNT, PORT

Body = Mapping[str, Any]

SCHEMES = ("HTTP", "HTTPS")
SOCKETS = frozenset({"WS", "WSS"})
STRATEGY = one_of("ROUND_ROBIN", "ORIGIN_IP_HASH", "MIN_CONN", "MIN_FIRST_TOKEN_TIME", "COMPOSITE", "SLO_BASED")


def _network(value: Any, name: str) -> Any:
    try:
        ip_network(ANY(value, name), strict=False)
    except ValueError:
        raise invalid(name, "an IP address, or a network such as 10.0.0.0/8") from None
    return value


def check_limits(runtime: Body, name: str) -> None:
    """A rate for protocols that have requests, none for the others."""
    protocol = runtime.get("service_invoke", {}).get("protocol")
    limit = runtime.get("service_limit")
    if limit is None or protocol is None:
        return
    if protocol in SOCKETS and "rate_limit" in limit:
        raise invalid(f"{name}.service_limit.rate_limit", f"not with protocol {protocol}")
    if protocol not in SOCKETS and "rate_limit" not in limit:
        raise missing(name, "service_limit.rate_limit")


def check_protocol(kind: str, runtime: Body) -> None:
    """Asynchronous services know HTTP alone."""
    if kind == "ASYNC_REAL_TIME" and runtime["service_invoke"]["protocol"] not in SCHEMES:
        raise invalid("runtime_config.service_invoke.protocol", "HTTP or HTTPS for an asynchronous service")


METRICS = {"metric_api_scheme": one_of(*SCHEMES), "metric_api_port": digits(1, 65535), "metric_api_path": ANY}
SECRET = Fields(
    {
        "secret_enable": flag,
        "secret_type": one_of("custom", "dew"),
        "secret_volumes": many(
            Fields(
                {
                    "secret_name": ANY,
                    "secret_key": text(r"(?!\.\.)[\w.-]{1,63}", "up to 63 letters, digits, dots, _ and -"),
                    "secret_value": text(most=32768),
                    "mount_path": MOUNT,
                },
                ["mount_path"],
            ),
            most=30,
        ),
        "group_enable": flag,
        "group_id": whole(1000, 4294967294),
    }
)
ELB = Fields(
    dict.fromkeys(("elb_id", "ca_cert_id", "server_cert_id"), ANY) | {"m_tls": flag, "sni_cert_ids": many(ANY)},
    ["elb_id"],
)
INVOKE = Fields(
    {
        "port": PORT,
        "protocol": one_of(*SCHEMES, "WS", "WSS"),
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
        "fuse_configs": Fields({"error_rate_fuse_enable": flag, "error_rate_threshold": number(0.01, 1)}),
        "elb_connection": ELB,
        "custom_urls": many(ANY),
    },
    ["port", "protocol", "auth_type"],
)
LIMIT = Fields(
    {
        "rate_limit": Fields({"num": whole(1, 10000), "unit": one_of("SECONDS", "MINUTES")}, ["num", "unit"]),
        "request_size_limit": whole(1, 50),
        "request_timeout": whole(1, 7200),
        "ip_white_list": many(_network),
        "ip_black_list": many(_network),
    },
    ["request_size_limit", "request_timeout"],
)
RUNTIME = Fields(
    {
        "service_invoke": INVOKE,
        "service_limit": LIMIT,
        "service_secret": SECRET,
        "server_task_limit": Fields({"max_task": whole(0, 10_000)}),
        "smart_routing_enable": flag,
    },
    ["service_invoke", "service_limit"],
    [check_limits],
)
RUNTIME_UPDATE = RUNTIME.but(
    required=[],
    service_invoke=INVOKE.but(required=[], elb_connection=ELB.but(action=one_of("RETRY", "SYNC_ADDR"))),
)
