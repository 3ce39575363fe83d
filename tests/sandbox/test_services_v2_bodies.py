"""What requests about services of the second generation may hold, and the shape of the answers."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fmctl.sandbox import VirtualClock

from .sdk_world import POOL
from .services_v2_world import World, group, runtime, scripted_world, service, unit

MISSING, INVALID = "ModelArts.3036", "ModelArts.3037"
LIMIT = runtime()["service_limit"]
STDOUT, FILE = {"type": "STDOUT", "status": "ON"}, {"type": "FILE", "status": "ON"}
CHECK = {"check_method": "HTTP", "url": "/health"}
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> Iterator[World]:
    with scripted_world(tmp_path, clock) as made:
        yield made


def refusal(world: World, body: Any, path: str = "services", method: str = "POST") -> tuple[str, str]:
    answer = world.ask(method, path, body)
    assert answer.status_code == 400, answer.text
    return answer.json()["error_code"], answer.json()["error_msg"]


def with_unit(**changes: Any) -> dict[str, Any]:
    return service(group(unit(**changes)))


def limited(**changes: Any) -> dict[str, Any]:
    return service(runtime_config=runtime() | {"service_limit": LIMIT | changes})


def logged(*logs: dict[str, Any]) -> dict[str, Any]:
    return service(log_configs=list(logs))


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (service(name=None), MISSING, "name"),
        (service(name="a b"), INVALID, "name"),
        (service(name="x" * 65), INVALID, "name"),
        (service(version="0.0.1"), INVALID, "version"),
        (service(version="1.0.100"), INVALID, "version"),
        (service(description="<b>"), INVALID, "description"),
        (service(description="x" * 513), INVALID, "description"),
        (service(type=None), MISSING, "type"),
        (service(type="BATCH"), INVALID, "type"),
        (service(type="ASYNC_REAL_TIME", runtime_config=runtime(protocol="WS")), INVALID, "protocol"),
        (service(deploy_type="DIST"), INVALID, "deploy_type"),
        (service(runtime_config=None), MISSING, "runtime_config"),
        (service(runtime_config=runtime(port=0)), INVALID, "runtime_config.service_invoke.port"),
        (service(runtime_config=runtime(port="")), MISSING, "runtime_config.service_invoke.port"),
        (service(runtime_config=runtime(auth_type="BASIC")), INVALID, "runtime_config.service_invoke.auth_type"),
        (service(runtime_config=runtime(protocol="WS")), INVALID, "runtime_config.service_limit.rate_limit"),
        (limited(rate_limit=None), MISSING, "runtime_config.service_limit.rate_limit"),
        (limited(request_size_limit=51), INVALID, "runtime_config.service_limit.request_size_limit"),
        (limited(request_timeout=0), INVALID, "runtime_config.service_limit.request_timeout"),
        (service(group(), group(name="two")), INVALID, "group_configs"),
        (service(group(weight=None)), MISSING, "group_configs[0].weight"),
        (service(group(weight=101)), INVALID, "group_configs[0].weight"),
        (service(group(weight="100")), INVALID, "group_configs[0].weight"),
        (service(group(count=0)), INVALID, "group_configs[0].count"),
        (service(group(count=True)), INVALID, "group_configs[0].count"),
        (service(group(priority=4)), INVALID, "group_configs[0].priority"),
        (service(group(pool_id="elsewhere")), "ModelArts.3547", "elsewhere"),
        (service(group(unit_configs=[])), MISSING, "group_configs[0].unit_configs"),
        (service(group(unit(), unit())), INVALID, "unit_configs"),
        (with_unit(image=None), MISSING, "group_configs[0].unit_configs[0].image"),
        (with_unit(image={"source": "SWR"}), MISSING, "group_configs[0].unit_configs[0].image.swr_path"),
        (with_unit(flavor="modelarts.vm.cpu.2u"), INVALID, "group_configs[0].unit_configs[0]"),
        (with_unit(custom_spec=None), INVALID, "group_configs[0].unit_configs[0]"),
        (with_unit(envs={"1A": "x"}), INVALID, "group_configs[0].unit_configs[0].envs.1A"),
        (with_unit(envs={"A": 1}), INVALID, "group_configs[0].unit_configs[0].envs"),
        (with_unit(files=[{"source": "OBS", "mount_path": "m"}]), INVALID, "files[0].mount_path"),
        (with_unit(readiness_health={"check_method": "HTTP"}), MISSING, "readiness_health.url"),
        (with_unit(readiness_health={"check_method": "EXEC"}), MISSING, "readiness_health.cmd"),
        (with_unit(readiness_health={}), MISSING, "readiness_health.url"),
        (service(upgrade_config={"rolling_update": {"max_surge": "0%"}}), INVALID, "max_surge"),
        (service(deploy_timeout_minutes=301), INVALID, "deploy_timeout_minutes"),
        (service(tags=[{"key": str(n), "value": ""} for n in range(21)]), INVALID, "tags"),
        (service(schedule=[{"type": "stop", "time_unit": "HOURS", "duration": 1}]), INVALID, "schedule[0].type"),
        (service(schedule=[{"type": "STOP", "time_unit": "DAYS", "duration": 8}]), INVALID, "schedule[0].duration"),
        (service(log_configs=[{"type": "STDOUT"}]), MISSING, "log_configs[0].status"),
        (logged(STDOUT, STDOUT), INVALID, "log_configs"),
        (logged(STDOUT | {"type": "TRACE"}), INVALID, "log_configs[0].type"),
        (logged(FILE | {"files": [{"log_path": "/l"}]}), MISSING, "file_pattern"),
        (logged(FILE | {"files": [{"log_path": "l", "file_pattern": "*"}]}), INVALID, "log_path"),
        (logged(FILE | {"files": [{"log_path": "/*/l", "file_pattern": "*"}]}), INVALID, "log_path"),
        (logged(FILE | {"files": [{"log_path": "/a/*/*/*/*", "file_pattern": "*"}]}), INVALID, "log_path"),
        (logged(FILE | {"files": [{"log_path": "/l", "file_pattern": "a.tar"}]}), INVALID, "file_pattern"),
        (logged(FILE | {"files": [{"log_path": "/l", "file_pattern": "a"}] * 11}), INVALID, "files"),
        (service(group_configs=None), MISSING, "group_configs"),
        (service(workspace_id="nowhere"), "ModelArts.0102", "nowhere"),
        (service(task_type="CHAT"), INVALID, "task_type"),
        (service(custom_metrics_path="http,8080"), INVALID, "custom_metrics_path"),
        (service(custom_metrics_path="http,70000,metrics"), INVALID, "custom_metrics_path"),
        (service(custom_metrics_path="http,8080,/metrics"), INVALID, "custom_metrics_path"),
        (service(lts_strategy="NONE"), INVALID, "lts_strategy"),
        (service(upgrade_config={"type": "RECREATE"}), INVALID, "upgrade_config.type"),
        (service(upgrade_config={"rolling_update": {"max_unavailable": "101%"}}), INVALID, "max_unavailable"),
        (service(runtime_config=runtime(strategy="RANDOM")), INVALID, "strategy"),
        (service(runtime_config=runtime(request_retry_cnt_max=11)), INVALID, "request_retry_cnt_max"),
        (service(runtime_config=runtime(request_retry_interval_ms=0)), INVALID, "request_retry_interval_ms"),
        (service(runtime_config=runtime(fuse_configs={"error_rate_threshold": 0})), INVALID, "error_rate_threshold"),
        (service(runtime_config=runtime(fuse_configs={"error_rate_threshold": 1.5})), INVALID, "error_rate_threshold"),
        (service(runtime_config=runtime(elb_connection={"m_tls": True})), MISSING, "elb_connection.elb_id"),
        (service(runtime_config=runtime() | {"server_task_limit": {"max_task": 10_001}}), INVALID, "max_task"),
        (service(runtime_config=runtime() | {"service_secret": {"group_id": 999}}), INVALID, "group_id"),
        (service(runtime_config=runtime() | {"service_secret": {"secret_volumes": [{}]}}), MISSING, "mount_path"),
        (limited(ip_black_list=["10.0.0.0/33"]), INVALID, "runtime_config.service_limit.ip_black_list[0]"),
        (limited(rate_limit={"num": 10_001, "unit": "SECONDS"}), INVALID, "rate_limit.num"),
        (limited(rate_limit={"num": 1, "unit": "HOURS"}), INVALID, "rate_limit.unit"),
        (service(tags=[{"key": "_sys_x", "value": ""}]), INVALID, "tags[0].key"),
        (service(schedule=[{"type": "STOP", "time_unit": "HOURS", "duration": 1}] * 2), INVALID, "schedule"),
        (service(schedule=[{"type": "STOP", "time_unit": "MINUTES", "duration": 0}]), INVALID, "schedule[0].duration"),
        (service(group(secret_type="dew")), MISSING, "secret_name"),
        (service(group(schedule_strategy="FAST")), INVALID, "schedule_strategy"),
        (service(group(framework="TGI")), INVALID, "framework"),
        (service(group(deployment_task_limit={"max_concurrent_task": 101})), INVALID, "max_concurrent_task"),
        (service(group(model={"source": "OBS"})), MISSING, "model.mount_path"),
        (service(group(advanced_config={"protocol": "UDP"})), INVALID, "advanced_config.protocol"),
        (with_unit(security_config={"user_id": 60_001}), INVALID, "security_config.user_id"),
        (with_unit(group_policy={"schedule_scope": "RACK"}), INVALID, "group_policy.schedule_scope"),
        (with_unit(affinity={"affinity_type": "AFFINITY"}), MISSING, "affinity.required"),
        (with_unit(envs={"A": "<b>"}), INVALID, "envs.A"),
        (with_unit(name="Main"), INVALID, "unit_configs[0].name"),
        (with_unit(recovery="INSTANCE"), INVALID, "recovery"),
        (with_unit(group_count=101), INVALID, "group_count"),
        (with_unit(port=65_536), INVALID, "unit_configs[0].port"),
        (with_unit(dumps=[{"source": "OBS", "mount_path": "/d"}] * 21), INVALID, "dumps"),
        (with_unit(dumps=[{"source": "EFS", "mount_path": "/d"}]), INVALID, "dumps[0].source"),
        (with_unit(files=[{"source": "NFS", "mount_path": "/m"}]), INVALID, "files[0].source"),
        (with_unit(files=[{"source": "OBS", "mount_path": "/" + "m" * 255}]), INVALID, "files[0].mount_path"),
        (with_unit(files=[{"source": "OBS", "mount_path": "/m", "os_warm_up": True}]), MISSING, "source_name"),
        (with_unit(custom_spec={"cpu": 0.001, "memory": 1}), INVALID, "custom_spec.cpu"),
        (with_unit(custom_spec={"cpu": 1, "memory": 1.5}), INVALID, "custom_spec.memory"),
        (with_unit(custom_spec={"cpu": 1, "memory": 1, "arch": "x86_64"}), INVALID, "custom_spec.arch"),
        (with_unit(image={"source": "OBS", "swr_path": "x"}), INVALID, "image.source"),
        (with_unit(startup_health=CHECK | {"initial_delay_seconds": 0}), INVALID, "initial_delay_seconds"),
        (with_unit(liveness_health=CHECK | {"failure_threshold": 0}), INVALID, "failure_threshold"),
        (with_unit(liveness_health=CHECK | {"url": "health"}), INVALID, "liveness_health.url"),
        (with_unit(liveness_health={"check_method": "EXEC", "cmd": "a | b"}), INVALID, "liveness_health.cmd"),
        (with_unit(liveness_health={"check_method": "TCP"}), INVALID, "liveness_health.check_method"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_its_name(world: World, body: Any, code: str, field: str) -> None:
    """The answer names the parameter, and nothing is created."""
    found, message = refusal(world, body)

    assert code == found
    assert field in message
    assert world.call("GET", "services")["total"] == 0


def test_what_is_left_out_gets_the_defaults_of_the_platform(world: World) -> None:
    """Checks are by HTTP every 10 seconds, sources in any case, fractions of two digits; 0 minutes are no limit."""
    mount = {"source": "obs", "address": "obs://fmctl-demo/unit/", "mount_path": "/home/unit"}
    spec = {"cpu": 1.005, "memory": 1, "gpu": 0.126}
    body = service(
        group(unit(readiness_health={"url": "/h"}, files=[mount], custom_spec=spec)), deploy_timeout_minutes=0
    )
    service_id = world.call("POST", "services", {**body, "version": None, "workspace_id": None})["id"]
    shown = world.settled(service_id)
    [made] = shown["version"]["instance_groups"][0]["unit_configs"]

    assert made["readiness_health"] == CHECK | {"url": "/h", "protocol": "HTTP", "failure_threshold": 3} | {
        "initial_delay_seconds": 30,
        "timeout_seconds": 30,
        "period_seconds": 10,
    }
    assert (made["files"][0]["source"], made["custom_spec"]["gpu"], made["count"]) == ("OBS", 0.13, 1)
    assert (shown["status"], shown["workspace_id"], shown["version"]["version"]) == ("RUNNING", "0", "1.0.0")


@pytest.mark.parametrize("body", [[], "text", {"service_ids": "one"}, {"service_ids": []}, {}])
def test_a_body_of_another_shape_is_refused(world: World, body: Any) -> None:
    """Whatever JSON comes, the answer is an error of the caller's."""
    assert {world.ask("POST", path, body).status_code for path in ("services", "services/delete")} == {400}


