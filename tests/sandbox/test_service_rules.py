"""Rules of services that are about more than one request: quotas, what cannot be undone, what is kept how long."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fmctl.sandbox import VirtualClock
from fmctl.sandbox.serving.instances import Instance, InstanceSpec
from fmctl.sandbox.serving.scripted import ScriptedLauncher

from .serving_world import World, scripted_world

POOL = "pool0a1b2c3d"
NETWORK = {"vpc_id": "v", "subnet_network_id": "s", "security_group_id": "g"}
DAY = 86400


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> Iterator[World]:
    with scripted_world(tmp_path, clock) as made:
        yield made


def over_quota(world: World, **query: str) -> set[bool]:
    return {spec["over_quota"] for spec in world.get("services/specifications", **query)["specifications"]}


def test_the_public_pool_takes_twenty_real_time_services(world: World) -> None:
    """Stopped ones count; a deleted one makes room, and a dedicated pool has no such limit."""
    element = world.element(world.published())
    ids = [world.deploy(element, service_name=f"s-{number}") for number in range(20)]
    world.settled(ids[0])
    world.ask("PUT", f"services/{ids[0]}", {"status": "stopped"})
    world.settled(ids[0])
    refused = world.ask("POST", "services", world.service_body(element, service_name="one-too-many"))
    full = over_quota(world), over_quota(world, infer_type="batch")
    pooled = world.deploy(element, service_name="pooled", pool_name=POOL)
    world.ask("DELETE", f"services/{ids[0]}")

    assert (400, "ModelArts.3520") == (refused.status_code, refused.json()["error_code"])
    assert ({True}, {False}) == full
    assert {pooled, world.deploy(element, service_name="next")} & set(ids) == set()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"websocket_upgrade": True}, {"websocket_upgrade": False}),
        ({"log_report_channels": [{"type": "LTS"}]}, {"log_report_channels": []}),
        ({"log_report_channels": [{"type": "LTS"}]}, {"log_report_channels": [{"type": "AOM"}]}),
    ],
)
def test_some_properties_cannot_be_taken_back(world: World, before: dict[str, Any], after: dict[str, Any]) -> None:
    """A web socket stays open to all, and logs go where they went; other properties may change without naming them."""
    notification = {"smn_notification": {"topic_urn": "urn", "events": [1, 3]}}
    service_id = world.running(additional_properties=before)
    refused = world.ask("PUT", f"services/{service_id}", {"additional_properties": after})
    world.ask("PUT", f"services/{service_id}", {"additional_properties": notification})

    assert (400, "ModelArts.3037") == (refused.status_code, refused.json()["error_code"])
    assert before | notification == world.get(f"services/{service_id}")["additional_properties"]


def test_secrets_are_taken_and_never_told(world: World) -> None:
    """Neither a detail nor a history has them."""
    secrets = [{"secretId": "id-of-a-secret", "mouthPath": "/mnt/secret"}]
    service_id = world.running(service_secrets=secrets)
    world.ask("PUT", f"services/{service_id}", {"service_secrets": secrets})
    answers = [world.ask("GET", f"services{path}").text for path in ("", f"/{service_id}", f"/{service_id}/logs")]

    assert not any("secret" in answer for answer in answers)


def test_a_dedicated_pool_has_a_network_of_its_own(world: World) -> None:
    """One that is asked for counts in the public pool alone."""
    element = world.element(world.published())
    public = world.get(f"services/{world.deploy(element, **NETWORK)}")
    pooled = world.get(f"services/{world.deploy(element, service_name='pooled', pool_name=POOL, **NETWORK)}")

    assert NETWORK.items() <= public.items()
    assert NETWORK.keys() & pooled.keys() == set()


def test_lists_filter_by_tags(world: World) -> None:
    """By key, or by key and value; several have to fit together."""
    element = world.element(world.published())
    one, other = world.deploy(element), world.deploy(element, service_name="other")
    for service_id, value in ((one, "a"), (other, "b")):
        world.ask("POST", f"services/{service_id}/tags/create", {"tags": [{"key": "team", "value": value}]})
    world.ask("POST", f"services/{one}/tags/create", {"tags": [{"key": "old"}]})

    def found(tags: str) -> set[str]:
        return {service["service_id"] for service in world.get("services", tags=tags)["services"]}

    assert ({one, other}, {other}, {one}, set()) == (
        found("team"),
        found("team=b"),
        found("team,old"),
        found("team=b,old"),
    )


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        (None, "3036"),
        ("team", "3037"),
        ([{"key": ""}], "3037"),
        ([{"key": "k" * 129}], "3037"),
        ([{"key": "k", "value": "v" * 256}], "3037"),
        ([{"key": "k", "value": 1}], "3037"),
    ],
)
def test_tags_have_limits(world: World, tags: Any, code: str) -> None:
    """128 characters for a key, 255 for a value, and both are text."""
    answer = world.ask("POST", f"services/{world.running()}/tags/create", {"tags": tags})

    assert (400, f"ModelArts.{code}") == (answer.status_code, answer.json()["error_code"])


def test_events_are_kept_for_a_month(world: World) -> None:
    """Older ones go when new ones come."""
    service_id = world.running()
    before = world.get(f"services/{service_id}/events", event_info="Start to deploy")["count"]
    world.advance(31 * DAY)
    world.restart()  # with a new token: the old one has expired
    world.settled(service_id)
    events = world.get(f"services/{service_id}/events")["events"]

    assert (1, ["The service is running."]) == (before, [event["event_info"] for event in events])


def test_a_service_that_its_schedule_stopped_has_no_due_time(world: World) -> None:
    """Nor has one that failed: a due time lies in the future."""
    service_id = world.running(schedule=[{"type": "stop", "time_unit": "HOURS", "duration": 1}])
    world.advance(3600)

    assert "due_time" not in world.settled(service_id)


def test_a_monitor_counts_the_cards_of_a_specification(world: World) -> None:
    """They are there for each instance; nothing here uses them."""
    element = world.element(world.published(), specification="modelarts.vm.gpu.pnt004", instance_count=2)
    service_id = world.deploy(element)
    world.settled(service_id)
    (model,) = world.get(f"services/{service_id}/monitor")["monitors"]

    assert (2, 0, 0) == (model["gpu_total"], model["gpu_usage"], model["npu_total"])


@pytest.mark.parametrize(("method", "path"), [("GET", "clusters"), ("PUT", "services/{}/nodes/n/status")])
def test_what_is_about_edge_nodes_is_refused_with_a_reason(world: World, method: str, path: str) -> None:
    """There are none."""
    answer = world.ask(method, path.format(world.running()), {} if method == "PUT" else None)

    assert (400, "ModelArts.2858") == (answer.status_code, answer.json()["error_code"])
    assert "edge" in answer.json()["error_msg"]


class Unwilling(ScriptedLauncher):
    """A machine that starts nothing."""

    def start(self, spec: InstanceSpec) -> Instance:  # type: ignore[override]
        raise OSError(7, "Argument list too long")


def test_a_machine_that_starts_nothing_fails_the_service(tmp_path: Path, clock: VirtualClock) -> None:
    """It is tried as often as a process that dies, and the reason is told; the service does not deploy for ever."""
    with scripted_world(tmp_path, clock) as world:
        world.launcher = Unwilling(clock)
        world.restart()
        service = world.settled(world.deploy(world.element(world.published())))

    assert ("failed", True) == (service["status"], "Argument list too long" in service["error_msg"])
