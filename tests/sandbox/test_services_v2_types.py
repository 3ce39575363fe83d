"""Every field of the requests about services v2, as the SDK's own classes list them, with values of every type: what is
not refused can be read by the SDK in every answer that shows it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fmctl.sandbox import VirtualClock

from .sdk_world import POOL
from .services_v2_sdk import Sdk, judged_world
from .services_v2_world import World, group, runtime, service, unit
from .test_sdk_types import VALUES, fields, placed

HEALTH = {"check_method": "HTTP", "url": "/h", "initial_delay_seconds": 1, "timeout_seconds": 1, "failure_threshold": 1}
MOUNT = {"source": "OBS", "address": "obs://fmctl-demo/unit/", "mount_path": "/m"}
UNIT = unit(
    name="u",
    role="COMMON",
    group_count=1,
    readiness_health=HEALTH,
    startup_health=HEALTH,
    liveness_health=HEALTH,
    models=[MOUNT],
    codes=[MOUNT],
    dumps=[MOUNT],
    affinity={"affinity_type": "AFFINITY", "required": True, "selection_mode": "IP", "targets": {"a": "b"}},
    security_config={"user_id": 1, "group_id": 1},
    termination_grace={"pre_stop_cmd": "x", "termination_grace_period_seconds": 1},
    group_policy={"schedule_scope": "SLICE"},
    custom_spec={"cpu": 1.0, "memory": 1, "gpu": 0.5, "ascend": 1, "arch": "arm64"},
)
GROUP = group(
    UNIT,
    pool_id=POOL,
    priority=1,
    secret_type="dew",
    secret_name="s",
    mirror_traffic_enable=True,
    mirror_traffic_weight="50",
    model=MOUNT,
    advanced_config={"deploy_timeout_minutes": 1, "port": 80, "protocol": "HTTP"},
    deployment_task_limit={"max_concurrent_task": 1},
)
FULL = service(
    GROUP,
    runtime_config=runtime(
        internet_access_enable=True,
        metric_api_port="80",
        fuse_configs={"error_rate_threshold": 0.5},
        elb_connection={"elb_id": "e"},
        custom_urls=["https://a.example.com"],
    )
    | {"server_task_limit": {"max_task": 1}, "service_secret": {"secret_volumes": [{"mount_path": "/s"}]}},
    log_configs=[{"type": "FILE", "status": "ON", "files": [{"log_path": "/l", "file_pattern": "*"}]}],
    tags=[{"key": "k", "value": "v"}],
    schedule=[{"type": "STOP", "time_unit": "HOURS", "duration": 1}],
    custom_metrics_path="http,8080,metrics",
    task_type="RERANK",
)
SHOWN = {
    "services/{id}": "ShowInferServiceResponse",
    "services/{id}/deployments/main": "ShowInferDeploymentResponse",
}


@pytest.fixture
def judged(tmp_path: Path, clock: VirtualClock) -> Iterator[tuple[World, Sdk]]:
    with judged_world(tmp_path, clock) as made:
        yield made


def read(sdk: Sdk, answer: Any, kind: str) -> Any:
    """The SDK's own reading of an answer."""
    assert answer.status_code < 300, answer.text
    return sdk.client.deserialize(answer, kind, None)


def read_all(world: World, sdk: Sdk, service_id: str) -> None:
    for path, kind in SHOWN.items():
        read(sdk, world.ask("GET", path.format(id=service_id)), kind)


def clear(world: World, service_id: str) -> None:
    world.call("POST", "services/delete", {"service_ids": [service_id]})
    world.advance()
    world.advance()


def test_no_service_breaks_the_sdk(judged: tuple[World, Sdk]) -> None:
    """Whatever a field of the creation holds, it is refused, or every answer about the service can be read."""
    world, sdk = judged
    created = 0
    for path in fields("ServiceCreateRequest"):
        for value in VALUES:
            answer = world.ask("POST", "services", placed(FULL, path, value))
            assert answer.status_code < 500, (path, value, answer.text)
            if answer.status_code == 200:
                made = read(sdk, answer, "CreateInferServiceResponse")
                if made.version.instance_groups and made.version.instance_groups[0].name == "main":
                    read_all(world, sdk, made.id)
                clear(world, made.id)
                created += 1

    assert created > 200


