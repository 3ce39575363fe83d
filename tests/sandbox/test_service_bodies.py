"""Whatever callers send, the sandbox answers: a mistake of theirs is never an internal error of ours."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fmctl.sandbox import VirtualClock

from .serving_world import CONFIG, SCRIPT, World, scripted_world

ODD = [
    "100",
    "",
    "²",
    "٣",
    "\0",
    "=",
    "9" * 5000,
    "https://[/",
    "obs://",
    "obs://fmctl-demo/",
    "Template",
    "Image",
    "batch",
]
LEAVES = st.none() | st.booleans() | st.integers(-2, 300) | st.text("aA/.: ", max_size=4) | st.sampled_from(ODD)
KEYS = ["url", "type", "a", "", "pool_infos", "node_affinity", "template_id", "events", "properties", "index"]
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=4,
)
MODEL_KEYS = [
    *("model_name", "model_version", "model_type", "source_location", "source_type", "source_copy", "runtime"),
    *("description", "execution_code", "model_algorithm", "model_metrics", "initial_config", "apis", "input_params"),
    *("dependencies", "model_docs", "install_type", "workspace_id", "cmd", "template", "deployment_constraints"),
]
ELEMENT_KEYS = [
    *("model_id", "weight", "specification", "instance_count", "envs", "custom_spec", "pool_name"),
    *("deploy_timeout_in_seconds", "additional_properties", "affinity"),
]
BATCH_KEYS = ["src_path", "dest_path", "req_uri", "mapping_type", "mapping_rule", "src_type", *ELEMENT_KEYS]
SERVICE_KEYS = [
    *("service_name", "infer_type", "config", "description", "schedule", "pool_name", "priority", "workspace_id"),
    *("additional_properties", "load_balancer_policy", "vpc_id", "service_secrets", "infer_type"),
]
UPDATE_KEYS = [
    *("status", "config", "description", "schedule", "additional_properties", "priority", "service_secrets"),
    "load_balancer_policy",
]
CONFIG_KEYS = ["apis", "dependencies", "health", "readiness_health", "runtime", "model_algorithm", "metrics"]

QUERY_KEYS = [
    *(
        "limit",
        "offset",
        "order",
        "sort_by",
        "model_name",
        "exact_match",
        "model_type",
        "service_name",
        "tags",
        "status",
    ),
    *("update_time", "event_type", "event_info", "start_time", "end_time", "infer_type", "is_personal_cluster"),
]

# One sandbox serves all examples of a test: each example is a request of its own.
many = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> Iterator[World]:
    with scripted_world(tmp_path, clock) as made:
        yield made


def changes(keys: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(keys), JSON, min_size=1, max_size=2)


def answered(world: World, method: str, path: str, body: Any) -> bool:
    """Done, or refused with a documented code; and the sandbox goes on."""
    answer = world.ask(method, path, body)
    world.advance()
    return answer.status_code == 200 or answer.json()["error_code"] != "ModelArts.0010"


@many
@given(changed=changes(MODEL_KEYS))
def test_no_body_of_a_model_is_an_internal_error(world: World, changed: dict[str, Any]) -> None:
    """Wrong types, wrong shapes, wrong values."""
    assert answered(world, "POST", "models", world.model_body() | changed)
    assert world.get("models")["count"] >= 0


@many
@given(changed=changes(CONFIG_KEYS))
def test_no_config_json_holds_up_the_import(world: World, changed: dict[str, Any]) -> None:
    """Every model ends published or failed, and says why with a code of the platform, not of the sandbox."""
    files = {"model/config.json": json.dumps(CONFIG | changed), "model/customize_service.py": SCRIPT}
    model_id = world.publish(source_location=world.upload("odd", files))
    model = world.model(model_id)
    world.ask("DELETE", f"models/{model_id}")

    assert model["model_status"] == "published" or "ModelArts.30" in model["error_msg"]
    assert "cannot import" not in model.get("error_msg", "")


@many
@given(changed=changes(SERVICE_KEYS), element=changes(ELEMENT_KEYS))
def test_no_body_of_a_service_is_an_internal_error(
    world: World, changed: dict[str, Any], element: dict[str, Any]
) -> None:
    """On its own level and within the configuration."""
    models = world.get("models")["models"]
    model_id = models[0]["model_id"] if models else world.published()
    good = world.service_body(world.element(model_id))

    assert answered(world, "POST", "services", good | changed)
    assert answered(world, "POST", "services", good | {"config": [world.element(model_id) | element]})


@many
@given(element=changes(BATCH_KEYS))
def test_no_body_of_a_batch_service_is_an_internal_error(world: World, element: dict[str, Any]) -> None:
    """Places, mappings and rules that make no sense; what is accepted ends."""
    models = world.get("models")["models"]
    model_id = models[0]["model_id"] if models else world.published()
    world.upload("in", {"a.csv": "1,2\n"})
    places = {"src_path": "/fmctl-demo/in/", "dest_path": "/fmctl-demo/out/", "req_uri": "/", "mapping_type": "csv"}
    good = world.element(model_id, mapping_rule={"type": "string", "index": 0}, **places)
    batch = {"service_name": "batch", "infer_type": "batch", "config": [good | element]}
    answer = world.ask("POST", "services", batch)
    if answer.status_code == 200:
        service_id = answer.json()["service_id"]
        world.settled(service_id)
        world.ask("DELETE", f"services/{service_id}")

    assert answer.status_code == 200 or answer.json()["error_code"] != "ModelArts.0010"


@many
@given(values=st.dictionaries(st.sampled_from(QUERY_KEYS), st.sampled_from(ODD), min_size=1, max_size=3))
def test_no_query_is_an_internal_error(world: World, values: dict[str, str]) -> None:
    """Of lists, of one service's records, and of catalogs."""
    services = world.get("services")["services"]
    service_id = services[0]["service_id"] if services else world.running()
    below = [f"services/{service_id}/{name}" for name in ("logs", "events", "monitor")]
    catalogs = ["services/specifications", "services/tms/tags", "models/template", "models/ai-engine-runtimes"]

    assert all(
        world.ask("GET", path, **values).status_code in {200, 400} for path in ["models", "services", *below, *catalogs]
    )


@many
@given(changed=changes(UPDATE_KEYS), element=changes(ELEMENT_KEYS))
def test_no_update_is_an_internal_error(world: World, changed: dict[str, Any], element: dict[str, Any]) -> None:
    """Updates, counts and patches."""
    services = world.get("services")["services"]
    service_id = services[0]["service_id"] if services else world.running()
    scaling = {"changed_property": "instance_count", "configs": [element]}
    patch = [{"op": "replace", "path": "/config/0/weight", "value": value} for value in element.values()]

    assert answered(world, "PUT", f"services/{service_id}", changed)
    assert answered(world, "PUT", f"services/{service_id}/property", scaling)
    assert answered(world, "PATCH", f"services/{service_id}", patch)
    assert world.settled(service_id)["status"] in {"running", "stopped", "failed"}
