"""Services of the second generation as Huawei's own SDK sees them, with real processes, over a socket."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from fmctl.sandbox.server import Server

from .services_v2_world import TRANSIENT, group, runtime, service, unit, upload_program

PATIENCE = 30.0


class Sdk:
    """The SDK's client, by the names of its methods, and what is asked of it again and again."""

    def __init__(self, client: Any, model: Any) -> None:
        self.client = client
        self.model = model

    def __call__(self, method: str, **parameters: Any) -> Any:
        name = "".join(part.capitalize() for part in method.split("_"))
        return getattr(self.client, method)(getattr(self.model, f"{name}Request")(**parameters))

    def raw(self, method: str, path: str, body: Any = None) -> Any:
        """What the SDK's own methods cannot send."""
        return self.client.do_http_request(
            method=method, resource_path=path, query_params=[], header_params={}, body=body, response_type="object"
        )

    def until(self, service_id: str, done: Callable[[Any], bool]) -> Any:
        """The service when it is as wanted; the sandbox has its own clock here."""
        end = time.monotonic() + PATIENCE
        while not done(found := self("show_infer_service", service_id=service_id)):
            assert time.monotonic() < end, found
            time.sleep(0.05)
        return found

    def settled(self, service_id: str) -> Any:
        return self.until(service_id, lambda found: found.status not in TRANSIENT)

    def running(self, **changes: Any) -> Any:
        made = self("create_infer_service", body=service(**changes))
        found = self.settled(made.id)
        assert found.status == "RUNNING", found.failure_reason
        return found


@pytest.fixture
def sdk(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sdk:
    monkeypatch.setenv("HOME", str(tmp_path))  # the SDK keeps an id of its installation there
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkmodelarts.v1 import ModelArtsClient, model

    info = server.info
    upload_program(server.sandbox)
    credentials = BasicCredentials(info["access_key"], info["secret_key"], info["project_id"])
    client = ModelArtsClient.new_builder().with_credentials(credentials).with_endpoint(info["endpoint"]).build()
    return Sdk(client, model)


def predict(url: str, path: str = "", **headers: str) -> httpx.Response:
    return httpx.post(f"{url}{path}", content="7", headers=headers, trust_env=False)


def test_a_service_lives_through_the_sdk(sdk: Sdk) -> None:
    """The SDK creates, finds, updates, stops, starts and deletes a service that answers at its address."""
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

    made = sdk("create_infer_service", body=service(runtime_config=runtime(auth_type="NONE")))
    assert (made.status, made.version.instance_groups[0].status) == ("DEPLOYING", "DEPLOYING")
    running = sdk.settled(made.id)
    [url] = running.predict_url[0].urls
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
