"""Services of the sandbox: what is accepted in which state, and what reading them says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fmctl.sandbox import VirtualClock
from fmctl.sandbox.serving.scripted import Script
from fmctl.sandbox.serving.state import LEGAL, put

from .serving_world import World, scripted_world


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> Iterator[World]:
    with scripted_world(tmp_path, clock) as made:
        yield made


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"service_name": None}, 400, "3036"),
        ({"infer_type": None}, 400, "3036"),
        ({"config": []}, 400, "3036"),
        ({"service_name": "no spaces"}, 400, "3037"),
        ({"infer_type": "sometimes"}, 400, "3037"),
        ({"infer_type": "edge"}, 400, "3037"),
        ({"description": "a+b"}, 400, "3037"),
        ({"priority": 4}, 400, "3037"),
        ({"priority": True}, 400, "3037"),
        ({"workspace_id": "f" * 32}, 400, "0102"),
        ({"vpc_id": "v"}, 400, "3036"),
        ({"service_name": "s" * 65}, 400, "3037"),
        ({"service_name": ["s"]}, 400, "3037"),
        ({"description": "d" * 101}, 400, "3037"),
        ({"config": {}}, 400, "3037"),
        ({"config": ["x"]}, 400, "3037"),
        ({"load_balancer_policy": "RANDOM"}, 400, "3037"),
        ({"service_secrets": ["s"]}, 400, "3037"),
        ({"service_secrets": [{"secretId": "s"}]}, 400, "3036"),
        ({"additional_properties": []}, 400, "3037"),
        ({"additional_properties": {"websocket_upgrade": "yes"}}, 400, "3037"),
        ({"additional_properties": {"log_report_channels": ["LTS"]}}, 400, "3037"),
        ({"additional_properties": {"smn_notification": {"topic_urn": "urn", "events": ["failed"]}}}, 400, "3037"),
        ({"cluster_id": "no-such-pool"}, 400, "3547"),
        ({"schedule": [{"type": "stop", "time_unit": "WEEKS", "duration": 1}]}, 400, "3037"),
        ({"schedule": [{"type": "stop", "time_unit": "HOURS", "duration": 1}] * 2}, 400, "3037"),
        ({"pool_name": "no-such-pool"}, 400, "3547"),
        ({"schedule": [{"type": "stop", "time_unit": "HOURS", "duration": 0}]}, 400, "3562"),
        ({"schedule": [{"type": "start", "time_unit": "HOURS", "duration": 1}]}, 400, "3037"),
    ],
)
def test_a_service_that_breaks_a_rule_is_refused(world: World, changes: dict[str, Any], status: int, code: str) -> None:
    """A bad request is answered with the documented code, and nothing is stored."""
    answer = world.ask("POST", "services", world.service_body(world.element(world.published())) | changes)

    assert (answer.status_code, answer.json()["error_code"]) == (status, f"ModelArts.{code}")
    assert world.get("services")["total_count"] == 0


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"model_id": None}, 400, "3036"),
        ({"model_id": "none"}, 404, "3507"),
        ({"weight": None}, 400, "3036"),
        ({"weight": 99}, 400, "3037"),
        ({"weight": "all"}, 400, "3037"),
        ({"specification": None}, 400, "3036"),
        ({"specification": "modelarts.vm.cpu.1000u"}, 400, "3037"),
        ({"specification": "custom", "custom_spec": {"cpu": 1, "memory": 100}}, 400, "3037"),
        ({"specification": "custom", "pool_name": "pool0a1b2c3d"}, 400, "3037"),
        ({"pool_name": "pool0a1b2c3d"}, 400, "3037"),
        ({"instance_count": 0}, 400, "3037"),
        ({"instance_count": 129}, 400, "3037"),
        ({"instance_count": True}, 400, "3037"),
        ({"instance_count": None}, 400, "3036"),
        ({"instance_count": "9" * 5000}, 400, "3037"),
        ({"deploy_timeout_in_seconds": 0}, 400, "3037"),
        ({"envs": {"A": 1}}, 400, "3037"),
        ({"envs": {"A=B": "1"}}, 400, "3037"),
        ({"envs": {"": "1"}}, 400, "3037"),
        ({"envs": {"A": "\0"}}, 400, "3037"),
        ({"additional_properties": {"log_volume": [{"host_path": "/a", "mount_path": "/b"}]}}, 400, "3037"),
        ({"additional_properties": {"persistent_volumes": [{"name": "a"}]}}, 400, "3036"),
        ({"additional_properties": {"max_surge": -1}}, 400, "3037"),
        ({"affinity": {"node_affinity": {"mode": "perhaps"}}}, 400, "3037"),
        ({"affinity": {"node_affinity": {"mode": "required", "pool_infos": [{"pool_name": "p"}]}}}, 400, "3036"),
    ],
)
def test_an_element_that_breaks_a_rule_is_refused(
    world: World, changes: dict[str, Any], status: int, code: str
) -> None:
    """Each part of a configuration is checked."""
    answer = world.ask("POST", "services", world.service_body(world.element(world.published()) | changes))

    assert (answer.status_code, answer.json()["error_code"]) == (status, f"ModelArts.{code}")


def test_a_model_has_to_be_published_before_it_is_deployed(world: World) -> None:
    """3515 while it is publishing, and when it failed."""
    model_id = world.publish()
    early = world.ask("POST", "services", world.service_body(world.element(model_id)))

    assert (early.status_code, early.json()["error_code"]) == (400, "ModelArts.3515")


def test_a_model_may_exclude_real_time_services(world: World) -> None:
    """3589 when its install_type does not name them."""
    model_id = world.published(install_type=["batch"])
    answer = world.ask("POST", "services", world.service_body(world.element(model_id)))

    assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.3589")


def test_elements_are_different_versions_of_one_model(world: World) -> None:
    """The same model twice is 3516, another model is refused."""
    one, other = world.published(), world.published(model_name="other")
    half = {"weight": 50}
    twice = world.ask("POST", "services", world.service_body(world.element(one, **half), world.element(one, **half)))
    mixed = world.ask("POST", "services", world.service_body(world.element(one, **half), world.element(other, **half)))

    assert twice.json()["error_code"] == "ModelArts.3516"
    assert mixed.json()["error_code"] == "ModelArts.3037"


def test_a_service_name_exists_once(world: World) -> None:
    """3503 until the deleted one is really gone."""
    service_id = world.running()
    body = world.service_body(world.element(world.published(model_version="1.0.1")))
    taken = world.ask("POST", "services", body)
    world.ask("DELETE", f"services/{service_id}")
    deleting = world.ask("POST", "services", body)
    world.advance()
    world.advance()
    free = world.ask("POST", "services", body)

    assert [answer.status_code for answer in (taken, deleting, free)] == [409, 409, 200]
    assert taken.json()["error_code"] == "ModelArts.3503"


def test_a_detail_shows_what_was_asked_and_leaves_out_what_was_not(world: World) -> None:
    """Weights are numbers, write-only fields stay out, and optional keys are absent rather than empty."""
    element = world.element(world.published(), weight="100", deploy_timeout_in_seconds=600)
    service = world.settled(world.deploy(element, description="d"))

    assert service["config"][0]["weight"] == 100
    assert service["config"][0]["status"] == "ready"
    absent = {"pool_name", "schedule", "due_time", "vpc_id", "error_msg", "cluster_id"}
    assert absent & service.keys() == set()
    assert "deploy_timeout_in_seconds" not in service["config"][0]
    assert service["access_address"].endswith(f"/v1/infers/{service['service_id']}")
    assert isinstance(service["publish_at"], int)
    assert service["publish_at"] > 1_700_000_000_000


def test_a_service_has_no_address_before_it_was_deployed(world: World) -> None:
    """access_address appears with the first success and stays."""
    service_id = world.deploy(world.element(world.published()))

    assert "access_address" not in world.get(f"services/{service_id}")
    assert "access_address" in world.settled(service_id)


def test_a_dedicated_pool_takes_custom_specifications(world: World) -> None:
    """custom needs a pool and a custom_spec, and both come back."""
    custom = {"specification": "custom", "custom_spec": {"cpu": 0.5, "memory": 512, "ascend_a310": 1}}
    service_id = world.deploy(world.element(world.published(), **custom), pool_name="pool0a1b2c3d")
    service = world.settled(service_id)

    assert service["pool_name"] == "pool0a1b2c3d"
    assert service["config"][0]["custom_spec"] == custom["custom_spec"]


@pytest.mark.parametrize("status", sorted(LEGAL))
def test_every_state_allows_exactly_its_operations(world: World, status: str) -> None:
    """The matrix of legal operations, cell by cell; what is not legal is 3519 and changes nothing."""
    service_id = world.running()
    other = world.published(model_version="1.0.1")
    requests: dict[str, tuple[str, str, Any]] = {
        "start": ("PUT", "", {"status": "running"}),
        "stop": ("PUT", "", {"status": "stopped"}),
        "config": ("PUT", "", {"config": [world.element(other)]}),
        "description": ("PUT", "", {"description": "new"}),
        "instance_count": (
            "PUT",
            "/property",
            {"changed_property": "instance_count", "configs": [{"model_id": "?", "changed_value": 2}]},
        ),
        "delete": ("DELETE", "", None),
    }
    document = world.sandbox.store.get("services", service_id)
    assert document is not None
    requests["instance_count"][2]["configs"][0]["model_id"] = document["service"]["config"][0]["model_id"]
    allowed = set()
    for operation, (method, path, body) in requests.items():
        held = document | {"service": document["service"] | {"status": status}, "target": document["service"]["config"]}
        world.sandbox.store.delete("services", service_id)
        put(world.sandbox, held | {"since": world.clock.now(), "deploy_since": world.clock.now()})
        answer = world.ask(method, f"services/{service_id}{path}", body)
        if answer.status_code == 200:
            allowed.add(operation)
        else:
            assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.3519")

    assert allowed == MATRIX[status]


MATRIX = {
    "deploying": {"stop", "description", "delete"},
    "waiting": {"stop", "description", "delete"},
    "pending": {"start", "stop", "config", "description", "delete"},
    "running": {"stop", "config", "description", "instance_count", "delete"},
    "concerning": {"stop", "config", "description", "instance_count", "delete"},
    "failed": {"start", "stop", "config", "description", "instance_count", "delete"},
    "stopping": {"description", "delete"},
    "stopped": {"start", "config", "description", "delete"},
    "finished": {"start", "config", "description", "delete"},
    "deleting": set(),
}


def test_a_status_beside_a_config_wins_and_the_config_is_dropped(world: World) -> None:
    """The answer is 200 and does not tell."""
    service_id = world.running()
    before = world.get(f"services/{service_id}")["config"]
    other = world.published(model_version="1.0.1")
    answer = world.ask("PUT", f"services/{service_id}", {"status": "stopped", "config": [world.element(other)]})
    after = world.settled(service_id)

    assert (answer.status_code, answer.json()) == (200, {})
    assert after["status"] == "stopped"
    assert [element["model_id"] for element in after["config"]] == [element["model_id"] for element in before]


def test_stopping_and_starting_take_a_moment(world: World) -> None:
    """running, stopping, stopped, deploying, running."""
    service_id = world.running()
    seen = []
    for status in ("stopped", "running"):
        world.ask("PUT", f"services/{service_id}", {"status": status})
        seen.append(world.get(f"services/{service_id}")["status"])
        seen.append(world.settled(service_id)["status"])

    assert seen == ["stopping", "stopped", "deploying", "running"]


def test_an_update_without_anything_to_update_is_refused(world: World) -> None:
    """3610, also when all that is sent cannot be updated."""
    answer = world.ask("PUT", f"services/{world.running()}", {"service_name": "other"})

    assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.3610")


def test_a_description_changes_in_place(world: World) -> None:
    """Neither the status nor the history of updates moves."""
    service_id = world.running()
    answer = world.ask("PUT", f"services/{service_id}", {"description": "[fmctl:digits@0123456789s]"})
    service = world.get(f"services/{service_id}")

    assert answer.json() == {}
    assert (service["status"], service["description"]) == ("running", "[fmctl:digits@0123456789s]")
    assert len(world.get(f"services/{service_id}/logs")["logs"]) == 1


def test_the_schedule_counts_from_start_and_stops_the_service(world: World) -> None:
    """due_time is absolute; at that time the service stops by itself, and a restart arms it again."""
    schedule = [{"type": "stop", "time_unit": "MINUTES", "duration": 10}]
    started = world.clock.now()
    service_id = world.running(schedule=schedule)
    due = world.get(f"services/{service_id}")["due_time"]

    assert abs(due - (started + 600) * 1000) < 5000
    world.advance(590)
    assert world.get(f"services/{service_id}")["status"] == "running"
    world.advance(10)
    assert world.settled(service_id)["status"] == "stopped"
    world.ask("PUT", f"services/{service_id}", {"status": "running"})
    assert world.settled(service_id)["due_time"] > due


def test_sending_a_schedule_again_arms_it_again(world: World) -> None:
    """An empty one takes it away."""
    schedule = [{"type": "stop", "time_unit": "HOURS", "duration": 1}]
    service_id = world.running(schedule=schedule)
    before = world.get(f"services/{service_id}")["due_time"]
    world.advance(60)
    world.ask("PUT", f"services/{service_id}", {"schedule": schedule})
    again = world.get(f"services/{service_id}")["due_time"]
    world.ask("PUT", f"services/{service_id}", {"schedule": []})

    assert again >= before + 60_000
    assert {"schedule", "due_time"} & world.get(f"services/{service_id}").keys() == set()


def test_a_service_that_somebody_stopped_has_no_due_time(world: World) -> None:
    """The schedule stays and counts again from the next start."""
    service_id = world.running(schedule=[{"type": "stop", "time_unit": "DAYS", "duration": 1}])
    world.ask("PUT", f"services/{service_id}", {"status": "stopped"})
    stopped = world.settled(service_id)
    world.ask("PUT", f"services/{service_id}", {"status": "running"})

    assert ("schedule" in stopped, "due_time" in stopped) == (True, False)
    assert world.settled(service_id)["due_time"] > world.clock.now() * 1000


def test_deleting_lingers_a_moment_and_then_there_is_404(world: World) -> None:
    """A deleted service is deleting first; every id of a list goes."""
    service_id = world.running()
    other = world.deploy(world.element(world.published(model_version="1.0.1")), service_name="other")
    answer = world.ask("DELETE", f"services/{service_id},{other}")

    assert (answer.status_code, answer.json()) == (200, {})
    assert world.get(f"services/{service_id}")["status"] == "deleting"
    world.advance()
    world.advance()
    gone = world.ask("GET", f"services/{service_id}")
    assert (gone.status_code, gone.json()["error_code"]) == (404, "ModelArts.3502")
    assert world.get("services")["total_count"] == 0
    assert world.launcher.alive() == []


def test_deleting_a_list_with_an_unknown_id_deletes_nothing(world: World) -> None:
    """404, and the others stay."""
    service_id = world.running()
    answer = world.ask("DELETE", f"services/{service_id},none")

    assert (answer.status_code, world.get(f"services/{service_id}")["status"]) == (404, "running")


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/logs")])
def test_an_unknown_service_is_404(world: World, method: str, path: str) -> None:
    """3502 says so, whatever is asked of it."""
    answer = world.ask(method, f"services/none{path}", {"status": "stopped"} if method == "PUT" else None)

    assert (answer.status_code, answer.json()["error_code"]) == (404, "ModelArts.3502")


def test_lists_filter_and_leave_out_the_configuration(world: World) -> None:
    """Names match in part; a model's services can be asked for."""
    service_id = world.running()
    other = world.published(model_version="1.0.1")
    world.deploy(world.element(other), service_name="other")

    assert world.get("services", service_name="dig")["total_count"] == 1
    assert world.get("services", status="running")["count"] == 1
    assert [s["service_name"] for s in world.get("services", model_id=other)["services"]] == ["other"]
    assert world.get("services", limit=1)["total_count"] == 2
    names = [s["service_name"] for s in world.get("services", sort_by="service_name", order="asc")["services"]]
    assert names == ["digits", "other"]
    shown = world.get("services", service_id=service_id)["services"][0]
    assert {"config", "access_address"} & shown.keys() == set()


