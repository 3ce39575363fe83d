"""What the tests of services of the second generation share: bodies, a scripted world, and a program to serve."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from fmctl.sandbox import Sandbox, VirtualClock
from fmctl.sandbox.clock import Clock
from fmctl.sandbox.services_v2.connections import Connections
from fmctl.sandbox.services_v2.supervision import ServicesV2
from fmctl.sandbox.serving.scripted import ScriptedLauncher

from .conftest import anonymous, login

Json = dict[str, Any]

TRANSIENT = {"DEPLOYING", "UPGRADING", "STOPPING", "DELETING", "INTERRUPTING", "RESTARTING"}
FOLDER = "obs://fmctl-demo/unit/"
PROGRAM = """
import json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer({"health": "ok"})

    def do_POST(self):
        got = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/exit":
            os._exit(3)
        self.answer({"got": got, "path": self.path, "version": os.environ["VERSION"], "pid": os.getpid()})

    def answer(self, said):
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

if os.environ["VERSION"] == "broken":
    sys.exit("cannot load the weights")
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


def unit(**changes: Any) -> Json:
    return {
        "image": {"source": "SWR", "swr_path": "sandbox/python"},
        "custom_spec": {"cpu": 1.0, "memory": 1024},
        "cmd": "exec python /home/unit/serve.py",
        "port": 8080,
        "envs": {"VERSION": "one"},
        "files": [{"source": "OBS", "address": FOLDER, "mount_path": "/home/unit"}],
        "readiness_health": {"check_method": "HTTP", "url": "/health", "period_seconds": 1},
    } | changes


def group(*units: Json, **changes: Any) -> Json:
    return {"name": "main", "count": 1, "weight": 100, "unit_configs": [*units] or [unit()]} | changes


def service(*groups: Json, **changes: Any) -> Json:
    return {
        "name": "digits",
        "version": "1.0.0",
        "type": "REAL_TIME",
        "deploy_type": "SINGLE",
        "group_configs": [*groups] or [group()],
        "runtime_config": runtime(),
    } | changes


def runtime(**invoke: Any) -> Json:
    limit = {"rate_limit": {"num": 100, "unit": "SECONDS"}, "request_size_limit": 12, "request_timeout": 60}
    return {
        "service_invoke": {"port": 8080, "protocol": "HTTP", "auth_type": "TOKEN"} | invoke,
        "service_limit": limit,
    }


def upload_program(sandbox: Sandbox) -> None:
    sandbox.objects.put("fmctl-demo", "unit/serve.py", PROGRAM.encode())


class World:
    """A sandbox without processes, and short names for what is done all the time."""

    def __init__(self, folder: Path, clock: VirtualClock, wall: Clock | None = None) -> None:
        self.folder = folder
        self.clock = clock
        self.wall = wall
        self.launcher = ScriptedLauncher(clock)
        self.start()

    def start(self) -> None:
        components = [partial(ServicesV2, launcher=self.launcher), Connections]
        self.sandbox = Sandbox(self.folder, clock=self.clock, wall=self.wall, components=components)
        upload_program(self.sandbox)
        self.client = anonymous(self.sandbox)
        answer = self.client.post("/v3/auth/tokens", json=login(self.sandbox))
        self.client.headers["X-Auth-Token"] = answer.headers["X-Subject-Token"]

    def close(self) -> None:
        self.client.close()
        self.sandbox.close()

    def restart(self) -> None:
        self.close()
        self.start()

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
        url = f"/v2/{self.sandbox.credentials.project_id}/{path}"
        return self.client.request(method, url, json=body, params=query)

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Json:
        answer = self.ask(method, path, body, **query)
        assert answer.status_code < 300, answer.text
        return json.loads(answer.text or "{}")

    def advance(self, seconds: float = 1.0) -> None:
        self.clock.advance(seconds)
        self.sandbox.tick()

    def create(self, *groups: Json, **changes: Any) -> str:
        return str(self.call("POST", "services", service(*groups, **changes))["id"])

    def show(self, service_id: str) -> Json:
        return self.call("GET", f"services/{service_id}")

    def settled(self, service_id: str) -> Json:
        """The service when nothing is on its way any more."""
        for _ in range(100):
            if (found := self.show(service_id))["status"] not in TRANSIENT:
                return found
            self.advance()
        raise AssertionError(found)

    def running(self, *groups: Json, **changes: Any) -> str:
        service_id = self.create(*groups, **changes)
        assert self.settled(service_id)["status"] == "RUNNING"
        return service_id

    def deployment(self, service_id: str, name: str = "main") -> Json:
        return self.call("GET", f"services/{service_id}/deployments/{name}")

    def predict(self, service_id: str, body: Any = None, path: str = "", **headers: str) -> httpx.Response:
        return self.client.post(f"/v2/infers/{service_id}{path}", json=body, headers=headers)


@contextmanager
def scripted_world(folder: Path, clock: VirtualClock) -> Iterator[World]:
    world = World(folder, clock)
    try:
        yield world
    finally:
        world.close()
