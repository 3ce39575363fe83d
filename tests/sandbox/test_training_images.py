"""Images of jobs and ranks of their workers, through Huawei's SDK."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fmctl.sandbox import Sandbox
from fmctl.sandbox.server import Server

from .conftest import running
from .jobs import job, upload_code
from .sdk_surface import sdk_home
from .sdk_world import POOL, sdk_client
from .test_process_runner import until
from .test_training_progress import logged_in

SOURCE = """import os, pathlib, time
pathlib.Path("lib").mkdir()
tool = pathlib.Path("lib", "tool.sh")
tool.write_text("#!/bin/sh\\necho made by hand\\n")
tool.chmod(0o755)
os.symlink("/etc/passwd", "outside")
print("ready", flush=True)
time.sleep(120)
"""
NAME = {"name": "env", "namespace": "team", "tag": "1.0"}


class Debugging:
    """Jobs that stand still, through the SDK's own methods."""

    def __init__(self, server: Server) -> None:
        from huaweicloudsdkmodelarts.v1 import model

        self.server = server
        self.client = sdk_client(server.info)
        self.model = model

    def start(self, body: dict[str, Any]) -> str:
        return str(self.client.create_training_job(self.model.CreateTrainingJobRequest(body=body)).metadata.id)

    def phase(self, job_id: str) -> str:
        request = self.model.ShowTrainingJobDetailsRequest(training_job_id=job_id)
        return str(self.client.show_training_job_details(request).status.phase)

    def log(self, job_id: str) -> str:
        request = self.model.ShowTrainingJobLogsPreviewRequest(training_job_id=job_id, task_id="worker-0")
        return str(self.client.show_training_job_logs_preview(request).content or "")

    def save(self, job_id: str, task: str = "worker-0", **changes: str) -> Any:
        body = self.model.ImageSaveJob(**NAME | changes)
        request = self.model.CreateSaveImageJobRequest(training_job_id=job_id, task_id=task, body=body)
        return self.client.create_save_image_job(request)

    def image(self, job_id: str, task: str = "worker-0") -> Any:
        request = self.model.ShowSaveImageJobRequest(training_job_id=job_id, task_id=task)
        return self.client.show_save_image_job(request)

    def plan(self, job_id: str) -> tuple[str, str]:
        request = self.model.ShowTrainingJobRoutePlanRequest(training_job_id=job_id)
        found = self.client.show_training_job_route_plan(request)
        assert job_id == found.job_id
        return found.status, found.rank_mapping

    def delete(self, job_id: str) -> None:
        self.client.delete_training_job(self.model.DeleteTrainingJobRequest(training_job_id=job_id))

    def refusal(self, job_id: str, **changes: str) -> tuple[int, str]:
        from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

        with pytest.raises(ClientRequestException) as error:
            self.save(job_id, **changes)
        return error.value.status_code, str(error.value.error_code).removeprefix("ModelArts.")


@pytest.fixture(scope="module")
def debugging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Debugging]:
    folder = tmp_path_factory.mktemp("image")
    with sdk_home(folder), running(Server(folder / "state")) as server:
        upload_code(server.sandbox, SOURCE)
        yield Debugging(server)


@pytest.fixture(scope="module")
def prepared(debugging: Debugging) -> str:
    """A debug job that has made files and still runs."""
    job_id = debugging.start(job("prepared", spec__runtime_type="debug"))
    until(lambda: "ready" in debugging.log(job_id))
    return job_id


def test_a_saved_image_is_what_another_job_begins_with(debugging: Debugging, prepared: str) -> None:
    """It goes from INIT to ACTIVE, and a job that names it finds the files, and what may be executed of them."""
    first = debugging.save(prepared, description="with a tool")
    until(lambda: debugging.image(prepared).status not in ("INIT", "CREATING"))
    saved = debugging.image(prepared)
    algorithm = {"engine": {"image_url": "swr.example.com/team/env:1.0"}, "command": "./code/lib/tool.sh && ls code;"}
    user = debugging.start(job("user", algorithm=algorithm))
    until(lambda: debugging.phase(user) in ("Completed", "Failed"))
    written = debugging.log(user)

    assert ("INIT", "ACTIVE", "with a tool") == (first.status, saved.status, saved.description)
    assert "2 files are saved in /fmctl-sandbox/images/team/env:1.0.tar.gz." == saved.message
    assert isinstance(saved.create_time, int)
    assert "Completed" == debugging.phase(user), written
    assert "image swr.example.com/team/env:1.0: 2 files" in written
    assert "made by hand\nlib\ntrain.py\n" in written


