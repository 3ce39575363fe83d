"""What an update of a service means, and how one goes back: by the SDK, and by the older calls that Terraform makes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fmctl.sandbox import VirtualClock
from fmctl.sandbox.serving.scripted import Script

from .services_v2_sdk import Sdk, judged_world
from .services_v2_world import World, group, runtime, unit

INVALID, MISSING = (400, "ModelArts.3037"), (400, "ModelArts.3036")
WRONG_STATE = (400, "ModelArts.3519")
HEALTH = {"url": "/health"}


@pytest.fixture
def judged(tmp_path: Path, clock: VirtualClock) -> Iterator[tuple[World, Sdk]]:
    with judged_world(tmp_path, clock) as made:
        yield made


def balanced(action: str) -> dict[str, Any]:
    return {"service_invoke": {"elb_connection": {"elb_id": "e", "action": action}}}


def update(world: World, sdk: Sdk, service_id: str, **body: Any) -> Any:
    sdk("update_infer_service", service_id=service_id, body=body)
    world.settled(service_id)
    return sdk("show_infer_service", service_id=service_id)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"version": "1.0.0", "deploy_timeout_minutes": 5}, INVALID),
        ({"deploy_timeout_minutes": 5}, INVALID),
        ({"version": "1.0.0"}, INVALID),
        ({"version": "0.9.0"}, INVALID),
        ({"version": "100.0.0"}, INVALID),
        ({"version": "1.0.2", "group_configs": []}, INVALID),
        ({"version": "1.0.2", "group_configs": [group(unit(readiness_health=HEALTH))]}, MISSING),
        ({"version": "1.0.2", "group_configs": [group(unit(liveness_health=HEALTH))]}, MISSING),
        ({"version": "1.0.2", "id": "other"}, INVALID),
        ({"version": "1.0.2", "name": "other"}, INVALID),
        ({"version": "1.0.2", "workspace_id": "other"}, INVALID),
        ({"version": "1.0.2", "tags": "team|vision"}, INVALID),
        ({"version": "1.0.2", "description": "a < b"}, INVALID),
        ({"version": "1.0.2", "runtime_config": {"service_invoke": {"protocol": "WS"}}}, INVALID),
        ({"version": "1.0.2", "runtime_config": balanced("SYNC_ADDR")}, WRONG_STATE),
        ({"version": "1.0.2", "runtime_config": balanced("STOP")}, INVALID),
    ],
)
def test_an_update_has_rules(judged: tuple[World, Sdk], body: dict[str, Any], error: tuple[int, str]) -> None:
    """What breaks one is refused, and the service is as before."""
    world, sdk = judged
    service_id = world.running()
    before = world.show(service_id)

    assert sdk.refused("update_infer_service", service_id=service_id, body=body) == error
    assert world.show(service_id) == before


def test_a_version_is_given_once(judged: tuple[World, Sdk]) -> None:
    """A number that the service has had is refused, though it is not the present one."""
    world, sdk = judged
    service_id = world.create(group_configs=[])
    update(world, sdk, service_id, version="1.0.1")
    older = sdk.refused("update_infer_service", service_id=service_id, body={"version": "1.0.0"})
    newer = update(world, sdk, service_id, version="2.0.0")

    assert (older, newer.version.version) == (INVALID, "2.0.0")
    assert sdk("list_infer_services").data[0].version_count == 3


def test_a_load_balancer_is_not_reached(judged: tuple[World, Sdk]) -> None:
    """It is kept and shown as CONNECT_FAILED, with the reason; trying again is allowed."""
    world, sdk = judged
    service_id = world.create(group_configs=[])
    found = update(world, sdk, service_id, version="1.0.1", runtime_config=balanced("RETRY"))
    balancer = found.version.runtime_config.service_invoke.elb_connection

    assert (balancer.elb_id, balancer.status, "no load balancers" in balancer.message) == ("e", "CONNECT_FAILED", True)


def test_a_description_by_itself_is_no_version(judged: tuple[World, Sdk]) -> None:
    """With the same version, or without one; nothing is started again."""
    world, sdk = judged
    service_id = world.running()
    same = update(world, sdk, service_id, version="1.0.0", description="one").version
    none = update(world, sdk, service_id, description="two").version

    assert (same.description, none.description, none.id, none.version) == ("one", "two", same.id, "1.0.0")
    assert len(world.launcher.started) == 1


def test_ids_are_kept_by_name_and_place(judged: tuple[World, Sdk]) -> None:
    """The deployment keeps its id by its name, its unit by its place; the service version gets another."""
    world, sdk = judged
    service_id = world.running()
    before = sdk("show_infer_service", service_id=service_id).version
    after = update(world, sdk, service_id, version="1.0.1", group_configs=[group(unit(port=81))]).version
    [old], [new] = before.instance_groups, after.instance_groups

    assert (new.id, new.unit_configs[0].id, new.unit_configs[0].port) == (old.id, old.unit_configs[0].id, 81)
    assert (after.id != before.id, new.version_id != old.version_id, new.version_count) == (True, True, 2)


def test_what_is_left_out_stays(judged: tuple[World, Sdk]) -> None:
    """Settings, deployments, tags and schedule; a schedule comes with an update that has no description alone."""
    world, sdk = judged
    schedule = [{"type": "STOP", "time_unit": "HOURS", "duration": 1}]
    longer = [{"type": "STOP", "time_unit": "HOURS", "duration": 2}]
    service_id = world.running(schedule=schedule, tags=[{"key": "a", "value": "1"}], task_type="RERANK")
    first = update(world, sdk, service_id, version="1.0.1", schedule=longer, description="words")
    second = update(world, sdk, service_id, version="1.0.2", schedule=longer)

    assert (first.schedule[0].duration, first.version.description, first.task_type) == (1, "words", "RERANK")
    assert (second.schedule[0].duration, second.version.description) == (2, "words")
    assert {tag.key: tag.value for tag in second.tags} == {"a": "1"}
    assert second.version.runtime_config.service_invoke.port == runtime()["service_invoke"]["port"]


@pytest.mark.parametrize("script", [Script(dies=True), Script(ready_after=10_000)])
def test_an_update_that_fails_keeps_the_old_configuration(judged: tuple[World, Sdk], script: Script) -> None:
    """RUNNING with the version that it had, and failure_reason says why."""
    world, sdk = judged
    service_id = world.running(deploy_timeout_minutes=1)
    world.launcher.scripts["main"] = script
    found = update(world, sdk, service_id, version="1.0.1", group_configs=[group(unit(port=81))])

    assert (found.status, found.version.version, found.version.instance_groups[0].unit_configs[0].port) == (
        "RUNNING",
        "1.0.0",
        8080,
    )
    assert found.failure_reason
    assert world.predict(service_id, {}).status_code == 200


def test_a_deployment_is_updated_by_what_is_named(judged: tuple[World, Sdk]) -> None:
    """Units as a whole, and with their check_method; a description alone is no version; fixed things stay."""
    world, sdk = judged
    service_id = world.running(group(priority=2))
    at = {"service_id": service_id, "deployment_id": world.deployment(service_id)["id"]}
    described = sdk("update_infer_deployment", **at, body={"description": "words"})
    weighted = sdk("update_infer_deployment", **at, body={"name": "main", "weight": 7, "count": 2, "priority": 2})
    world.settled(service_id)

    assert (described.version, described.version_count, described.description) == ("1.0.0", 1, "words")
    assert (weighted.version, weighted.weight, weighted.count, weighted.status) == ("1.0.1", 7, 2, "UPGRADING")
    assert sdk("show_infer_deployment", **at).unit_configs[0].envs == {"VERSION": "one"}
    for body in ({"priority": 3}, {"name": "other"}, {"weight": 101}, {"count": 129}, {"unit_configs": []}):
        assert sdk.refused("update_infer_deployment", **at, body=body)[0] == 400
    unchecked = {"unit_configs": [unit(startup_health=HEALTH)]}
    assert sdk.refused("update_infer_deployment", **at, body=unchecked) == MISSING


def versions(sdk: Sdk, service_id: str) -> dict[str, str]:
    found = sdk.raw("GET", f"/v2/{{project_id}}/services/{service_id}/versions")
    return {one["version"]: one["id"] for one in found["data"]}


def test_a_service_goes_back_as_a_whole(judged: tuple[World, Sdk]) -> None:
    """To the settings of an older version and to its deployments, which keep their ids; unknown versions are 404."""
    world, sdk = judged
    service_id = world.running()
    path = f"/v2/{{project_id}}/services/{service_id}/versions/switch"
    newer = [group(unit(envs={"VERSION": "two"}), count=2), group(name="extra")]
    update(world, sdk, service_id, version="1.0.1", deploy_timeout_minutes=99, group_configs=newer)
    known = versions(sdk, service_id)
    started = sdk.raw("POST", path, {"id": service_id, "target_version_id": known["1.0.0"], "workspace_id": "0"})
    world.settled(service_id)
    back = sdk("show_infer_service", service_id=service_id).version
    main = next(one for one in back.instance_groups if one.name == "main")

    assert (started["status"], started["version"]["version"], list(known)) == ("UPGRADING", "1.0.0", ["1.0.1", "1.0.0"])
    assert (back.id, back.version, back.deploy_timeout_minutes) == (known["1.0.0"], "1.0.0", 20)
    assert (main.unit_configs[0].envs, main.count, main.version_count) == ({"VERSION": "one"}, 1, 2)
    assert versions(sdk, service_id) == known
    for target, error in ((known["1.0.0"], WRONG_STATE), ("none", (404, "ModelArts.3502"))):
        body = {"target_version_id": target}
        assert sdk.refusal(lambda body=body: sdk.raw("POST", path, body)) == error


def test_a_stopped_service_goes_back_and_stays_stopped(judged: tuple[World, Sdk]) -> None:
    """What it goes back to is what a start starts, deployments that are gone included."""
    world, sdk = judged
    service_id = world.running()
    update(world, sdk, service_id, version="1.0.1", group_configs=[group(name="other")])
    world.call("POST", f"services/{service_id}/stop")
    world.settled(service_id)
    target = {"target_version_id": versions(sdk, service_id)["1.0.0"]}
    sdk.raw("POST", f"/v2/{{project_id}}/services/{service_id}/versions/switch", target)
    world.settled(service_id)

    assert {one["name"] for one in world.show(service_id)["version"]["instance_groups"]} == {"main", "other"}


@pytest.mark.parametrize(("running", "after"), [(False, "STOPPED"), (True, "RUNNING")])
def test_a_service_is_interrupted_as_a_whole(judged: tuple[World, Sdk], running: bool, after: str) -> None:
    """What is deployed for the first time stops, an update goes back; nothing on its way, nothing to interrupt."""
    world, sdk = judged
    service_id = world.running() if running else ""
    world.launcher.scripts["main"] = Script(ready_after=1000)
    if running:
        body = {"version": "1.0.1", "group_configs": [group(unit(port=81))]}
        sdk("update_infer_service", service_id=service_id, body=body)
    else:
        service_id = world.create()
    path = f"/v2/{{project_id}}/services/{service_id}/interrupt"
    sdk.raw("POST", path)
    found = world.settled(service_id)

    assert (found["status"], found["version"]["version"]) == (after, "1.0.0")
    assert sdk.refusal(lambda: sdk.raw("POST", path)) == WRONG_STATE