def test_the_same_moment_has_three_forms(world: World) -> None:
    """Times are strings in a service, numbers in lists, and ISO texts in deployments and versions."""
    service_id = world.running()
    shown, path = world.show(service_id), f"services/{service_id}/deployments"
    [listed] = world.call("GET", "services")["data"]
    [in_list] = world.call("GET", path)["data"]
    flat = world.call("GET", f"{path}/main")
    [version] = world.call("GET", f"{path}/main/versions")["data"]
    inside = shown["version"]["instance_groups"][0]

    assert str(listed["create_at"]) == shown["create_at"] == inside["create_at"]
    assert {type(value) for value in (in_list["create_at"], in_list["update_at"], inside["update_at"])} == {int}
    assert all(ISO.fullmatch(one[name]) for one in (flat, version) for name in ("create_at", "update_at"))


def test_only_show_has_addresses(world: World) -> None:
    """predict_url comes with the detail alone, and the version is an object there, a text in lists."""
    service_id = world.create()
    [url] = world.show(service_id)["predict_url"][0]["urls"]
    [listed] = world.call("GET", "services")["data"]

    assert url.endswith(f"/v2/infers/{service_id}")
    assert "predict_url" not in listed
    assert (listed["version"], listed["auth_type"], listed["version_count"]) == ("1.0.0", "TOKEN", 1)


