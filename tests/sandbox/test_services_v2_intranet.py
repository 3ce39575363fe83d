"""Intranet connections as Huawei's own SDK asks for them: applied for, decided about, used, given up."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fmctl.sandbox import VirtualClock

from .sdk_world import POOL
from .services_v2_sdk import Sdk, judged_world
from .services_v2_world import World, runtime

INVALID, MISSING, WRONG_STATE = "ModelArts.3037", "ModelArts.3036", "ModelArts.3519"
VPC = {"scene": "VPC", "vpc_id": "vpc-1", "subnet_id": "subnet-1"}


@pytest.fixture
def judged(tmp_path: Path, clock: VirtualClock) -> Iterator[tuple[World, Sdk]]:
    with judged_world(tmp_path, clock) as made:
        yield made


def apply_for(sdk: Sdk, service_id: str, **changes: Any) -> Any:
    return sdk("create_infer_intranet_connection", body={"service_id": service_id, **VPC, **changes})


def decide(sdk: Sdk, connection_id: str, action: str, **more: str) -> Any:
    return sdk("update_infer_intranet_connection", id=connection_id, body={"action": action, **more})


def found(sdk: Sdk, **query: Any) -> list[Any]:
    return list(sdk("list_infer_intranet_connection_applications", **query).data)


def status(sdk: Sdk, connection_id: str) -> str:
    [connection] = found(sdk, id=connection_id)
    return str(connection.status)


def connected(world: World, sdk: Sdk, service_id: str, **changes: Any) -> str:
    made = apply_for(sdk, service_id, **changes)
    if made.status == "APPROVING":
        decide(sdk, made.id, "APPROVE")
    world.advance()
    assert status(sdk, made.id) == "CONNECTED"
    return str(made.id)


def addresses(sdk: Sdk, service_id: str) -> dict[str, list[str]]:
    return {one.type: one.urls for one in sdk("show_infer_service", service_id=service_id).predict_url}


def answer(world: World, url: str) -> int:
    return httpx.post(url, json={}, headers=world.client.headers, trust_env=False).status_code


def test_an_approved_connection_leads_to_the_service(judged: tuple[World, Sdk]) -> None:
    """APPROVING, CONNECTING, CONNECTED: from then on the service has an INTERNAL address, and answers at it."""
    world, sdk = judged
    service_id = world.running()
    applied = apply_for(sdk, service_id)
    [reviewed] = sdk("list_infer_intranet_connection_reviews", status="APPROVING", service_name="digi").data
    before = addresses(sdk, service_id)
    decide(sdk, applied.id, "APPROVE")
    connecting = status(sdk, applied.id)
    world.advance()
    [known] = found(sdk, service_id=service_id)
    [internal] = addresses(sdk, service_id)["INTERNAL"]

    assert (applied.status, applied.service_name, reviewed.id, connecting) == (
        "APPROVING",
        "digits",
        applied.id,
        "CONNECTING",
    )
    assert (list(before), known.status, known.url_list) == (["PUBLIC"], "CONNECTED", [internal])
    assert answer(world, f"{internal}/v1/chat") == 200


@pytest.mark.parametrize("end", ["cancel", "delete"])
def test_a_connection_that_is_given_up_leads_nowhere(judged: tuple[World, Sdk], end: str) -> None:
    """A cancelled or deleted connection lets nothing through any more; the service goes on for everybody else."""
    world, sdk = judged
    service_id = world.running()
    connection_id = connected(world, sdk, service_id)
    [internal] = addresses(sdk, service_id)["INTERNAL"]
    if end == "cancel":
        decide(sdk, connection_id, "CANCEL")
    else:
        sdk("batch_delete_infer_intranet_connections", body={"intranet_connection_ids": [connection_id]})
    [after] = found(sdk, id=connection_id)
    world.advance()

    assert (after.status, after.url_list) == ("CANCELED" if end == "cancel" else "DELETING", [])
    assert answer(world, internal) == 404
    assert list(addresses(sdk, service_id)) == ["PUBLIC"]
    assert len(found(sdk, id=connection_id)) == (end == "cancel")


def test_a_rejection_has_a_reason(judged: tuple[World, Sdk]) -> None:
    """The applicant reads why, and may apply again."""
    world, sdk = judged
    service_id = world.create(group_configs=[])
    applied = apply_for(sdk, service_id)
    decide(sdk, applied.id, "REJECT", reason="not from there")
    [rejected] = found(sdk, status="REJECTED,CANCELED")

    assert (rejected.id, rejected.message) == (applied.id, "not from there")
    assert apply_for(sdk, service_id).status == "APPROVING"


def test_no_approval_is_needed_where_the_service_says_so(judged: tuple[World, Sdk]) -> None:
    """With intranet_approval_enable false a connection is laid at once."""
    world, sdk = judged
    service_id = world.create(group_configs=[], runtime_config=runtime(intranet_approval_enable=False))
    applied = apply_for(sdk, service_id, scene="POOL", pool_id=POOL)
    world.advance()

    assert (applied.status, status(sdk, applied.id)) == ("CONNECTING", "CONNECTED")


def test_a_global_connection_leads_to_every_service(judged: tuple[World, Sdk]) -> None:
    """It names no service, and each has an INTERNAL address by it; one without the internet has no other."""
    world, sdk = judged
    public = world.running()
    inner = world.running(name="inner", runtime_config=runtime(internet_access_enable=False))
    applied = apply_for(sdk, "", type="GLOBAL")
    decide(sdk, applied.id, "APPROVE")
    world.advance()
    [known] = found(sdk, id=applied.id)
    outside = f"{addresses(sdk, public)['PUBLIC'][0].removesuffix(public)}{inner}"

    assert (known.type, known.service_id, known.status) == ("GLOBAL", None, "CONNECTED")
    assert addresses(sdk, inner) == {"INTERNAL": [f"{known.url_list[0]}/{inner}"]}
    assert [answer(world, url) for url in (*addresses(sdk, inner)["INTERNAL"], outside)] == [200, 404]
    assert len(addresses(sdk, public)) == 2


def test_a_connection_fails_when_its_service_goes(judged: tuple[World, Sdk]) -> None:
    """FAILED, with a word; a retry finds no service either."""
    world, sdk = judged
    service_id = world.create(group_configs=[])
    connection_id = connected(world, sdk, service_id)
    sdk("batch_delete_infer_services", body={"service_ids": [service_id]})
    world.advance()
    [failed] = found(sdk, id=connection_id)
    decide(sdk, connection_id, "RETRY")
    retried = status(sdk, connection_id)
    world.advance()

    assert (failed.status, failed.message) == ("FAILED", "Connection failed; try again.")
    assert (retried, status(sdk, connection_id)) == ("CONNECTING", "FAILED")


@pytest.mark.parametrize(
    ("reached", "allowed"),
    [
        ("APPROVING", {"APPROVE", "REJECT"}),
        ("CONNECTING", set()),
        ("CONNECTED", {"CANCEL"}),
        ("REJECTED", set()),
        ("CANCELED", set()),
        ("FAILED", {"RETRY"}),
    ],
)
def test_an_action_is_for_one_status(judged: tuple[World, Sdk], reached: str, allowed: set[str]) -> None:
    """Every action in every status: what is not for it is refused, and changes nothing."""
    world, sdk = judged
    service_id = world.create(group_configs=[])
    connection_id = apply_for(sdk, service_id).id
    way = {
        "CONNECTING": ["APPROVE"],
        "CONNECTED": ["APPROVE", ""],
        "REJECTED": ["REJECT"],
        "CANCELED": ["APPROVE", "", "CANCEL"],
        "FAILED": ["APPROVE", "", "gone", ""],
    }
    for step in way.get(reached, []):
        if step == "gone":
            world.call("POST", "services/delete", {"service_ids": [service_id]})
        elif step:
            decide(sdk, connection_id, step)
        else:
            world.advance()
    refused = {
        action: sdk.refused("update_infer_intranet_connection", id=connection_id, body={"action": action})
        for action in {"APPROVE", "REJECT", "CANCEL", "RETRY"} - allowed
    }

    assert status(sdk, connection_id) == reached
    assert set(refused.values()) <= {(400, WRONG_STATE)}
    for action in allowed:
        decide(sdk, connection_id, action)
        assert status(sdk, connection_id) != reached
        break


def test_custom_urls_are_changed_as_long_as_they_lead_somewhere(judged: tuple[World, Sdk]) -> None:
    """They are shown; a rejected connection takes none."""
    world, sdk = judged
    service_id = world.create(group_configs=[])
    made = apply_for(sdk, service_id, custom_urls=["https://a.example.com/v1"])
    changed = sdk("modify_infer_intranet_connections", id=made.id, body={"custom_urls": ["ws://10.0.0.1:81/v-1_x"]})
    decide(sdk, made.id, "REJECT")
    refused = sdk.refused("modify_infer_intranet_connections", id=made.id, body={"custom_urls": []})

    assert (made.custom_url_list, changed.custom_url_list) == (["https://a.example.com/v1"], ["ws://10.0.0.1:81/v-1_x"])
    assert (changed.status, refused) == ("APPROVING", (400, WRONG_STATE))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"scene": "CLOUD"}, INVALID),
        ({"scene": ""}, MISSING),
        ({"vpc_id": ""}, MISSING),
        ({"subnet_id": ""}, MISSING),
        ({"scene": "POOL"}, MISSING),
        ({"scene": "POOL", "pool_id": "none"}, "ModelArts.3547"),
        ({"service_id": ""}, MISSING),
        ({"type": "ALL"}, INVALID),
        ({"custom_urls": ["ftp://a.example.com"]}, INVALID),
        ({"custom_urls": ["https://-a.example.com"]}, INVALID),
        ({"custom_urls": ["https://a.example.c0m"]}, INVALID),
        ({"custom_urls": ["https://10.0.0.1:65536/"]}, INVALID),
        ({"custom_urls": ["https://a.example.com/a b"]}, INVALID),
        ({"custom_urls": ["https://a.example.com"] * 11}, INVALID),
        ({"custom_urls": ["https://a.example.com/" + "a" * 1024]}, INVALID),
    ],
)
def test_an_application_has_rules(judged: tuple[World, Sdk], changes: dict[str, Any], code: str) -> None:
    """What breaks one is refused, and nothing is applied for."""
    world, sdk = judged
    body = {"service_id": world.create(group_configs=[]), **VPC, **changes}

    assert sdk.refused("create_infer_intranet_connection", body=body) == (400, code)
    assert found(sdk) == []


def test_one_application_is_enough(judged: tuple[World, Sdk]) -> None:
    """The same network to the same service once; deletions take all of the ids or none; unknown ids are 404."""
    world, sdk = judged
    service_id = world.create(group_configs=[])
    first = apply_for(sdk, service_id)
    body = {"service_id": service_id, **VPC}
    second = sdk.refused("create_infer_intranet_connection", body=body)
    other = apply_for(sdk, service_id, vpc_id="vpc-2")
    ids = {"intranet_connection_ids": [first.id, "none"]}

    assert second == (400, INVALID)
    assert sdk.refused("batch_delete_infer_intranet_connections", body=ids) == (404, "ModelArts.3502")
    assert sdk.refused("create_infer_intranet_connection", body={"service_id": "none", **VPC})[0] == 404
    assert sdk.refused("update_infer_intranet_connection", id="none", body={"action": "APPROVE"})[0] == 404
    assert [one.id for one in found(sdk, sort_key="create_at", sort_dir="ASC")] == [first.id, other.id]
    assert sdk("list_infer_intranet_connection_reviews", limit=1, offset=1).current == 1


def test_connections_survive_a_restart(judged: tuple[World, Sdk]) -> None:
    """What was on its way goes on."""
    world, sdk = judged
    made = apply_for(sdk, world.create(group_configs=[]))
    decide(sdk, made.id, "APPROVE")
    world.restart()
    world.advance()
    [known] = world.call("GET", "intranet-connection/requests")["data"]

    assert known["status"] == "CONNECTED"
