"""Lists of services, deployments, instances, pods, events, tags and flavors, as Huawei's own SDK asks for them."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from fmctl.sandbox import VirtualClock

from .sdk_world import POOL
from .services_v2_sdk import Sdk, judged_world
from .services_v2_world import World, group, unit

INVALID = (400, "ModelArts.3037")
DAY = 86400


@pytest.fixture
def judged(tmp_path: Path, clock: VirtualClock) -> Iterator[tuple[World, Sdk]]:
    with judged_world(tmp_path, clock) as made:
        yield made


def test_a_page_begins_at_a_multiple_of_its_size(judged: tuple[World, Sdk]) -> None:
    """The envelope counts from 0; the last page is short, one behind it empty; other offsets and sizes are refused."""
    world, sdk = judged
    for number in range(5):
        world.create(name=f"s{number}", group_configs=[])
        world.advance()
    order = {"sort_key": "create_at,update_at", "sort_dir": "ASC"}
    last = sdk("list_infer_services", limit=2, offset=4, **order)
    behind = sdk("list_infer_services", limit=2, offset=6)
    newest = sdk("list_infer_services", limit=1)

    assert ([one.name for one in last.data], last.current, last.size, last.pages, last.total) == (["s4"], 2, 2, 3, 5)
    assert (behind.data, behind.current, newest.data[0].name) == ([], 3, "s4")
    assert sdk("list_infer_services").size == 10
    for query in ({"limit": 2, "offset": 3}, {"limit": 0}, {"limit": 501}, {"sort_key": "name"}, {"sort_dir": "UP"}):
        assert sdk.refused("list_infer_services", **query) == INVALID


def test_what_changed_last_comes_first(judged: tuple[World, Sdk]) -> None:
    """update_at, descending, unless another order is asked for."""
    world, sdk = judged
    first = world.create(name="first", group_configs=[])
    world.advance()
    world.create(name="second", group_configs=[])
    world.advance()
    sdk("update_infer_service", service_id=first, body={"description": "changed"})

    def names(**query: Any) -> list[str]:
        return [one.name for one in sdk("list_infer_services", **query).data]

    assert (names(), names(sort_key="create_at")) == (["first", "second"], ["second", "first"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"status": ["INIT", "RUNNING"]}, {"one", "two"}),
        ({"status": "INIT,RUNNING"}, {"one", "two"}),
        ({"status": "RUNNING"}, {"two"}),
        ({"pool_id": POOL}, {"two"}),
        ({"pool_name": POOL}, {"two"}),
        ({"pool_id": "other"}, set()),
        ({"name": "on"}, {"one"}),
        ({"type": "ASYNC_REAL_TIME"}, {"one"}),
        ({"auth_type": "TOKEN"}, {"one", "two"}),
        ({"workspace_id": "0"}, {"one", "two"}),
        ({"workspace_id": "1"}, set()),
        ({"tags": "team|vision"}, {"one", "two"}),
        ({"tags": "team|vision,stage|test"}, {"one"}),
        ({"tags": "stage"}, {"one"}),
        ({"tags": "team|"}, set()),
        ({"node_ip": "10.0.0.1"}, set()),
        ({"asset_id": "a"}, set()),
    ],
)
def test_filters_narrow_the_list(judged: tuple[World, Sdk], query: dict[str, Any], expected: set[str]) -> None:
    """Lists of values are repeated or joined by commas; all filters and all tags must fit."""
    world, sdk = judged
    team, stage = {"key": "team", "value": "vision"}, {"key": "stage", "value": "test"}
    world.create(name="one", type="ASYNC_REAL_TIME", group_configs=[], tags=[team, stage])
    world.running(group(pool_id=POOL), name="two", tags=[team])

    assert {one.name for one in sdk("list_infer_services", **query).data} == expected


def test_deleted_deployments_are_listed_for_some_days(judged: tuple[World, Sdk]) -> None:
    """With status `all`, for seven days or as many as delete_after says; otherwise they are gone."""
    world, sdk = judged
    service_id = world.running()
    world.call("POST", f"services/{service_id}/deployments", group(name="extra"))
    world.settled(service_id)
    sdk("delete_infer_deployment", service_id=service_id, deployment_id=world.deployment(service_id, "extra")["id"])
    world.advance()

    def listed(**query: Any) -> dict[str, str]:
        found = sdk("list_infer_deployments", service_id=service_id, **query).data
        return {one.name: one.status for one in found}

    assert (listed(), listed(status="STOPPED")) == ({"main": "RUNNING"}, {})
    assert listed(status="all") == {"main": "RUNNING", "extra": "DELETED"}
    world.advance(8 * DAY)
    assert (set(listed(status="all")), set(listed(status="all", delete_after=9))) == ({"main"}, {"main", "extra"})


def test_traffic_is_shared_by_those_that_answer(judged: tuple[World, Sdk]) -> None:
    """A deployment that is stopped has a weight and no traffic."""
    world, sdk = judged
    service_id = world.running(group(weight=30))
    world.call("POST", f"services/{service_id}/deployments", group(name="extra", weight=10))
    deploying = {one.name: one.traffic_ratio for one in sdk("list_infer_deployments", service_id=service_id).data}
    world.settled(service_id)
    both = {one.name: one.traffic_ratio for one in sdk("list_infer_deployments", service_id=service_id).data}

    assert deploying == {"main": "100.00%", "extra": "0.00%"}
    assert both == {"main": "75.00%", "extra": "25.00%"}


def test_instances_and_pods_of_everything(judged: tuple[World, Sdk]) -> None:
    """`all` is every deployment, instance and pod; names and statuses narrow the list."""
    world, sdk = judged
    two = group(unit(), unit(name="helper"), count=2, deploy_type="MULTI")
    service_id = world.running(two, deploy_type="MULTI")
    world.call("POST", f"services/{service_id}/deployments", group(name="extra"))
    world.settled(service_id)
    instances = sdk("list_infer_deployment_instances", id=service_id, name="all").data
    main = sdk("list_infer_deployment_instances", id=service_id, name="main").data
    at = {"id": service_id, "deployment_name": "main"}
    pods = sdk("list_infer_deployment_pods", **at, name="all", limit=100).data
    inside = sdk("list_infer_deployment_pods", **at, name=main[0].instance_name, status=["RUNNING"]).data
    helpers = sdk("list_infer_deployment_pods", **at, name="all", pod_role_name="helper").total
    events = sdk("list_infer_deployment_pod_events", **at, instance_name="all", name="all").body

    assert (len(instances), len(main), len(pods), len(inside), helpers) == (3, 2, 4, 2, 2)
    assert {(one.status, one.pod_count, one.running_pod_count) for one in main} == {("RUNNING", 2, 2)}
    assert {type(event.first_timestamp) for event in events} == {datetime}
    assert sdk("list_infer_deployment_pods", **at, name="all", status=["PENDING", "FAILED"]).total == 0
    half = {"instance_name": "all", "name": "all", "start_time": "1"}
    assert sdk.refused("list_infer_deployment_pod_events", **at, **half) == INVALID
    assert sdk.refused("list_infer_deployment_pod_events", **at, **half, end_time="0") == INVALID
    assert sdk.refused("list_infer_deployment_pods", **at, name="none")[0] == 404


def healed(world: World, service_id: str) -> None:
    """Until what was ended is seen, and what comes in its place answers."""
    world.advance()
    for _ in range(30):
        world.advance()
    assert world.show(service_id)["status"] == "RUNNING"


def test_an_instance_is_replaced_or_goes(judged: tuple[World, Sdk]) -> None:
    """RECREATE, which is the default, has another process in its place; DELETE has one instance less."""
    world, sdk = judged
    service_id = world.running(group(count=2))
    at = {"id": service_id, "deployment_name": "main"}
    names = [one.instance_name for one in sdk("list_infer_deployment_instances", id=service_id, name="main").data]
    before = len(world.launcher.started)
    recreated = sdk("delete_infer_deployment_instance", **at, name=names[0], force=True)
    healed(world, service_id)
    started = len(world.launcher.started)
    sdk("delete_infer_deployment_instance", **at, name=names[0], operation="DELETE")
    world.settled(service_id)
    left = sdk("list_infer_deployment_instances", id=service_id, name="main").data
    [pod] = sdk("list_infer_deployment_pods", **at, name=names[1]).data
    deleted = sdk("delete_infer_deployment_pod", **at, instance_name=names[1], name=pod.pod_name, force=True)
    healed(world, service_id)

    assert (recreated.instance_name, started) == (names[0], before + 1)
    assert ([one.instance_name for one in left], world.deployment(service_id)["count"]) == (names[1:], 1)
    told = sdk("list_infer_service_events", service_id=service_id, event_info_key=pod.pod_name).total

    assert told == 1
    assert (deleted.pod_name, len(world.launcher.started)) == (pod.pod_name, started + 1)
    other = {"name": names[1], "operation": "STOP"}
    assert sdk.refused("delete_infer_deployment_instance", **at, **other) == INVALID
    assert sdk.refused("delete_infer_deployment_instance", **at, name=names[1], operation="DELETE") == INVALID


def test_events_tell_what_happened(judged: tuple[World, Sdk]) -> None:
    """By type, time and words; the newest first."""
    world, sdk = judged
    service_id = world.running()
    world.launcher.alive()[0].ended = True
    world.advance()
    every = sdk("list_infer_service_events", service_id=service_id).data
    abnormal = sdk("list_infer_service_events", service_id=service_id, event_type="ABNORMAL").data
    later = sdk("list_infer_service_events", service_id=service_id, start_time=abnormal[0].create_at)
    named = sdk("list_infer_service_events", service_id=service_id, event_info_key="is running")
    before = sdk("list_infer_service_events", service_id=service_id, end_time=every[-1].create_at - 1)

    assert [one.event_type for one in every] == ["ABNORMAL", "NORMAL", "NORMAL"]
    assert ([one.id for one in abnormal], later.total, named.total, before.total) == ([every[0].id], 1, 1, 0)
    assert {(one.service_id, one.event_count, type(one.create_at)) for one in every} == {(service_id, 1, int)}


def test_services_are_found_by_their_tags(judged: tuple[World, Sdk]) -> None:
    """All tags must fit, values are alternatives, names are parts in any case; pages are as those of other lists."""
    world, sdk = judged
    for name, value in (("Alpha", "1"), ("beta", "2"), ("gamma", "")):
        world.create(name=name, group_configs=[], tags=[{"key": "k", "value": value}] if value else [])

    def found(**search: Any) -> set[str]:
        counted = sdk("count_infer_services_by_tags", body=search).total_count
        names = {one.resource_name for one in sdk("list_infer_services_by_tags", body=search).resources}
        assert counted == len(names)
        return names

    assert found() == {"Alpha", "beta", "gamma"}
    assert found(tags=[{"key": "k", "values": ["1", "2"]}]) == {"Alpha", "beta"}
    assert found(tags=[{"key": "k", "values": ["1"]}]) == {"Alpha"}
    assert found(without_any_tag=True) == {"gamma"}
    assert found(matches=[{"key": "resource_name", "value": "ALP"}]) == {"Alpha"}
    paged = sdk("list_infer_services_by_tags", limit=2, offset=2, body={})
    assert (len(paged.resources), paged.total_count) == (1, 3)
    assert sdk.refused("list_infer_services_by_tags", limit=2, offset=1, body={}) == INVALID
    assert sdk.refused("count_infer_services_by_tags", body={"matches": [{"key": "id", "value": "x"}]}) == INVALID


@pytest.mark.parametrize(
    "tag",
    [
        {"key": "_sys_a", "value": ""},
        {"key": " a", "value": ""},
        {"key": "a ", "value": ""},
        {"key": "a" * 129, "value": ""},
        {"key": "a*", "value": ""},
        {"key": "a", "value": "b" * 256},
        {"key": "a", "value": "b*"},
    ],
)
def test_a_tag_has_rules(judged: tuple[World, Sdk], tag: dict[str, str]) -> None:
    """For a new service and for one that is there; twenty is the most, and a body is needed: the SDK sends none."""
    world, sdk = judged
    service_id = world.create(group_configs=[], tags=[{"key": f"k{n}", "value": ""} for n in range(19)])
    path = f"/v2/{{project_id}}/modelarts-service-v2/{service_id}/tags/create"
    two = {"tags": [{"key": "one", "value": "1"}, {"key": "two", "value": "2"}]}

    assert sdk.refusal(lambda: sdk.raw("POST", path, {"tags": [tag]})) == INVALID
    assert sdk.refusal(lambda: sdk.raw("POST", path, two)) == INVALID
    assert sdk.refused("create_infer_service_tag", resource_id=service_id) == (400, "ModelArts.3036")
    assert len(sdk("show_infer_service_tags", resource_id=service_id).tags) == 19
    sdk.raw("POST", path, {"tags": [{"key": "k1", "value": "new"}]})
    assert {one.key: one.value for one in sdk("show_infer_service_tags", resource_id=service_id).tags}["k1"] == "new"


def test_the_pool_is_shown(judged: tuple[World, Sdk]) -> None:
    """With its kinds of nodes; an unknown one is 404, an unknown kind refused."""
    _, sdk = judged
    cluster = sdk("show_infer_service_cluster", id=POOL)
    every = sdk("list_infer_cluster_flavors", limit=100).data
    by_kind = {kind: sdk("list_infer_cluster_flavors", flavor_type=kind).total for kind in ("CPU", "GPU", "ASCEND")}

    assert (cluster.pool_id, cluster.status, cluster.type, cluster.pool_type) == (
        POOL,
        "ACTIVE",
        "DEDICATED",
        "PHYSICAL",
    )
    assert (len(cluster.flavors), sum(by_kind.values()), type(cluster.create_at)) == (len(every), len(every), int)
    assert {one.arch for one in every} == {"X86_64", "arm64"}
    assert sdk.refused("show_infer_service_cluster", id="none") == (404, "ModelArts.3502")
    assert sdk.refused("list_infer_cluster_flavors", flavor_type="TPU") == INVALID
