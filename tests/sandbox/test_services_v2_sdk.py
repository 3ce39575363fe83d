"""Services of the second generation as Huawei's own SDK sees them, with real processes, over a socket."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from fmctl.sandbox.server import Server

from .sdk_world import POOL, sdk_client
from .services_v2_sdk import Sdk
from .services_v2_world import group, runtime, service, unit, upload_program


@pytest.fixture
def sdk(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sdk:
    monkeypatch.setenv("HOME", str(tmp_path))  # the SDK keeps an id of its installation there
    from huaweicloudsdkmodelarts.v1 import model

    upload_program(server.sandbox)
    return Sdk(sdk_client(server.info), model)


def address(service: Any) -> str:
    return str(service.predict_url[0].urls[0])


def predict(url: str, path: str = "", **headers: str) -> httpx.Response:
    return httpx.post(f"{url}{path}", content="7", headers=headers, trust_env=False)


def test_a_service_lives_through_the_sdk(sdk: Sdk) -> None:
    """The SDK creates, finds, updates, stops, starts and deletes a service that answers at its address."""
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

    made = sdk("create_infer_service", body=service(runtime_config=runtime(auth_type="NONE")))
    assert (made.status, made.version.instance_groups[0].status) == ("DEPLOYING", "DEPLOYING")
    running = sdk.settled(made.id)
    url = address(running)
    listed = sdk("list_infer_services", status=["RUNNING", "FAILED"], name="digi")
    first = predict(url, "/v1/predict?x=1").json()
    newer = group(unit(envs={"VERSION": "two"}))
    updated = sdk("update_infer_service", service_id=made.id, body={"version": "1.0.1", "group_configs": [newer]})
    after = sdk.settled(made.id)
    second = predict(url).json()
    stopping = sdk("stop_infer_service", service_id=made.id)
    stopped = sdk.settled(made.id)
    started = sdk("start_infer_service", service_id=made.id)
    again = sdk.settled(made.id)
    third = predict(url).json()
    deleted = sdk("batch_delete_infer_services", body={"service_ids": [made.id]})
    with pytest.raises(ClientRequestException) as gone:
        sdk.until(made.id, lambda _: False)

    assert (running.status, running.failure_reason) == ("RUNNING", None)
    assert [(item.id, item.version, item.version_count) for item in listed.data] == [(made.id, "1.0.0", 1)]
    assert (first["got"], first["path"], first["version"]) == ("7", "/v1/predict?x=1", "one")
    assert (updated.status, after.version.version, second["version"]) == ("UPGRADING", "1.0.1", "two")
    assert after.version.instance_groups[0].id == running.version.instance_groups[0].id
    assert (stopping.status, stopped.status, started.status) == ("STOPPING", "STOPPED", "DEPLOYING")
    assert (again.status, third["version"]) == ("RUNNING", "two")
    assert third["pid"] != second["pid"]
    assert deleted.service_responses[0].status == "DELETING"
    assert (gone.value.status_code, gone.value.error_code) == (404, "ModelArts.3502")


def test_deployments_live_through_the_sdk(sdk: Sdk) -> None:
    """A deployment of its own is added, scaled, updated, stopped, started and deleted by the SDK's methods."""
    made = sdk.running()
    where = {"service_id": made.id}
    added = sdk("create_infer_deployment", **where, body=group(name="extra", weight=0))
    here = where | {"deployment_id": added.id}
    sdk.settled(made.id)
    listed = sdk("list_infer_deployments", **where, status="RUNNING", sort_key="create_at", sort_dir="ASC")
    scaled = sdk("update_infer_deployment_scale", **where, deployment_name="extra", body={"count": 2})
    sdk.settled(made.id)
    instances = sdk("list_infer_deployment_instances", id=made.id, name="extra")
    sdk("update_infer_deployment", **here, body={"unit_configs": [unit(envs={"VERSION": "two"})]})
    sdk.settled(made.id)
    shown = sdk("show_infer_deployment", **here)
    stopping = sdk("stop_infer_deployment", **here)
    sdk.until(made.id, lambda found: "STOPPED" in [one.status for one in found.version.instance_groups])
    started = sdk("start_infer_deployment", **here)
    cancelled = sdk("cancel_infer_deployment", **here)
    sdk.until(made.id, lambda found: "STOPPED" in [one.status for one in found.version.instance_groups])
    deleted = sdk("delete_infer_deployment", **here)
    left = sdk.until(made.id, lambda found: len(found.version.instance_groups) == 1)

    assert [one.name for one in listed.data] == ["main", "extra"]
    assert (scaled.count, scaled.status, [one.status for one in instances.data]) == (2, "UPGRADING", ["RUNNING"] * 2)
    assert (shown.version, shown.version_count, shown.count) == ("1.0.1", 2, 2)
    assert shown.create_at <= shown.update_at
    assert (stopping.status, started.status, cancelled.status) == ("STOPPING", "DEPLOYING", "INTERRUPTING")
    assert (deleted.status, left.version.instance_groups[0].name) == ("DELETING", "main")