def test_answers_hold_what_requests_do(world: World) -> None:
    """What was asked for comes back, with the platform's defaults; secrets and custom URLs do not."""
    volume = {"secret_name": "s", "secret_key": "k", "secret_value": "hidden", "mount_path": "/s"}
    settings = runtime(custom_urls=["https://x"]) | {"service_secret": {"secret_volumes": [volume]}}
    logs = [{"type": "STDOUT", "status": "ON", "files": [{"log_path": "/l", "file_pattern": "*.log"}]}]
    body = service(group(pool_id=POOL, mirror_traffic_weight="50"), runtime_config=settings, log_configs=logs)
    service_id = world.call("POST", "services", body)["id"]
    version = world.show(service_id)["version"]
    flat = world.deployment(service_id)
    [inside] = version["instance_groups"]

    assert "hidden" not in str(version)
    assert "custom_urls" not in version["runtime_config"]["service_invoke"]
    assert (version["lts_status"], version["lts_event_status"], "files" in version["log_configs"][0]) == (
        "ON",
        "OFF",
        False,
    )
    assert (version["upgrade_config"]["rolling_update"]["max_surge"], inside["framework"]) == ("1%", "COMMON")
    assert (inside["mirror_traffic_weight"], flat["mirror_traffic_weight"], inside["pool_id"]) == ("50", 50, POOL)
    assert (flat["infer_name"], flat["deployment_name"]) == (flat["id"], "main")