@pytest.mark.parametrize(
    ("kind", "method", "path", "body", "answer"),
    [
        ("ServiceUpdateRequest", "PUT", "services/{id}", FULL | {"version": "1.0.1"}, "UpdateInferServiceResponse"),
        ("GroupConfig", "POST", "services/{id}/deployments", GROUP | {"name": "o"}, "CreateInferDeploymentResponse"),
        ("GroupConfigUpdateRequest", "PUT", "services/{id}/deployments/main", GROUP, "UpdateInferDeploymentResponse"),
    ],
)
def test_no_change_breaks_the_sdk(
    judged: tuple[World, Sdk], kind: str, method: str, path: str, body: Any, answer: str
) -> None:
    """Whatever a field of an update holds, it is refused, or every answer about the service can be read."""
    world, sdk = judged
    changed = 0
    for place in list(fields(kind))[::3]:  # the rules are those of the creation
        service_id = world.create(GROUP)
        world.settled(service_id)
        for value in VALUES:
            found = world.ask(method, path.format(id=service_id), placed(body, place, value))
            assert found.status_code < 500, (place, value, found.text)
            if found.status_code == 200:
                read(sdk, found, answer)
                read_all(world, sdk, service_id)
                world.settled(service_id)
                changed += 1
        clear(world, service_id)

    assert changed > 20


def others(world: World, service_id: str) -> dict[str, Any]:
    """A request of each kind that is about a service and is not about what runs in it."""
    rule = {"name": "rule", "type": "METRIC_HPA", "max_replicas": 2, "operate": "ADD"}
    target = {"target_resource_id": world.deployment(service_id)["id"], "target_resource_type": "GROUP"}
    source = {"endpoint": "localhost", "port": "1", "scheme": "HTTP"}
    goals = {"slo_objectives": [{"metric_ttft": 1}], "predict_window_seconds": 60}
    return {
        "CreateHpaRequestBody": {"type": "METRIC_HPA", "hpa_rules": [rule], **target},
        "CreateHraRequestBody": {"hra_rules": [{"slo_info": [goals], "metrics": [source]}]},
        "IntranetConnectionRequest": {"service_id": service_id, "scene": "VPC", "vpc_id": "v", "subnet_id": "s"},
        "QueryTmsResourceRequest": {"matches": [{"key": "resource_name", "value": "s"}], "limit": 5},
        "CreateTempApiKeyReq": {"expire_time": 1},
        "DeleteServicesRequest": {"service_ids": [world.create(name="other", group_configs=[])]},
    }


@pytest.mark.parametrize(
    ("kind", "path", "answer"),
    [
        ("CreateHpaRequestBody", "services/{id}/deployments/main/hpa", "CreateInferDeploymentHpaResponse"),
        ("CreateHraRequestBody", "services/{id}/deployments/main/hra", "CreateInferHraResponse"),
        ("IntranetConnectionRequest", "intranet-connection", "CreateInferIntranetConnectionResponse"),
        (
            "QueryTmsResourceRequest",
            "modelarts-service-v2/resource-instances/filter",
            "ListInferServicesByTagsResponse",
        ),
        ("CreateTempApiKeyReq", "services/api-keys/temp", "CreateInferTempApiKeyResponse"),
        ("DeleteServicesRequest", "services/delete", "BatchDeleteInferServicesResponse"),
    ],
)
def test_no_other_request_breaks_the_sdk(judged: tuple[World, Sdk], kind: str, path: str, answer: str) -> None:
    """Whatever a field holds, it is refused, or the answer can be read."""
    world, sdk = judged
    service_id = world.create(group())
    body, path = others(world, service_id)[kind], path.format(id=service_id)
    refused = 0
    for place in fields(kind):
        for value in VALUES:
            found = world.ask("POST", path, placed(body, place, value))
            assert found.status_code < 500, (place, value, found.text)
            if found.status_code == 200:
                read(sdk, found, answer)
            refused += found.status_code >= 400

    assert refused