def test_versions_are_switched_through_the_sdk(sdk: Sdk) -> None:
    """A version that is switched back to answers again; then the other one can be deleted."""
    made = sdk.running(runtime_config=runtime(auth_type="NONE"))
    here = {"service_id": made.id, "deployment_id": made.version.instance_groups[0].id}
    sdk("update_infer_deployment", **here, body={"unit_configs": [unit(envs={"VERSION": "two"})]})
    sdk.settled(made.id)
    newer = predict(address(made)).json()["version"]
    body = {"infer_name": here["deployment_id"], "target_deployment_version": "1.0.0"}
    switched = sdk("switch_infer_deployment_version", **here, version="1.0.0", body=body)
    sdk.settled(made.id)
    older = predict(address(made)).json()["version"]
    listed = sdk("list_infer_deployment_versions", **here, sort_key="create_at")
    shown = sdk("show_infer_deployment_version", **here, version="1.0.1")
    deleted = sdk("delete_infer_deployment_version", **here, version="1.0.1")

    assert (newer, older, switched.id) == ("two", "one", here["deployment_id"])
    assert {one.version: one.version_status for one in listed.data} == {"1.0.0": "RUNNING", "1.0.1": "STOPPED"}
    assert (shown.unit_configs[0].envs, deleted.id) == ({"VERSION": "two"}, here["deployment_id"])


def test_an_image_is_stood_in_for(sdk: Sdk) -> None:
    """A service of any image is RUNNING; what answers says what it is not, and repeats what it was asked."""
    image = {"source": "SWR", "swr_path": "swr.r.example.com/org/img:1"}
    files = [{"source": "OBS", "address": "obs://none/m/", "mount_path": "/home/m/"}]
    body = group(unit(image=image, cmd="sh run.sh", files=files))
    made = sdk("create_infer_service", body=service(body, runtime_config=runtime(auth_type="NONE")))
    found = sdk.settled(made.id)
    answer = predict(address(found), "/v1/chat?x=1").json()

    assert found.status == "RUNNING"
    assert "stands in" in answer["sandbox"]
    assert (answer["image"], answer["path"], answer["body"]) == (image["swr_path"], "/v1/chat?x=1", "7")


def test_a_command_may_name_the_port_of_its_unit(sdk: Sdk) -> None:
    """It gets the one that it has here: units of one number do not meet."""
    command = "exec python -m http.server --bind 127.0.0.1 8080"
    made = sdk.running(
        **service(group(unit(cmd=command, readiness_health=None), count=2), runtime_config=runtime(auth_type="NONE"))
    )

    assert httpx.get(address(made) + "/home/unit/", trust_env=False).text.count("serve.py</a>") == 1


def test_services_are_on_their_pool(sdk: Sdk) -> None:
    """Listed among its workloads once, for as long as a deployment of it is there and not at rest."""
    made = sdk.running(group_configs=[group(pool_id=POOL)])
    sdk("create_infer_deployment", service_id=made.id, body=group(name="extra", weight=0, pool_id=POOL))
    sdk.running(name="elsewhere")
    sdk.until(made.id, lambda found: found.status == "RUNNING")
    busy = sdk("list_workloads", pool_name=POOL).items
    sdk("stop_infer_service", service_id=made.id)
    sdk.until(made.id, lambda found: found.status == "STOPPED")

    assert [(one.type, one.name, one.uid, one.status) for one in busy] == [("infer", "digits", made.id, "Running")]
    assert sdk("list_workloads", pool_name=POOL).items == []