def test_pages_begin_at_multiples_of_their_size(world: World) -> None:
    """The envelope counts pages from 0; an offset inside of a page is refused."""
    for number in range(3):
        world.create(name=f"s{number}", group_configs=[])
        world.advance()
    second = world.call("GET", "services", limit=2, offset=2, sort_key="create_at", sort_dir="ASC")

    assert [one["name"] for one in second.pop("data")] == ["s2"]
    assert second == {"current": 1, "size": 2, "pages": 2, "total": 3}
    assert [one["name"] for one in world.call("GET", "services")["data"]] == ["s2", "s1", "s0"]
    for query in ({"limit": 2, "offset": 1}, {"limit": 0}, {"limit": 501}, {"limit": "x"}, {"sort_key": "name"}):
        assert world.ask("GET", "services", **query).status_code == 400


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": ["INIT", "RUNNING"]}, ["one", "two"]),
        ({"status": "INIT,RUNNING"}, ["one", "two"]),
        ({"status": "STOPPED"}, []),
        ({"name": "on"}, ["one"]),
        ({"tags": "a|1,b|2"}, ["one"]),
        ({"tags": "a|1"}, ["one", "two"]),
        ({"pool_id": POOL}, ["two"]),
        ({"description": "first"}, ["one"]),
        ({"auth_type": "NONE"}, ["two"]),
        ({"user_name": "nobody"}, []),
    ],
)
def test_filters_are_repeated_or_joined(world: World, query: Any, found: list[str]) -> None:
    """Every filter narrows the list."""
    tags = [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]
    world.create(name="one", group_configs=[], tags=tags, description="the first")
    world.running(group(pool_id=POOL), name="two", tags=tags[:1], runtime_config=runtime(auth_type="NONE"))
    answer = world.call("GET", "services", sort_key="create_at", sort_dir="ASC", **query)

    assert [one["name"] for one in answer["data"]] == found


