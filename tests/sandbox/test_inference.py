"""The gateway in front of real-time services: who may ask, what it passes on, and its own error codes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from werkzeug.test import Client, EnvironBuilder

from fmctl.sandbox import VirtualClock
from fmctl.sandbox.server import Server
from fmctl.sandbox.serving.instances import Answer
from fmctl.sandbox.serving.scripted import Script

from .sdk_world import RAW, sdk_client
from .serving_world import World, scripted_world
from .test_model_service import until
from .test_serving_restart import ask, connected

POOL = "pool0a1b2c3d"
LIMIT = 12 * 1024 * 1024


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> Iterator[World]:
    with scripted_world(tmp_path, clock) as made:
        yield made


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_code"]


@pytest.mark.parametrize("headers", [{}, {"X-Auth-Token": "guessed"}, {"Authorization": "SDK-HMAC-SHA256 nonsense"}])
def test_a_prediction_needs_a_good_credential(world: World, headers: dict[str, str]) -> None:
    """The gateway says so in its own words, before it tells whether there is such a service."""
    running = world.running()
    with httpx.Client(transport=httpx.WSGITransport(world.sandbox.wsgi), base_url="http://127.0.0.1") as stranger:
        answers = [stranger.post(f"/v1/infers/{id}", json={}, headers=headers) for id in (running, "none")]

    assert [(401, "APIG.0301")] * 2 == [refusal(answer) for answer in answers]


def test_an_address_that_nobody_published_is_unknown(world: World) -> None:
    """404 of the gateway."""
    assert (404, "APIG.0101") == refusal(world.predict("none", {}))


def test_a_body_of_twelve_megabytes_is_the_largest(world: World) -> None:
    """One byte more is refused by the gateway; the model never sees it."""
    url = f"/v1/infers/{world.running()}"
    largest, larger = (world.client.post(url, content=b"x" * size) for size in (LIMIT, LIMIT + 1))

    assert (200, (413, "APIG.0201")) == (largest.status_code, refusal(larger))


@pytest.mark.parametrize("status", ["stopped", "failed", "deploying"])
def test_a_service_that_is_not_up_answers_4203(world: World, status: str) -> None:
    """Whatever the reason."""
    world.launcher.scripts["broken"] = Script(fails="no weights")
    world.launcher.scripts["slow"] = Script(ready_after=3600)
    name = {"failed": "broken", "deploying": "slow"}.get(status, "digits")
    service_id = world.deploy(world.element(world.published(model_name=name)))
    if status != "deploying":
        world.settled(service_id)
    if status == "stopped":
        world.ask("PUT", f"services/{service_id}", {"status": "stopped"})
        world.settled(service_id)

    assert status == world.get(f"services/{service_id}")["status"]
    assert (400, "ModelArts.4203") == refusal(world.predict(service_id, {}))


def test_a_service_of_a_pool_has_the_pool_in_its_address(world: World) -> None:
    """Both the long and the short address reach it, and what stands below is the path of the model."""
    service_id = world.deploy(world.element(world.published()), pool_name=POOL)
    address = world.settled(service_id)["access_address"]
    paths = [
        world.client.post(f"{url}/deep/er", json={}).json()["path"] for url in (address, f"/v1/infers/{service_id}")
    ]

    assert address.endswith(f"/v1/infers/{POOL}/{service_id}")
    assert ["/deep/er", "/deep/er"] == paths
    assert "/" == world.client.post(address, json={}).json()["path"]
    assert (404, "APIG.0101") == refusal(world.predict(POOL, {}))


def test_bytes_that_may_not_stand_in_a_query_are_encoded(world: World) -> None:
    """What a careless client sends reaches the model as what it meant."""
    token = {"X-Auth-Token": world.client.headers["X-Auth-Token"]}
    call = EnvironBuilder(path=f"/v1/infers/{world.running()}", method="POST", headers=token, json={}).get_environ()
    answer = Client(world.sandbox.wsgi).open(call | {"QUERY_STRING": "name=\xc3\xa9&x=%20+[1]"})

    assert "/?name=%C3%A9&x=%20+[1]" == json.loads(answer.data)["path"]


def test_what_the_model_refuses_is_passed_on(world: World) -> None:
    """The gateway adds nothing to an answer."""
    world.launcher.scripts["digits"] = Script(answer=Answer(422, "application/json", b'{"error_code": "mine"}'))

    assert (422, "mine") == refusal(world.predict(world.running(), {}))


def test_a_signature_is_as_good_as_a_token(server: Server) -> None:
    """The official SDK's own requests get past the gateway: its refusal is about the service."""
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

    call: dict[str, Any] = {"resource_path": "/v1/infers/none", "header_params": {}, "body": {}, "response_type": RAW}
    with pytest.raises(ClientRequestException) as refused:
        sdk_client(server.info).do_http_request("POST", **call)

    assert (404, "APIG.0101") == (refused.value.status_code, refused.value.error_code)


def deployed_image(api: httpx.Client, **model: Any) -> str:
    """The address of a running service of a model of type Image, with real processes."""
    body = {"model_name": "own", "model_version": "1.0.0", "model_type": "Image"} | model
    model_id = ask(api, "POST", "models", body)["model_id"]
    until(lambda: ask(api, "GET", f"models/{model_id}")["model_status"] == "published")
    element = {"model_id": model_id, "weight": 100, "specification": "modelarts.vm.cpu.2u", "instance_count": 2}
    service = {"service_name": "own", "infer_type": "real-time", "config": [element]}
    service_id = ask(api, "POST", "services", service)["service_id"]
    until(lambda: ask(api, "GET", f"services/{service_id}")["status"] != "deploying")
    found = ask(api, "GET", f"services/{service_id}")
    assert found["status"] == "running", found
    return str(found["access_address"])


def test_a_placeholder_answers_for_an_image(server: Server) -> None:
    """It says what it is not, and repeats what it was asked, whatever the method and the path."""
    with connected(server.info) as api:
        address = deployed_image(api, source_location="org/img:1", cmd="sh /home/run.sh")
        answer = api.put(f"{address}/v1/chat?x=1", content="7").json()

    assert "stands in" in answer["sandbox"]
    assert [answer[name] for name in ("image", "method", "path", "body")] == ["org/img:1", "PUT", "/v1/chat?x=1", "7"]


@pytest.mark.parametrize(
    ("port", "command"),
    [
        ("8080", 'exec python -m http.server --bind 127.0.0.1 "$PORT"'),
        ("8080", "exec python -m http.server --bind 127.0.0.1 8080"),
        ("9000", "exec python -m http.server --bind 127.0.0.1 ${LISTEN:-9000}"),
    ],
)
def test_a_command_answers_at_the_port_of_its_image(server: Server, port: str, command: str) -> None:
    """Each instance at one of its own, which PORT tells, and which stands where the command names the other."""
    config = json.dumps({"port": port, "health": {"url": "/"}})
    with connected(server.info) as api:
        address = deployed_image(api, source_location="sandbox/python", cmd=command, initial_config=config)
        answer = api.get(f"{address}/")

    assert "Directory listing" in answer.text
