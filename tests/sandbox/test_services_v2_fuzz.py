"""Whatever is sent about services of the second generation: an answer with a documented shape, never a crash."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fmctl.sandbox import VirtualClock

from .services_v2_world import World, group, runtime, scripted_world, service, unit

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "0", "é/b"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "id", "key"]), inner),
    max_leaves=4,
)
HEALTH = {"check_method": "HTTP", "url": "/h", "initial_delay_seconds": 1, "timeout_seconds": 1, "failure_threshold": 1}
FULL = service(
    group(
        unit(readiness_health=HEALTH, startup_health=HEALTH, termination_grace={"pre_stop_cmd": "x"}, count=1),
        model={"source": "OBS", "address": "obs://fmctl-demo/unit/", "mount_path": "/model"},
        advanced_config={"deploy_timeout_minutes": 1, "port": 80},
    ),
    runtime_config=runtime(fuse_configs={"error_rate_threshold": 1}),
    tags=[{"key": "k", "value": "v"}],
    schedule=[{"type": "STOP", "time_unit": "HOURS", "duration": 1}],
    log_configs=[{"type": "FILE", "status": "ON", "files": [{"log_path": "/l", "file_pattern": "*"}]}],
)
RULE = {"name": "rule", "type": "CRON_HPA", "schedule": "1 * * * *", "target_replicas": 2, "operate": "ADD"}
OTHERS: dict[tuple[str, str], Any] = {
    ("PUT", "services/{id}"): {"version": "1.0.1", "group_configs": [group()], "runtime_config": runtime()},
    ("PUT", "services/{id}/deployments/main"): group(),
    ("PUT", "services/{id}/deployments/main/scale"): {"count": 2},
    ("PUT", "services/{id}/deployments/main/hpa"): {"hpa_rules": [RULE]},
    ("POST", "modelarts-service-v2/{id}/tags/create"): {"tags": [{"key": "k", "value": "v"}]},
    ("POST", "modelarts-service-v2/resource-instances/filter"): {"tags": [{"key": "k", "values": ["v"]}]},
    ("POST", "services/{id}/api-keys/batch-bind"): {"key_ids": [{"key_id": "none"}]},
}
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with scripted_world(tmp_path_factory.mktemp("fuzz"), VirtualClock()) as made:
        yield made


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside a document."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield (*at, key)
        yield from places(inner, (*at, key))


def spoiled(body: Any) -> st.SearchStrategy[Any]:
    return st.builds(spoil, st.just(body), st.sampled_from(list(places(body))), JSON)


def spoil(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    result = copy.deepcopy(body)
    target = result
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    return result


def clear(world: World) -> None:
    found = [one["id"] for one in world.call("GET", "services")["data"]]
    if found:
        world.call("POST", "services/delete", {"service_ids": found})
    world.advance(1)
    world.advance(1)


@FUZZ
@given(body=spoiled(FULL))
def test_no_request_breaks_the_creation(world: World, body: Any) -> None:
    """A service with anything in any place is created or refused; it settles, and everything stays readable."""
    answer = world.ask("POST", "services", body)
    if answer.status_code == 200:
        world.settled(answer.json()["id"])
        world.call("GET", f"services/{answer.json()['id']}/deployments")
    clear(world)

    assert answer.status_code < 500, answer.text
    assert world.call("GET", "services")["total"] == 0


@FUZZ
@given(call=st.sampled_from(sorted(OTHERS)).flatmap(lambda one: st.tuples(st.just(one), spoiled(OTHERS[one]))))
def test_no_request_breaks_a_service(world: World, call: tuple[tuple[str, str], Any]) -> None:
    """Whatever is asked of it, a service that runs is readable afterwards and can be deleted."""
    (method, path), body = call
    service_id = world.running()
    world.call("POST", f"services/{service_id}/deployments/main/hpa", policy(world, service_id))
    answer = world.ask(method, path.format(id=service_id), body)
    after = world.settled(service_id)
    clear(world)

    assert answer.status_code < 500, answer.text
    assert after["status"] in {"RUNNING", "INIT", "FAILED"}


def policy(world: World, service_id: str) -> dict[str, Any]:
    target = {"target_resource_id": world.deployment(service_id)["id"], "target_resource_type": "GROUP"}
    return {"type": "CRON_HPA", "hpa_rules": [RULE | {"name": "first"}], **target}