def test_every_node_has_an_image_of_its_own(debugging: Debugging) -> None:
    """Of a job with several nodes it is saved what the one has made that is asked about."""
    resource = {"flavor_id": "modelarts.vm.cpu.8u", "node_count": 2}
    upload_code(debugging.server.sandbox, "import os, time\nopen(os.environ['VC_TASK_INDEX'], 'w')\ntime.sleep(120)\n")
    job_id = debugging.start(job("nodes", spec__runtime_type="debug", spec__resource=resource))
    folder = debugging.server.sandbox.state_dir / "jobs" / job_id
    until(lambda: any(folder.glob("worker-1/user-job-dir/*/1")))
    debugging.save(job_id, task="worker-1", tag="node")
    until(lambda: debugging.image(job_id, "worker-1").status == "ACTIVE")
    packed = debugging.server.sandbox.objects.get("fmctl-sandbox", "images/team/env:node.tar.gz")
    debugging.delete(job_id)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        names = archive.getnames()

    assert ["code/1", "code/train.py"] == names


def test_images_are_saved_of_running_debug_jobs(debugging: Debugging, prepared: str) -> None:
    """Once under a name, under a name that is one; and there is none before the first was asked for."""
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

    plain = debugging.start(job("plain", spec__runtime_type="production"))
    debugging.save(prepared, tag="2.0")
    busy = debugging.refusal(prepared, tag="3.0")
    until(lambda: debugging.image(prepared).status == "ACTIVE")
    with pytest.raises(ClientRequestException) as none:
        debugging.image(plain)

    production = debugging.refusal(plain)
    debugging.delete(plain)

    assert ((400, "2879"), (400, "2880")) == (production, busy)
    assert (400, "2884") == debugging.refusal(prepared, tag="2.0")
    assert [(400, "2788")] * 3 == [
        debugging.refusal(prepared, **wrong) for wrong in ({"name": "A b"}, {"tag": "x/y"}, {"description": "d" * 513})
    ]
    assert (404, "ModelArts.2881") == (none.value.status_code, none.value.error_code)


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"pool_id": POOL, "flavor_id": "modelarts.pool.visual.8xlarge", "node_count": 3}, "success"),
        ({"pool_id": POOL, "flavor_id": "modelarts.pool.visual.8xlarge", "node_count": 2}, "failed"),
        ({"flavor_id": "modelarts.vm.cpu.8u", "node_count": 3}, "failed"),
    ],
)
def test_routes_are_planned_for_three_nodes_of_a_pool(
    debugging: Debugging, resource: dict[str, Any], expected: str
) -> None:
    """When such a job runs; any other, and one that does not run yet, has the order of its workers."""
    nodes = resource["node_count"]
    mapping = ",".join(f"{worker}-{worker}" for worker in range(nodes))
    job_id = debugging.start(job(f"{expected}-{len(resource)}-{nodes}", spec__resource=resource))
    early = debugging.plan(job_id)
    until(lambda: debugging.phase(job_id) == "Running")
    then = debugging.plan(job_id)
    debugging.delete(job_id)

    assert [("failed", mapping), (expected, mapping)] == [early, then]


def test_an_image_that_cannot_be_finished_says_so(tmp_path: Path) -> None:
    """The sandbox has ended first, and the job with it."""
    image = "training-jobs/{}/tasks/worker-0/save-image-job"
    ended = Sandbox(tmp_path / "state")
    upload_code(ended, "import time\ntime.sleep(60)\n")
    with logged_in(ended) as jobs:
        job_id = jobs.start("d", spec__runtime_type="debug")
        until(lambda: jobs.phase(job_id) == "Running")
        began = jobs.request("POST", image.format(job_id), NAME).json()["status"]
    ended.close()
    again = Sandbox(tmp_path / "state")
    with logged_in(again) as jobs:
        restarted = jobs.request("GET", image.format(job_id)).json()
    again.close()

    assert ("INIT", "CREATE_FAILED", "The sandbox was restarted.") == (began, restarted["status"], restarted["message"])