def test_what_crashes_is_started_again(sdk: Sdk) -> None:
    """A process that exits makes the service CONCERNING, until another one answers in its place."""
    made = sdk.running(runtime_config=runtime(auth_type="NONE"))
    first = predict(address(made)).json()["pid"]
    crashed = predict(address(made), "/exit")
    sdk.until(made.id, lambda found: found.status == "CONCERNING")
    sdk.until(made.id, lambda found: found.status == "RUNNING")
    events = sdk("list_infer_service_events", service_id=made.id, event_type="ABNORMAL", limit=5)

    assert crashed.status_code == 502
    assert predict(address(made)).json()["pid"] != first
    assert [event.event_info for event in events.data] == ["Some instances are not healthy: main."]


def test_a_unit_that_cannot_start_says_why(sdk: Sdk) -> None:
    """FAILED, with what its process said last; an update that cannot start leaves the old version in service."""
    broken = group(unit(envs={"VERSION": "broken"}))
    failed = sdk.settled(sdk("create_infer_service", body=service(broken, name="broken")).id)
    made = sdk.running(runtime_config=runtime(auth_type="NONE"))
    sdk("update_infer_service", service_id=made.id, body={"version": "2.0.0", "group_configs": [broken]})
    kept = sdk.settled(made.id)

    assert failed.status == "FAILED"
    assert "cannot load the weights" in failed.failure_reason
    assert (kept.status, kept.version.version, kept.version.instance_groups[0].version) == ("RUNNING", "1.0.0", "1.0.0")
    assert "cannot load the weights" in kept.failure_reason
    assert predict(address(kept)).json()["version"] == "one"


def test_instances_and_pods_are_replaced_through_the_sdk(sdk: Sdk) -> None:
    """A pod or an instance that is deleted comes back as another process under the same name."""
    made = sdk.running(runtime_config=runtime(auth_type="NONE"))
    where = {"id": made.id, "deployment_name": "main"}
    [instance] = sdk("list_infer_deployment_instances", id=made.id, name="main").data
    inside = {"id": made.id, "deployment_name": "main", "name": instance.instance_name}
    [pod] = sdk("list_infer_deployment_pods", **inside).data
    pids = [predict(address(made)).json()["pid"]]
    there = where | {"instance_name": instance.instance_name, "name": pod.pod_name}
    deletions = [
        lambda: sdk("delete_infer_deployment_pod", **there).pod_name,
        lambda: sdk("delete_infer_deployment_instance", **where, name=instance.instance_name).instance_name,
    ]
    names = []
    for delete in deletions:
        names.append(delete())
        sdk.until(made.id, lambda found: found.status == "CONCERNING")
        sdk.until(made.id, lambda found: found.status == "RUNNING")
        pids.append(predict(address(made)).json()["pid"])
    events = sdk("list_infer_deployment_pod_events", **there)
    [again] = sdk("list_infer_deployment_pods", **inside).data

    assert (instance.pod_count, instance.running_pod_count, pod.status) == (1, 1, "RUNNING")
    assert (names, len(set(pids))) == ([pod.pod_name, instance.instance_name], 3)
    assert again.pod_id == pod.pod_id
    assert events.body[0].first_timestamp


def test_scaling_policies_are_understood(sdk: Sdk) -> None:
    """Rules are added, changed and deleted one by one; disable is a string in answers."""
    made = sdk("create_infer_service", body=service())
    here = {"service_id": made.id, "deployment_id": made.version.instance_groups[0].id}
    rule = {"name": "night", "type": "CRON_HPA", "schedule": "0 22 * * *", "target_replicas": 1}
    body = {"type": "CRON_HPA", "target_resource_id": here["deployment_id"], "target_resource_type": "GROUP"}
    created = sdk("create_infer_deployment_hpa", **here, body=body | {"hpa_rules": [rule]})
    day = {"name": "daily", "type": "CRON_HPA", "schedule": "0 7 * * 1-5", "target_replicas": 4, "operate": "ADD"}
    off = {"id": created.hpa_rules[0].id, "disable": True, "operate": "UPDATE"}
    updated = sdk("update_infer_deployment_hpa", **here, body={"id": created.id, "hpa_rules": [day, off]})
    shown = sdk("show_infer_deployment_hpa", **here)
    events = sdk("list_infer_deployment_hpa_events", **here)
    deleted = sdk("delete_infer_deployment_hpa", **here)

    assert (created.status, created.hpa_rules[0].disable) == ("ACTIVE", "false")
    assert {one.name: one.disable for one in updated.hpa_rules} == {"daily": "false", "night": "true"}
    assert (shown.max_replicas, events.total, deleted.status) == (4, 0, "DELETED")


