"""Who may ask a service what, how often and for how long: the gateway holds what the SDK has set."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, EnvironBuilder

from fmctl.sandbox import VirtualClock
from fmctl.sandbox.serving.scripted import Script

from .services_v2_sdk import Sdk, judged_world
from .services_v2_world import World, group, runtime

INVALID = (400, "ModelArts.3037")
LIMIT = runtime()["service_limit"]


@pytest.fixture
def judged(tmp_path: Path, clock: VirtualClock) -> Iterator[tuple[World, Sdk]]:
    with judged_world(tmp_path, clock) as made:
        yield made


def running(world: World, sdk: Sdk, limits: dict[str, Any] | None = None, **invoke: Any) -> str:
    settings = runtime(**{"auth_type": "NONE", **invoke}) | {"service_limit": LIMIT | (limits or {})}
    return world.running(runtime_config=settings)


def status(world: World, service_id: str, body: Any = None, **headers: str) -> int:
    """What somebody gets who has nothing but these headers."""
    answer = world.client.post(f"/v2/infers/{service_id}", json=body or {}, headers={"X-Auth-Token": "", **headers})
    return answer.status_code


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ({}, 200),
        ({"ip_white_list": ["127.0.0.1"]}, 200),
        ({"ip_white_list": ["10.0.0.0/8", "127.0.0.0/8"]}, 200),
        ({"ip_white_list": ["10.0.0.0/8"]}, 403),
        ({"ip_black_list": ["127.0.0.1"]}, 403),
        ({"ip_black_list": ["10.0.0.1"]}, 200),
        ({"ip_white_list": ["127.0.0.1"], "ip_black_list": ["127.0.0.0/24"]}, 403),
        ({"ip_white_list": [], "ip_black_list": []}, 200),
    ],
)
def test_lists_of_addresses_hold(judged: tuple[World, Sdk], lists: dict[str, list[str]], expected: int) -> None:
    """Who is not on a white list, or is on a black one, is not let in."""
    world, sdk = judged

    assert status(world, running(world, sdk, lists)) == expected


def test_lists_hold_addresses(judged: tuple[World, Sdk]) -> None:
    """Anything else is refused when the service is made."""
    _, sdk = judged
    settings = runtime() | {"service_limit": LIMIT | {"ip_white_list": ["localhost"]}}
    body = {"name": "s", "type": "REAL_TIME", "deploy_type": "SINGLE", "group_configs": [], "runtime_config": settings}

    assert sdk.refused("create_infer_service", body=body) == INVALID


@pytest.mark.parametrize(("unit", "seconds"), [("SECONDS", 1), ("MINUTES", 60)])
def test_a_rate_is_for_its_unit(judged: tuple[World, Sdk], unit: str, seconds: int) -> None:
    """`num` requests in each second or minute; what is refused does not count, and an update changes it."""
    world, sdk = judged
    service_id = running(world, sdk, {"rate_limit": {"num": 3, "unit": unit}})
    first = [status(world, service_id) for _ in range(5)]
    world.advance(seconds - 0.1)
    early = status(world, service_id)
    world.advance(0.1)
    later = [status(world, service_id) for _ in range(4)]
    more = {"service_limit": LIMIT | {"rate_limit": {"num": 5, "unit": unit}}}
    sdk("update_infer_service", service_id=service_id, body={"version": "1.0.1", "runtime_config": more})
    world.settled(service_id)
    world.advance(seconds)

    assert (first, early, later) == ([200] * 3 + [429] * 2, 429, [200] * 3 + [429])
    assert [status(world, service_id) for _ in range(6)] == [200] * 5 + [429]


def test_size_and_patience_have_limits(judged: tuple[World, Sdk]) -> None:
    """413 above request_size_limit megabytes, 408 after request_timeout seconds, 4203 while it does not run."""
    world, sdk = judged
    service_id = running(world, sdk, {"request_size_limit": 1, "request_timeout": 1})
    large = [status(world, service_id, "x" * size) for size in (1_048_574, 1_048_575)]
    world.launcher.scripts["slow"] = Script(slow=True)
    slow = world.running(group(name="slow"), name="slow", runtime_config=runtime(auth_type="NONE"))
    sdk("stop_infer_service", service_id=service_id)
    stopped = world.predict(service_id, {})

    assert (large, status(world, slow)) == ([200, 413], 408)
    assert (stopped.status_code, stopped.json()["error_code"]) == (400, "ModelArts.4203")


def test_a_token_opens_what_wants_one(judged: tuple[World, Sdk]) -> None:
    """auth_type TOKEN: nobody without one, NONE: everybody."""
    world, sdk = judged
    with_token = running(world, sdk, auth_type="TOKEN")
    open_to_all = world.running(name="open", runtime_config=runtime(auth_type="NONE"))

    assert (status(world, with_token), world.predict(with_token, {}).status_code) == (401, 200)
    assert status(world, open_to_all) == 200


def test_keys_open_what_they_are_for(judged: tuple[World, Sdk]) -> None:
    """USER opens all services, SERVICE those that it is bound to, temp all for its time; a token opens none of them."""
    world, sdk = judged
    service_id = running(world, sdk, auth_type="API_KEY")
    other = world.running(name="other", runtime_config=runtime(auth_type="API_KEY"))
    user = sdk.create_key("all", "USER")
    bound = sdk.create_key("one", "SERVICE")
    sdk("bind_infer_api_key", service_id=service_id, key_id=bound["key_id"])
    temporary = sdk("create_infer_temp_api_key", body={"expire_time": 1}).api_key
    temp = {"X-Api-Key-Type": "temp"}

    def both(**headers: str) -> list[int]:
        return [status(world, one, **headers) for one in (service_id, other)]

    assert both(Authorization=user["api_key"]) == [200, 200]
    assert both(Authorization=bound["api_key"]) == [200, 401]
    assert both(Authorization=bound["api_key"], **{"X-Api-Key-Type": "normal"}) == [200, 401]
    assert both(Authorization=temporary, **temp) == [200, 200]
    assert both(Authorization=temporary) == both(Authorization=user["api_key"], **temp) == [401, 401]
    assert both(Authorization=user["api_key"], **{"X-Api-Key-Type": "other"}) == [401, 401]
    assert world.predict(service_id, {}).status_code == 401


def test_a_secret_is_shown_once(judged: tuple[World, Sdk]) -> None:
    """The creation's answer holds it, and no other; the key opens nothing once it is deleted."""
    world, sdk = judged
    service_id = running(world, sdk, auth_type="API_KEY")
    made = sdk.create_key("app", "SERVICE")
    answers = [
        sdk("bind_infer_api_key", service_id=service_id, key_id=made["key_id"]),
        *sdk("list_infer_api_keys").data,
        sdk("delete_infer_api_key", key_id=made["key_id"]),
    ]

    assert len(made["key_id"]) == 32
    assert not any(made["api_key"] in str(answer) for answer in answers)
    assert status(world, service_id, Authorization=made["api_key"]) == 401
    assert sdk("list_infer_api_keys").total == 0