@pytest.mark.parametrize(
    ("path", "method", "body"),
    [
        ("services/{id}/deployments", "POST", group()),
        ("services/{id}/deployments/main", "PUT", {"name": "other"}),
        ("services/{id}/deployments/main", "PUT", {"pool_id": POOL}),
        ("services/{id}/deployments/main", "PUT", {"priority": 2}),
        ("services/{id}/deployments/main/scale", "PUT", {"count": 129}),
        ("services/{id}/deployments/main/scale", "PUT", {}),
        ("services/{id}/deployments/main/versions/1.0.0/switch", "POST", {"infer_name": "main"}),
        ("services/{id}/deployments/main/versions/1.0.0/switch", "POST", {"infer_name": "other"}),
        ("services/{id}/deployments/main/versions/1.0.0", "DELETE", None),
        ("services/{id}/deployments/main/hpa", "POST", {"type": "CRON_HPA"}),
        ("modelarts-service-v2/{id}/tags/create", "POST", None),
        ("services/api-keys", "POST", {"name": "k", "scope": "ALL"}),
        ("services/api-keys/temp", "POST", {"expire_time": 25}),
    ],
)
def test_other_calls_have_rules_as_well(world: World, path: str, method: str, body: Any) -> None:
    """400, and the service is as before."""
    service_id = world.running()
    before = world.show(service_id)
    refusal(world, body, path.format(id=service_id), method)

    assert world.show(service_id) == before