def test_scaling_changes_the_count_and_nothing_else(world: World) -> None:
    """The property call takes a number or its text; the instance that runs stays."""
    service_id = world.running()
    first = world.launcher.alive()
    model_id = world.get(f"services/{service_id}")["config"][0]["model_id"]
    change = {"model_id": model_id, "changed_value": "3"}
    body = {"changed_property": "instance_count", "configs": [change]}
    answer = world.ask("PUT", f"services/{service_id}/property", body)
    service = world.settled(service_id)

    assert set(answer.json()) == {"update_time", "resource_ids"}
    assert service["config"][0]["instance_count"] == 3
    assert len(world.launcher.alive()) == 3
    assert world.launcher.alive()[:1] == first


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"model_id": "none", "changed_value": 2}, "3529"),
        ({"changed_value": 1}, "3037"),
        ({"changed_value": 0}, "3037"),
    ],
)
def test_scaling_refuses_what_makes_no_sense(world: World, change: dict[str, Any], code: str) -> None:
    """Another model, the same count, and none at all."""
    service_id = world.running()
    model_id = world.get(f"services/{service_id}")["config"][0]["model_id"]
    body = {"changed_property": "instance_count", "configs": [{"model_id": model_id} | change]}
    answer = world.ask("PUT", f"services/{service_id}/property", body)

    assert (answer.status_code, answer.json()["error_code"]) == (400, f"ModelArts.{code}")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "3036"),
        ({"changed_property": "weight", "configs": []}, "3037"),
        ({"changed_property": "instance_count"}, "3036"),
        ({"changed_property": "instance_count", "configs": ["x"]}, "3037"),
        ({"changed_property": "instance_count", "configs": [{"changed_value": 2}]}, "3036"),
        ({"changed_property": "instance_count", "configs": [{"model_id": [], "changed_value": 2}]}, "3037"),
        ({"changed_property": "instance_count", "configs": [{"model_id": "m"}]}, "3036"),
    ],
)
def test_a_property_call_needs_all_its_parts(world: World, body: dict[str, Any], code: str) -> None:
    """What is missing is 3036, what is wrong 3037."""
    answer = world.ask("PUT", f"services/{world.running()}/property", body)

    assert (answer.status_code, answer.json()["error_code"]) == (400, f"ModelArts.{code}")


