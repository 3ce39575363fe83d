"""Huawei's own SDK as a judge of services of the second generation: with real processes, or in a scripted world."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from fmctl.sandbox import VirtualClock
from fmctl.sandbox.clock import SystemClock

from .sdk_surface import sdk_home
from .sdk_world import RAW, sdk_client
from .services_v2_world import TRANSIENT, World, service

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
        """What the SDK's own methods cannot send, or keep to themselves."""
        answer = self.client.do_http_request(
            method,
            resource_path=path,
            header_params={"Content-Type": "application/json"},
            body=body,
            response_type=RAW,
        )
        return json.loads(answer.raw_content or "null")

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

    def create_key(self, name: str, scope: str) -> Any:
        """A key with its secret: the SDK hands out this one answer as a stream, unread."""
        answers: list[Any] = []
        made = self("create_infer_api_key", body={"name": name, "scope": scope})
        made.consume_download_stream(lambda stream: answers.append(stream.json()))
        return answers[0]

    def refused(self, method: str, **parameters: Any) -> tuple[int, str]:
        """The status and the code of the error that a call raises."""
        return self.refusal(lambda: self(method, **parameters))

    def refusal(self, call: Callable[[], Any]) -> tuple[int, str]:
        """The status and the code of the error that something raises."""
        from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

        with pytest.raises(ClientRequestException) as caught:
            call()
        return caught.value.status_code, str(caught.value.error_code)


@contextmanager
def judged_world(folder: Path, clock: VirtualClock) -> Iterator[tuple[World, Sdk]]:
    """A scripted world on a socket, and the SDK's client of it; signatures are of the machine's time."""
    from huaweicloudsdkmodelarts.v1 import model

    world = World(folder / "state", clock, wall=SystemClock())
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, world.sandbox.wsgi, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    owner = world.sandbox.credentials
    keys = {"access_key": owner.access_key, "secret_key": owner.secret_key, "project_id": owner.project_id}
    try:
        with sdk_home(folder):
            yield world, Sdk(sdk_client({**keys, "endpoint": f"http://127.0.0.1:{server.port}"}), model)
    finally:
        server.shutdown()
        thread.join()
        world.close()