def test_flavors_are_of_three_kinds(world: World) -> None:
    """Another kind is refused."""
    assert world.call("GET", "services/flavors", flavor_type="GPU")["total"] == 1
    assert world.ask("GET", "services/flavors", flavor_type="TPU").status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "services/none"),
        ("POST", "services/none/start"),
        ("GET", "services/{id}/deployments/none"),
        ("GET", "services/{id}/deployments/main/versions/9.9.9"),
        ("GET", "services/{id}/deployments/main/instances/none/pods"),
        ("GET", "services/{id}/deployments/main/hpa"),
        ("DELETE", "services/api-keys/none"),
        ("GET", "services/clusters/none"),
    ],
)
def test_what_is_not_there_is_404(world: World, method: str, path: str) -> None:
    """With the code for a missing service."""
    answer = world.ask(method, path.format(id=world.running()))

    assert (answer.status_code, answer.json()["error_code"]) == (404, "ModelArts.3502")


@pytest.mark.parametrize(
    ("schedule", "minutes"),
    [("*/5 * * * *", 5), ("0 * * * *", 60), ("30 8 1 1 *", None), ("0 0 29 2 *", None), ("0 7 * * 1-5", None)],
)
def test_cron_rules_are_understood(world: World, schedule: str, minutes: int | None) -> None:
    """Five fields, with lists, ranges and steps."""
    service_id = world.running()
    path = f"services/{service_id}/deployments/main/hpa"
    rule = {"name": "rule", "type": "CRON_HPA", "schedule": schedule, "target_replicas": 2}
    target = {"target_resource_id": world.deployment(service_id)["id"], "target_resource_type": "GROUP"}
    world.call("POST", path, {"type": "CRON_HPA", "hpa_rules": [rule], **target})
    for _ in range(minutes or 0):
        world.advance(60)

    assert world.call("GET", f"{path}/events")["total"] == (minutes is not None)


@pytest.mark.parametrize("schedule", ["* * * *", "60 * * * *", "x * * * *", "0 0 30 2 *", "5-1 * * * *", "*/0 * * * *"])
def test_cron_rules_that_never_come_are_refused(world: World, schedule: str) -> None:
    """400, and there is no policy."""
    service_id = world.running()
    path = f"services/{service_id}/deployments/main/hpa"
    rule = {"name": "rule", "type": "CRON_HPA", "schedule": schedule, "target_replicas": 2}
    target = {"target_resource_id": world.deployment(service_id)["id"], "target_resource_type": "GROUP"}
    code, _ = refusal(world, {"type": "CRON_HPA", "hpa_rules": [rule], **target}, path)

    assert (code, world.ask("GET", path).status_code) == (INVALID, 404)


def test_a_provider_is_an_account(world: World) -> None:
    """The token of the header stays unseen; what is shown is whose it is, and any of its tokens is good later."""
    token = world.client.headers["X-Auth-Token"]
    headers = {"X-Auth-Token-Provider": token}
    path = f"/v2/{world.sandbox.credentials.project_id}/services"
    made = world.client.post(path, json=service(group_configs=[]), headers=headers)
    changed = world.client.put(f"{path}/{made.json()['id']}", json={"version": "1.0.1"}, headers=headers)

    assert (made.json()["provider"], changed.status_code) == (world.sandbox.credentials.domain_id, 200)
    assert token not in made.text + changed.text


def test_a_provider_is_asked_for_again(world: World) -> None:
    """A service that was created for a provider is updated in its name alone."""
    headers = {"X-Auth-Token-Provider": "someone"}
    path = f"/v2/{world.sandbox.credentials.project_id}/services"
    made = world.client.post(path, json=service(group_configs=[]), headers=headers).json()
    update = {"version": "1.0.1"}

    assert made["provider"] == "someone"
    assert world.ask("PUT", f"services/{made['id']}", update).status_code == 400
    assert world.client.put(f"{path}/{made['id']}", json=update, headers=headers).status_code == 200