def test_a_patch_replaces_one_value(world: World) -> None:
    """A JSON patch with text values; other operations are refused."""
    service_id = world.running()
    patch = {"op": "replace", "path": "/config/0/instance_count", "value": "2"}
    answer = world.ask("PATCH", f"services/{service_id}", [patch])
    refused = world.ask("PATCH", f"services/{service_id}", [patch | {"op": "add"}])

    assert (answer.status_code, refused.status_code) == (200, 400)
    assert world.settled(service_id)["config"][0]["instance_count"] == 2


def test_logs_are_the_history_of_updates(world: World) -> None:
    """The newest first, each with its result and configuration; update_time selects one."""
    service_id = world.running()
    other = world.published(model_version="1.0.1")
    update = world.ask("PUT", f"services/{service_id}", {"config": [world.element(other)]}).json()["update_time"]
    under_way = world.get(f"services/{service_id}/logs")["logs"][0]
    world.settled(service_id)
    logs = world.get(f"services/{service_id}/logs")["logs"]

    assert (under_way["update_time"], under_way["result"]) == (update, "RUNNING")
    assert [log["result"] for log in logs] == ["SUCCESS", "SUCCESS"]
    assert logs[0]["config"][0]["model_id"] == other
    assert len(world.get(f"services/{service_id}/logs", update_time=update)["logs"]) == 1


