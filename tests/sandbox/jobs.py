"""Requests for training jobs that the tests share."""

from collections.abc import Mapping
from typing import Any

import httpx

from fmctl.sandbox import Sandbox

CODE = "/fmctl-demo/code/"
ENGINE = {"engine_name": "PyTorch", "engine_version": "pytorch_2.1.0-cann_7.0.0-py_3.9-euler_2.10.7-aarch64"}


def upload_code(sandbox: Sandbox, source: str = "print('hello')\n") -> None:
    """Put a boot file where `job` looks for it."""
    with sandbox.store.background():
        sandbox.objects.put("fmctl-demo", "code/train.py", source.encode())


def job(name: str = "j1", **changes: Any) -> dict[str, Any]:
    """A request that works; `algorithm__command="x"` replaces a field below algorithm."""
    body: dict[str, Any] = {
        "kind": "job",
        "metadata": {"name": name, "description": "d", "workspace_id": "0"},
        "algorithm": {"code_dir": CODE, "boot_file": CODE + "train.py", "engine": dict(ENGINE)},
        "spec": {"resource": {"flavor_id": "modelarts.vm.cpu.2u", "node_count": 1}},
    }
    for path, value in changes.items():
        *parents, last = path.split("__")
        target = body
        for parent in parents:
            target = target[parent]
        target[last] = value
    return body


def full_job(name: str = "j1") -> dict[str, Any]:
    """A request that works, with something in every part of it."""
    return job(
        name,
        algorithm__inputs=[{"name": "a", "access_method": "env", "remote": {"obs": {"obs_url": "/fmctl-demo/x/"}}}],
        algorithm__outputs=[{"name": "b", "remote": {"obs": {"obs_url": "/fmctl-demo/y/"}}}],
        algorithm__parameters=[{"name": "lr", "value": "1", "constraint": {"type": "Float"}}],
        algorithm__environments={"K": "V"},
        algorithm__policies={"auto_search": None},
        metadata__annotations={"k": "v"},
        spec__auto_stop={"time_unit": "HOURS", "duration": 1},
        spec__schedule_policy={"priority": 1},
        spec__volumes=[{"nfs": {"nfs_server_path": "1.2.3.4:/", "local_path": "/x"}}],
        spec__log_export_path={"obs_url": "/fmctl-demo/logs/"},
        spec__log_export_config={"version": "v0"},
        spec__custom_metrics=[{"http_get": {"path": "/metrics", "port": 80}}],
        spec__notification={"topic_urn": "urn:smn:sandbox:topic", "events": ["JobFailed"]},
        spec__resource={"pool_id": "pool0a1b2c3d", "flavor_id": "modelarts.pool.visual.xlarge", "node_count": 1},
        endpoints={"ssh": {"key_pair_names": ["k"]}},
    )


class Jobs:
    """The training API for one project."""

    def __init__(self, client: httpx.Client, project_id: str) -> None:
        self._client = client
        self._base = f"/v2/{project_id}"

    def request(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        return self._client.request(method, f"{self._base}/{path}", json=body, headers=headers)

    def create(self, body: dict[str, Any]) -> httpx.Response:
        return self.request("POST", "training-jobs", body)

    def start(self, name: str = "j1", **changes: Any) -> str:
        """The id of a new job."""
        return str(self.create(job(name, **changes)).json()["metadata"]["id"])

    def show(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.request("GET", f"training-jobs/{job_id}").json()
        return found

    def phase(self, job_id: str) -> str:
        return str(self.show(job_id)["status"]["phase"])

    def search(self, **body: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.request("POST", "training-job-searches", body).json()
        return found

    def names(self, **body: Any) -> list[str]:
        return [item["metadata"]["name"] for item in self.search(**body)["items"]]


def code(response: httpx.Response) -> tuple[int, str]:
    """Status and error code."""
    return response.status_code, str(response.json()["error_code"]).removeprefix("ModelArts.")
