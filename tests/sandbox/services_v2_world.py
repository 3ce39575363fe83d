"""What the tests of services of the second generation share: bodies, a scripted world, and a program to serve."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from fmctl.sandbox import Sandbox
from fmctl.sandbox.account import Account, Component
from fmctl.sandbox.services_v2.connections import Connections
from fmctl.sandbox.services_v2.supervision import ServicesV2

from .scripted_world import ScriptedWorld

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


class World(ScriptedWorld):
    """A sandbox without processes, and short names for what is done all the time."""

    version = "v2"

    def components(self) -> Sequence[Callable[[Account], Component]]:
        return [partial(ServicesV2, launcher=self.launcher), Connections]

    def start(self) -> None:
        super().start()
        upload_program(self.sandbox)

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Json:
        answer = self.ask(method, path, body, **query)
        assert answer.status_code < 300, answer.text
        return json.loads(answer.text or "{}")

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


scripted_world = World.opened
