"""Scaling by load and checks of roles, as Huawei's own SDK sets them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fmctl.sandbox import VirtualClock

from .services_v2_sdk import Sdk, judged_world
from .services_v2_world import World

INVALID, MISSING = (400, "ModelArts.3037"), (400, "ModelArts.3036")
GOALS = {"slo_objectives": [{"metric_ttft": 200}]}
SOURCE = {"endpoint": "localhost", "port": "8080", "scheme": "HTTP"}
CHECK = {"slo_info": [GOALS], "metrics": [SOURCE]}


@pytest.fixture
def judged(tmp_path: Path, clock: VirtualClock) -> Iterator[tuple[World, Sdk]]:
    with judged_world(tmp_path, clock) as made:
        yield made


def where(world: World, service_id: str) -> dict[str, str]:
    return {"service_id": service_id, "deployment_id": world.deployment(service_id)["id"]}


def policy(at: dict[str, str], *rules: dict[str, Any], kind: str = "METRIC_HPA") -> dict[str, Any]:
    target = {"target_resource_id": at["deployment_id"], "target_resource_type": "GROUP"}
    return {"type": kind, "hpa_rules": list(rules), **target}


def rule(**changes: Any) -> dict[str, Any]:
    named = {"name": "load", "type": "METRIC_HPA", "schedule": "", "target_replicas": 1}
    return named | {"min_replicas": 1, "max_replicas": 3} | changes


def ask(world: World, service_id: str, times: int) -> None:
    for _ in range(times):
        assert world.predict(service_id, {}).status_code == 200


def count(world: World, service_id: str) -> int:
    world.settled(service_id)
    return int(world.deployment(service_id)["count"])


def test_instances_follow_the_load(judged: tuple[World, Sdk]) -> None:
    """One instance for each 60 requests of the last minute, within the bounds; down again when it is over."""
    world, sdk = judged
    service_id = world.running()
    at = where(world, service_id)
    made = sdk("create_infer_deployment_hpa", **at, body=policy(at, rule(downscale_window=100)))
    world.advance()
    idle = count(world, service_id)
    ask(world, service_id, 61)
    world.advance()
    two = count(world, service_id)
    for _ in range(3):
        ask(world, service_id, 90)
        world.advance()
    bounded = count(world, service_id)
    world.advance(70)
    rested = count(world, service_id)
    world.advance(30)
    events = sdk("list_infer_deployment_hpa_events", **at).data

    assert (made.status, made.min_replicas, made.max_replicas) == ("ACTIVE", 1, 3)
    assert (idle, two, bounded, rested, count(world, service_id)) == (1, 2, 3, 3, 1)
    assert [(one.current_replicas, one.target_replicas) for one in events] == [(3, 1), (2, 3), (1, 2)]
    assert {one.hpa_id for one in events} == {made.id}
    assert sdk("show_infer_deployment_hpa", **at).hpa_rules[0].status == "EXECUTE_SUCCESS"


@pytest.mark.parametrize(("stride", "happens"), [(300, True), (3600, False)])
def test_a_time_is_not_missed_by_a_stride(judged: tuple[World, Sdk], stride: int, happens: bool) -> None:
    """A rule of cron is carried out when time has passed in steps; long after its time it is not made up for."""
    world, sdk = judged
    service_id = world.running()
    at = where(world, service_id)
    rule_at = datetime.fromtimestamp(world.clock.now() + 120, UTC)
    nightly = {"name": "once", "type": "CRON_HPA", "schedule": f"{rule_at:%-M %-H * * *}", "target_replicas": 2}
    sdk("create_infer_deployment_hpa", **at, body=policy(at, nightly, kind="CRON_HPA"))
    world.advance(stride)

    assert count(world, service_id) == (2 if happens else 1)
    assert sdk("list_infer_deployment_hpa_events", **at).total == happens


def test_a_target_is_the_most_where_no_other_is_named(judged: tuple[World, Sdk]) -> None:
    """Then target_replicas is what a rule scales up to; without either, 128."""
    world, sdk = judged
    at = where(world, world.running())
    made = sdk("create_infer_deployment_hpa", **at, body=policy(at, rule(max_replicas=None, target_replicas=5)))
    unbounded = rule(name="more", max_replicas=None, target_replicas=None) | {"operate": "ADD"}
    changed = sdk("update_infer_deployment_hpa", **at, body={"id": made.id, "hpa_rules": [unbounded]})

    assert (made.max_replicas, changed.max_replicas) == (5, 128)


def test_bounds_hold_without_any_load(judged: tuple[World, Sdk]) -> None:
    """As many as min_replicas at least; numbers may be broken, and count without their fraction."""
    world, sdk = judged
    service_id = world.running()
    at = where(world, service_id)
    sdk.raw(
        "POST",
        f"/v2/{{project_id}}/services/{service_id}/deployments/{at['deployment_id']}/hpa",
        policy(at, rule(min_replicas=2.9, max_replicas=4)),
    )
    world.advance()

    assert count(world, service_id) == 2


def test_a_rule_that_is_switched_off_does_nothing(judged: tuple[World, Sdk]) -> None:
    """The policy is INACTIVE until one of its rules is on; each update says what becomes of a rule."""
    world, sdk = judged
    service_id = world.running()
    at = where(world, service_id)
    made = sdk("create_infer_deployment_hpa", **at, body=policy(at, rule(min_replicas=2, disable=True)))
    world.advance(5)
    off = count(world, service_id)
    on = {"id": made.hpa_rules[0].id, "type": "METRIC_HPA", "disable": False, "operate": "UPDATE"}
    changed = sdk("update_infer_deployment_hpa", **at, body={"id": made.id, "hpa_rules": [on]})
    world.advance(5)
    after = count(world, service_id)
    gone = {"id": made.hpa_rules[0].id, "operate": "DELETE"}
    emptied = sdk("update_infer_deployment_hpa", **at, body={"id": made.id, "hpa_rules": [gone]})

    assert (made.status, off, changed.status, after) == ("INACTIVE", 1, "ACTIVE", 2)
    assert (emptied.status, emptied.hpa_rules) == ("INACTIVE", [])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": None}, MISSING),
        ({"name": "Load"}, INVALID),
        ({"name": "abc"}, INVALID),
        ({"min_replicas": 4}, INVALID),
        ({"max_replicas": 129}, INVALID),
        ({"min_replicas": 0}, INVALID),
        ({"upscale_window": 0}, INVALID),
        ({"type": "OTHER"}, INVALID),
        ({"type": "CRON_HPA"}, INVALID),
        ({"type": "CRON_HPA", "schedule": None}, MISSING),
        ({"type": "CRON_HPA", "schedule": "0 * * * *", "target_replicas": None}, MISSING),
    ],
)
def test_a_rule_has_rules(judged: tuple[World, Sdk], changes: dict[str, Any], code: tuple[int, str]) -> None:
    """What breaks one is refused, and there is no policy; a second policy and another target are refused, too."""
    world, sdk = judged
    at = where(world, world.running())

    assert sdk.refused("create_infer_deployment_hpa", **at, body=policy(at, rule(**changes))) == code
    assert sdk.refused("show_infer_deployment_hpa", **at)[0] == 404
    elsewhere = policy(at, rule()) | {"target_resource_id": "other"}
    assert sdk.refused("create_infer_deployment_hpa", **at, body=elsewhere) == INVALID
    sdk("create_infer_deployment_hpa", **at, body=policy(at, rule()))
    assert sdk.refused("create_infer_deployment_hpa", **at, body=policy(at, rule())) == INVALID
    foreign = {"id": "other", "hpa_rules": []}
    assert sdk.refused("update_infer_deployment_hpa", **at, body=foreign) == INVALID


def test_checks_of_roles_are_kept(judged: tuple[World, Sdk]) -> None:
    """A policy is created once, shown with the platform's defaults, changed rule by rule, and scales nothing."""
    world, sdk = judged
    service_id = world.running()
    at = where(world, service_id)
    body = {"workspace_id": "0", "hra_rules": [CHECK, CHECK | {"role_replica": [{"name": "prefill"}]}]}
    made = sdk("create_infer_hra", **at, body=body | {"min_replicas": 2})
    first, second = made.hra_rules
    changed = CHECK | {"id": first.id, "operate": "UPDATE", "slo_info": [GOALS | {"predict_window_seconds": 120}]}
    gone = CHECK | {"id": second.id, "operate": "DELETE"}
    updated = sdk("update_infer_hra", **at, body={"workspace_id": "0", "hra_rules": [changed, gone], "disable": True})
    shown = sdk("show_infer_hra", **at)
    world.advance(60)

    assert (made.policy_status, made.disable, made.min_replicas, made.scale_window) == ("ACTIVE", False, 2, 300)
    assert (first.rule_status, first.scaler_type, first.disable) == ("CONFIG_SUCCESS", "SIMULATOR_ALGO", False)
    assert first.slo_info[0].slo_objectives[0].metric_tpot == 50
    assert (first.metrics[0].metrics_source, first.metrics[0].port) == ("CONTAINER", "8080")
    assert (updated.policy_status, [one.id for one in updated.hra_rules]) == ("INACTIVE", [first.id])
    assert shown.hra_rules[0].slo_info[0].predict_window_seconds == 120
    assert count(world, service_id) == 1
    assert sdk.refused("create_infer_hra", **at, body=body) == INVALID


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"hra_rules": []}, MISSING),
        ({"hra_rules": [{"metrics": [SOURCE]}]}, MISSING),
        ({"hra_rules": [{"slo_info": [GOALS]}]}, MISSING),
        ({"hra_rules": [CHECK | {"scaler_type": "OTHER"}]}, INVALID),
        ({"hra_rules": [CHECK | {"slo_info": [GOALS | {"predict_window_seconds": 59}]}]}, INVALID),
        ({"hra_rules": [CHECK | {"slo_info": [{"slo_objectives": [{"metric_tpot": 1001}]}]}]}, INVALID),
        ({"hra_rules": [CHECK | {"metrics": [SOURCE | {"port": "0"}]}]}, INVALID),
        ({"hra_rules": [CHECK | {"metrics": [SOURCE | {"scheme": "FTP"}]}]}, INVALID),
        ({"hra_rules": [CHECK], "max_replicas": 129}, INVALID),
        ({"hra_rules": [CHECK], "min_replicas": 3, "max_replicas": 2}, INVALID),
        ({"hra_rules": [CHECK], "workspace_id": "nowhere"}, (400, "ModelArts.0102")),
    ],
)
def test_a_check_of_roles_has_rules(judged: tuple[World, Sdk], body: dict[str, Any], code: tuple[int, str]) -> None:
    """What breaks one is refused; there is no policy, and none to change."""
    world, sdk = judged
    at = where(world, world.running())

    assert sdk.refused("create_infer_hra", **at, body=body) == code
    assert sdk.refused("show_infer_hra", **at) == (404, "ModelArts.3502")
    assert sdk.refused("update_infer_hra", **at, body={"workspace_id": "0", "hra_rules": []})[0] == 404
