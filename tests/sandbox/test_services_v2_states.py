"""Every operation in every status, as the SDK asks for it: what is legal changes the status, all else nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fmctl.sandbox import VirtualClock
from fmctl.sandbox.serving.scripted import Script

from .services_v2_sdk import Sdk, judged_world
from .services_v2_world import World, group, unit

WRONG_STATE = (400, "ModelArts.3519")
STATUSES = (
    "DEPLOYING",
    "RUNNING",
    "CONCERNING",
    "UPGRADING",
    "STOPPING",
    "STOPPED",
    "FAILED",
    "DELETING",
    "INTERRUPTING",
)
NEWER = {"unit_configs": [unit(envs={"VERSION": "two"})]}
SLOW, QUICK = Script(ready_after=1000), Script()

Call = Callable[[Sdk, dict[str, str]], Any]

SERVICE: dict[str, tuple[Call, dict[str, str]]] = {
    "start": (
        lambda sdk, at: sdk("start_infer_service", service_id=at["service_id"]),
        {"STOPPED": "DEPLOYING", "FAILED": "DEPLOYING"},
    ),
    "stop": (
        lambda sdk, at: sdk("stop_infer_service", service_id=at["service_id"]),
        {"RUNNING": "STOPPING", "CONCERNING": "STOPPING"},
    ),
    "update": (
        lambda sdk, at: sdk("update_infer_service", service_id=at["service_id"], body=UPDATE),
        {"STOPPED": "STOPPED", "FAILED": "DEPLOYING", "RUNNING": "UPGRADING", "CONCERNING": "UPGRADING"},
    ),
    "delete": (
        lambda sdk, at: sdk("batch_delete_infer_services", body={"service_ids": [at["service_id"]]}),
        dict.fromkeys(set(STATUSES) - {"DELETING"}, "DELETING"),
    ),
}
UPDATE = {"version": "1.0.1", "group_configs": [group(unit(envs={"VERSION": "three"}))]}
DEPLOYMENT: dict[str, tuple[Call, dict[str, str]]] = {
    "start": (
        lambda sdk, at: sdk("start_infer_deployment", **at),
        {"STOPPED": "DEPLOYING", "FAILED": "DEPLOYING"},
    ),
    "stop": (
        lambda sdk, at: sdk("stop_infer_deployment", **at),
        dict.fromkeys(("RUNNING", "DEPLOYING", "FAILED", "CONCERNING"), "STOPPING"),
    ),
    "interrupt": (
        lambda sdk, at: sdk("cancel_infer_deployment", **at),
        {"DEPLOYING": "INTERRUPTING", "UPGRADING": "RUNNING"},
    ),
    "update": (
        lambda sdk, at: sdk("update_infer_deployment", **at, body=NEWER | {"weight": 50}),
        {"RUNNING": "UPGRADING", "CONCERNING": "UPGRADING", "STOPPED": "STOPPED", "FAILED": "DEPLOYING"},
    ),
    "scale": (
        lambda sdk, at: sdk(
            "update_infer_deployment_scale", service_id=at["service_id"], deployment_name="main", body={"count": 2}
        ),
        {"RUNNING": "UPGRADING", "CONCERNING": "UPGRADING"},
    ),
    "switch": (
        lambda sdk, at: sdk(
            "switch_infer_deployment_version", **at, version="1.0.0", body={"infer_name": at["deployment_id"]}
        ),
        {"RUNNING": "UPGRADING"},
    ),
    "delete": (
        lambda sdk, at: sdk("delete_infer_deployment", **at),
        dict.fromkeys(set(STATUSES) - {"DELETING"}, "DELETING"),
    ),
}


@pytest.fixture
def judged(tmp_path: Path, clock: VirtualClock) -> Iterator[tuple[World, Sdk]]:
    with judged_world(tmp_path, clock) as made:
        yield made


def reach(world: World, status: str, whole: bool) -> dict[str, str]:
    """A service with two versions of one deployment, both of which are in this status; `whole` deletes the service."""
    service_id = world.running()
    main = f"services/{service_id}/deployments/main"
    world.call("PUT", main, NEWER)
    world.settled(service_id)
    if status not in {"RUNNING", "DELETING", "CONCERNING"}:
        world.launcher.scripts["main"] = SLOW
    if status == "CONCERNING":
        for instance in world.launcher.alive():
            instance.ended = True
        world.advance()
    elif status == "UPGRADING":
        world.call("PUT", f"{main}/scale", {"count": 2})
    elif status == "DELETING":
        ids = {"service_ids": [service_id]}
        world.call("POST", "services/delete", ids) if whole else world.call("DELETE", main)
    elif status != "RUNNING":
        world.call("POST", f"{main}/stop")
        if status != "STOPPING":
            world.settled(service_id)
    if status in {"DEPLOYING", "INTERRUPTING", "FAILED"}:
        world.launcher.scripts["main"] = Script(dies=True) if status == "FAILED" else SLOW
        world.call("POST", f"{main}/start")
    if status == "FAILED":
        world.settled(service_id)
    if status == "INTERRUPTING":
        world.call("POST", f"{main}/interrupt")
    at = {"service_id": service_id, "deployment_id": world.deployment(service_id)["id"]}
    found = world.show(service_id)["status"] if whole else world.deployment(service_id)["status"]
    assert found == status, found
    return at


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("operation", SERVICE)
def test_operations_on_services(judged: tuple[World, Sdk], operation: str, status: str) -> None:
    """The table of operations for services, row by row."""
    world, sdk = judged
    at = reach(world, status, whole=True)
    call, legal = SERVICE[operation]
    if status in legal:
        call(sdk, at)
        assert sdk("show_infer_service", service_id=at["service_id"]).status == legal[status]
        return
    before = world.show(at["service_id"])

    assert sdk.refusal(lambda: call(sdk, at)) == WRONG_STATE
    assert world.show(at["service_id"]) == before


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("operation", DEPLOYMENT)
def test_operations_on_deployments(judged: tuple[World, Sdk], operation: str, status: str) -> None:
    """The table of operations for deployments, row by row."""
    world, sdk = judged
    at = reach(world, status, whole=False)
    call, legal = DEPLOYMENT[operation]
    if status in legal:
        call(sdk, at)
        assert sdk("show_infer_deployment", **at).status == legal[status]
        return
    before = world.show(at["service_id"])

    assert sdk.refusal(lambda: call(sdk, at)) == WRONG_STATE
    assert world.show(at["service_id"]) == before


@pytest.mark.parametrize("operation", ["start", "stop"])
def test_a_service_without_deployments_cannot_be(judged: tuple[World, Sdk], operation: str) -> None:
    """INIT has nothing to start or to stop; it takes updates, deployments and a deletion."""
    world, sdk = judged
    service_id = world.create(group_configs=[])

    assert sdk.refused(f"{operation}_infer_service", service_id=service_id) == WRONG_STATE
    assert sdk("update_infer_service", service_id=service_id, body={"version": "1.0.1"}).status == "INIT"
    assert sdk("batch_delete_infer_services", body={"service_ids": [service_id]}).service_responses[0].id == service_id


def test_a_version_in_use_stays(judged: tuple[World, Sdk]) -> None:
    """Neither the active version nor one that does not exist can be deleted or switched to."""
    world, sdk = judged
    at = reach(world, "RUNNING", whole=True)
    body = {"infer_name": at["deployment_id"]}

    assert sdk.refused("delete_infer_deployment_version", **at, version="1.0.1") == WRONG_STATE
    assert sdk.refused("switch_infer_deployment_version", **at, version="1.0.1", body=body) == WRONG_STATE
    assert sdk.refused("delete_infer_deployment_version", **at, version="9.0.0") == (404, "ModelArts.3502")
    assert sdk.refused("show_infer_deployment_version", **at, version="9.0.0") == (404, "ModelArts.3502")
    assert sdk("delete_infer_deployment_version", **at, version="1.0.0").id == at["deployment_id"]
    assert [one.version for one in sdk("list_infer_deployment_versions", **at).data] == ["1.0.1"]


@pytest.mark.parametrize(
    ("method", "more"),
    [
        ("show_infer_service", {}),
        ("update_infer_service", {"body": {"version": "1.0.1"}}),
        ("start_infer_service", {}),
        ("stop_infer_service", {}),
        ("list_infer_service_events", {}),
        ("list_infer_deployments", {}),
        ("create_infer_deployment", {"body": group()}),
        ("show_infer_deployment", {"deployment_id": "none"}),
        ("update_infer_deployment_scale", {"deployment_name": "none", "body": {"count": 1}}),
        ("create_infer_hra", {"deployment_id": "none", "body": {"hra_rules": [{"slo_info": [], "metrics": []}]}}),
        ("bind_infer_api_key", {"key_id": "none"}),
    ],
)
def test_what_is_not_there_is_404(judged: tuple[World, Sdk], method: str, more: dict[str, Any]) -> None:
    """A service that nobody made, or one that was deleted."""
    world, sdk = judged
    service_id = world.create(group_configs=[])
    world.call("POST", "services/delete", {"service_ids": [service_id]})
    world.advance()

    assert sdk.refused(method, service_id=service_id, **more) == (404, "ModelArts.3502")
