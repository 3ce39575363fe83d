"""A server that was killed: its services come back where they were, and nothing of the old ones remains."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from fmctl.sandbox import Sandbox

from .test_model_service import until
from .test_server import served

SCRIPT = """
import os, subprocess
from model_service.model_service import SingleNodeService

class Service(SingleNodeService):
    def __init__(self, model_name, model_path):
        self.started = subprocess.Popen(["sleep", "600"], start_new_session=True).pid

    def _inference(self, data):
        return {"pid": os.getpid(), "started": self.started}
"""


def upload(state_dir: Path) -> None:
    sandbox = Sandbox(state_dir)
    for name, text in {"customize_service.py": SCRIPT, "config.json": '{"apis": [{"url": "/"}]}'}.items():
        sandbox.objects.put("fmctl-demo", f"m/model/{name}", text.encode())
    sandbox.close()


@contextmanager
def connected(info: dict[str, str]) -> Iterator[httpx.Client]:
    """A client whose paths begin below the project."""
    user = {"name": info["user"], "password": info["password"], "domain": {"name": info["domain"]}}
    identity = {"methods": ["password"], "password": {"user": user}}
    login = {"auth": {"identity": identity, "scope": {"project": {"name": info["region"]}}}}
    token = httpx.post(info["iam_endpoint"] + "/v3/auth/tokens", json=login).headers["X-Subject-Token"]
    with httpx.Client(base_url=f"{info['endpoint']}/v1/{info['project_id']}", headers={"X-Auth-Token": token}) as api:
        yield api


def ask(api: httpx.Client, method: str, path: str, body: Any = None) -> Any:
    return api.request(method, path, json=body).json()


def deploy(api: httpx.Client) -> str:
    model = {"model_name": "m", "model_version": "1.0.0", "model_type": "MindSpore", "source_location": "/fmctl-demo/m"}
    model_id = ask(api, "POST", "models", model)["model_id"]
    until(lambda: ask(api, "GET", f"models/{model_id}")["model_status"] == "published")
    element = {"model_id": model_id, "weight": 100, "specification": "modelarts.vm.cpu.2u", "instance_count": 1}
    body = {"service_name": "s", "infer_type": "real-time", "config": [element]}
    return str(ask(api, "POST", "services", body)["service_id"])


def answer(api: httpx.Client, service_id: str) -> dict[str, Any]:
    """What the service says at its address when it is up."""
    until(lambda: ask(api, "GET", f"services/{service_id}")["status"] == "running")
    address = ask(api, "GET", f"services/{service_id}")["access_address"]
    return {"address": address, **api.post(address, json={}).json()}


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_services_come_back_after_a_kill_of_the_server(tmp_path: Path) -> None:
    """At the same address; the old instance ends with its server, what it had hidden at the next start."""
    upload(tmp_path)
    with served(tmp_path) as (process, info), connected(info) as api:
        service_id = deploy(api)
        before = answer(api, service_id)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    until(lambda: is_gone(before["pid"]))
    with served(tmp_path) as (process, info), connected(info) as api:
        after = answer(api, service_id)
        hidden = is_gone(before["started"]), is_gone(after["started"])
        ask(api, "DELETE", f"services/{service_id}")
        process.terminate()
        process.wait(timeout=20)
    os.kill(after["started"], signal.SIGKILL)

    assert before["address"] == after["address"]
    assert (True, False) == hidden
    until(lambda: is_gone(after["pid"]))