def test_tags_are_understood(sdk: Sdk) -> None:
    """Tags come with the service, are added and removed on their own, and find it again."""
    made = sdk("create_infer_service", body=service(tags=[{"key": "team", "value": "vision"}]))
    base = f"/v2/{{project_id}}/modelarts-service-v2/{made.id}"
    sdk.raw("POST", f"{base}/tags/create", {"tags": [{"key": "stage", "value": "test"}]})
    shown = sdk("show_infer_service_tags", resource_id=made.id)
    everything = sdk("list_infer_service_tags")
    wanted = {"tags": [{"key": "stage", "values": ["test"]}]}
    found = sdk("list_infer_services_by_tags", limit=10, offset=0, body=wanted)
    counted = sdk("count_infer_services_by_tags", body=wanted)
    filtered = sdk("list_infer_services", tags="team|vision,stage|test")
    sdk("delete_infer_service_tag", resource_id=made.id, body={"tags": [{"key": "stage"}]})
    left = sdk("show_infer_service_tags", resource_id=made.id)

    assert {tag.key: tag.value for tag in shown.tags} == {"team": "vision", "stage": "test"}
    assert {tag.key: tag.values for tag in everything.tags} == {"team": ["vision"], "stage": ["test"]}
    assert ([one.resource_id for one in found.resources], counted.total_count, filtered.total) == ([made.id], 1, 1)
    assert [tag.key for tag in left.tags] == ["team"]


def test_api_keys_open_services(sdk: Sdk) -> None:
    """A key of scope SERVICE opens what it is bound to, a temporary one everything for a while; others nothing."""
    made = sdk.running(runtime_config=runtime(auth_type="API_KEY"))
    created = sdk.create_key("app", "SERVICE")
    secret, key_id = created["api_key"], created["key_id"]
    url, where = address(made), {"service_id": made.id, "key_id": key_id}
    statuses = [predict(url).status_code, predict(url, Authorization=secret).status_code]
    bound = sdk("bind_infer_api_key", **where)
    statuses.append(predict(url, Authorization=secret).status_code)
    listed = sdk("list_infer_api_keys", service_id=made.id)
    sdk("unbind_infer_api_key", **where)
    statuses.append(predict(url, Authorization=secret).status_code)
    body = {"key_ids": [{"key_id": key_id}, {"key_id": "none"}]}
    batch = sdk("batch_bind_infer_api_keys", service_id=made.id, body=body)
    unbatch = sdk("batch_unbind_infer_api_keys", service_id=made.id, body=body)
    temporary = sdk("create_infer_temp_api_key", body={"expire_time": 1})
    short = {"Authorization": temporary.api_key, "X-Api-Key-Type": "temp"}
    statuses.append(predict(url, **short).status_code)
    deleted = sdk("delete_infer_api_key", key_id=key_id)

    assert statuses == [401, 401, 200, 401, 200]
    assert ([one.name for one in bound.services], [one.key_id for one in listed.data]) == (["digits"], [key_id])
    assert (batch.success_count, batch.failure_items[0].key_id, unbatch.failure_count) == (1, "none", 1)
    assert (temporary.expire_time - temporary.create_time, deleted.key_id) == (3_600_000, key_id)


def test_the_catalogue_is_understood(sdk: Sdk) -> None:
    """Flavors by kind, and the dedicated pool."""
    flavors = sdk("list_infer_cluster_flavors", flavor_type="ASCEND", limit=500)
    cluster = sdk("show_infer_service_cluster", id=POOL)

    assert {flavor.category for flavor in flavors.data} == {"ASCEND"}
    assert (cluster.pool_id, cluster.flavors[0].memory) == (POOL, 8192)