def test_keys_are_bound_once(judged: tuple[World, Sdk]) -> None:
    """What is bound already, or not bound, is told as an error; batches go on, and take ten at most."""
    world, sdk = judged
    service_id = world.create(group_configs=[])
    ids = [sdk.create_key(f"k{n}", "SERVICE")["key_id"] for n in range(2)]
    user = sdk.create_key("user", "USER")["key_id"]
    one = {"service_id": service_id, "key_id": ids[0]}
    unbound = sdk.refused("unbind_infer_api_key", **one)
    sdk("bind_infer_api_key", **one)
    batch = {"key_ids": [{"key_id": key_id} for key_id in (*ids, user, "none")]}
    bound = sdk("batch_bind_infer_api_keys", service_id=service_id, body=batch)
    undone = sdk("batch_unbind_infer_api_keys", service_id=service_id, body=batch)
    many = {"key_ids": [{"key_id": ids[0]}] * 11}
    visible = sdk("list_infer_api_keys", service_id=service_id, with_user_scope=True)

    assert unbound == sdk.refused("batch_bind_infer_api_keys", service_id=service_id, body=many) == INVALID
    assert (bound.total, bound.success_count, [one.key_id for one in bound.success_items]) == (4, 1, [ids[1]])
    assert [one.error_code for one in bound.failure_items] == ["ModelArts.3037"] * 2 + ["ModelArts.3502"]
    assert (undone.success_count, undone.failure_count) == (2, 2)
    assert [one.name for one in visible.data] == ["user"]


@pytest.mark.parametrize("hours", [0, 25, None])
def test_a_temporary_key_is_for_some_hours(judged: tuple[World, Sdk], hours: int | None) -> None:
    """1 to 24 of them."""
    _, sdk = judged

    assert sdk.refused("create_infer_temp_api_key", body={"expire_time": hours})[0] == 400


def test_a_temporary_key_is_good_for_its_hours(judged: tuple[World, Sdk]) -> None:
    """It says until when, and opens nothing from then on."""
    world, sdk = judged
    service_id = running(world, sdk, auth_type="API_KEY")
    key = sdk("create_infer_temp_api_key", body={"expire_time": 2})
    headers = {"Authorization": key.api_key, "X-Api-Key-Type": "temp"}
    world.advance(2 * 3600 - 1)
    before = status(world, service_id, **headers)
    world.advance()

    assert key.expire_time - key.create_time == 2 * 3600 * 1000
    assert (before, status(world, service_id, **headers)) == (200, 401)


def test_bytes_that_may_not_stand_in_a_query_are_encoded(judged: tuple[World, Sdk]) -> None:
    """What a careless client sends reaches the unit as what it meant."""
    world, sdk = judged
    call = EnvironBuilder(path=f"/v2/infers/{running(world, sdk)}", method="POST", json={}).get_environ()
    answer = Client(world.sandbox.wsgi).open(call | {"QUERY_STRING": "name=\xc3\xa9&x=%20+[1]"})

    assert "/?name=%C3%A9&x=%20+[1]" == json.loads(answer.data)["path"]


def test_an_asynchronous_service_runs_and_takes_no_requests(judged: tuple[World, Sdk]) -> None:
    """It lives as others do; it has no address, and the sandbox says that it does not know how it is asked."""
    world, sdk = judged
    service_id = world.running(type="ASYNC_REAL_TIME")
    [listed] = sdk("list_infer_services", type="ASYNC_REAL_TIME").data
    asked = world.predict(service_id, {})

    assert (listed.id, sdk("show_infer_service", service_id=service_id).predict_url) == (service_id, [])
    assert (asked.status_code, asked.json()["error_code"]) == (400, "ModelArts.2858")