def test_events_tell_the_story_newest_first(world: World) -> None:
    """They filter by kind and text."""
    world.launcher.scripts["broken"] = Script(fails="no weights")
    service_id = world.deploy(world.element(world.published(model_name="broken")))
    world.settled(service_id)
    events = world.get(f"services/{service_id}/events", event_type="abnormal")

    assert [event["event_info"] for event in events["events"]] == ["The deployment failed: no weights"]
    assert world.get(f"services/{service_id}/events")["total_count"] > events["total_count"]
    assert world.get(f"services/{service_id}/events", event_info="Start to deploy")["total_count"] == 1


def test_the_monitor_counts_requests_and_use(world: World) -> None:
    """Per model: calls, failures, instances, cores and megabytes."""
    service_id = world.running()
    for _ in range(3):
        world.predict(service_id, {})
    world.advance()
    answer = world.get(f"services/{service_id}/monitor")
    model = answer["monitors"][0]

    assert (answer["service_running_instance_count"], answer["req_count_per_min"]) == (1, 3)
    assert (model["invocation_times"], model["failed_times"]) == (3, 0)
    assert (model["cpu_core_usage"], model["cpu_core_total"]) == (0.5, 2.0)
    assert (model["cpu_memory_usage"], model["cpu_memory_total"]) == (100, 8192)


def test_specifications_name_processors_of_every_category(world: World) -> None:
    """The path is no service id; a dedicated pool offers custom alone."""
    public = {
        spec["specification"]: spec["category"] for spec in world.get("services/specifications")["specifications"]
    }
    dedicated = world.get("services/specifications", is_personal_cluster="true")["specifications"]

    assert public["modelarts.vm.cpu.2u"] == "CPU"
    assert public["modelarts.vm.cpu.8u"] == "CPU"
    assert "NPU" in public.values()
    assert [spec["specification"] for spec in dedicated] == ["custom"]


def test_tags_are_set_overwritten_and_removed(world: World) -> None:
    """They are no part of the service's detail."""
    service_id = world.running()
    for value in ("a", "b"):
        answer = world.ask("POST", f"services/{service_id}/tags/create", {"tags": [{"key": "team", "value": value}]})

    assert answer.status_code == 204
    assert world.get("services/tms/tags")["tags"] == [{"key": "team", "values": ["b"]}]
    world.ask("DELETE", f"services/{service_id}/tags/delete", {"tags": [{"key": "team"}]})
    assert world.get("services/tms/tags")["tags"] == []
