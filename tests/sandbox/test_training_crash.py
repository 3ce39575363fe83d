"""What becomes of jobs when their server is killed, seen through Huawei's SDK and the table of processes."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from .jobs import job
from .sdk_surface import sdk_home
from .sdk_world import sdk_client
from .test_process_runner import until
from .test_server import served

LONG = "echo pid=$$\\; && sleep 600"
STUBBORN = "trap '' TERM; echo pid=$$\\; ; while true; do sleep 1; done"
DAEMON = "setsid sh -c 'echo pid=$$\\; ; exec sleep 600' & sleep 600"
ENDED = ("Completed", "Failed", "Abnormal", "Terminated")


class Talk:
    """The SDK's client of one server, in the words of these tests."""

    def __init__(self, info: dict[str, Any]) -> None:
        from huaweicloudsdkmodelarts.v1 import model

        self._model = model
        self._client = sdk_client(info)

    def start(self, name: str, command: str = "echo done") -> str:
        body = job(name, algorithm={"engine": {"image_url": "a/b:1"}, "command": command})
        made = self._client.create_training_job(self._model.CreateTrainingJobRequest(body=body))
        return str(made.metadata.id)

    def stop(self, job_id: str) -> str:
        request = self._model.StopTrainingJobRequest(training_job_id=job_id, body={"action_type": "terminate"})
        return str(self._client.stop_training_job(request).status.phase)

    def status(self, job_id: str) -> Any:
        request = self._model.ShowTrainingJobDetailsRequest(training_job_id=job_id)
        return self._client.show_training_job_details(request).status

    def pid(self, job_id: str) -> int:
        """The process that the job has told of, once it has."""
        found: list[str] = []

        def told() -> bool:
            request = self._model.ShowTrainingJobLogsPreviewRequest(training_job_id=job_id, task_id="worker-0")
            content = self._client.show_training_job_logs_preview(request).content or ""
            found[:] = [line[4:-1] for line in content.splitlines() if line.startswith("pid=")]
            return bool(found)

        until(told)
        return int(found[0])


@pytest.fixture(autouse=True)
def home(tmp_path: Path) -> Iterator[None]:
    with sdk_home(tmp_path / "home"):
        yield


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def keepers(state_dir: Path) -> list[psutil.Process]:
    """The processes that wait for the end of the server of a folder."""
    found = [process for process in psutil.process_iter(["cmdline"]) if process.info["cmdline"]]
    return [process for process in found if process.info["cmdline"][-1] == str(state_dir / "jobs")]


def test_no_process_of_a_job_outlives_its_server(tmp_path: Path) -> None:
    """A kill -9 of the server ends its jobs, and what they have put into the background, and the keeper itself."""
    state_dir = tmp_path / "state"
    with served(state_dir) as (process, info):
        talk = Talk(info)
        pids = [talk.pid(talk.start(name, command)) for name, command in (("a", STUBBORN), ("b", DAEMON))]
        alive = [is_alive(pid) for pid in pids]
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    assert [True, True] == alive
    until(lambda: not any(is_alive(pid) for pid in pids))
    until(lambda: not keepers(state_dir))


def test_the_next_server_ends_what_nobody_kept(tmp_path: Path) -> None:
    """With its keeper killed, too, a job runs on until the next start, which ends it and calls it lost."""
    state_dir = tmp_path / "state"
    with served(state_dir) as (process, info):
        job_id = Talk(info).start("a", LONG)
        pid = Talk(info).pid(job_id)
        for keeper in keepers(state_dir):
            keeper.kill()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    survived = is_alive(pid)
    with served(state_dir) as (_, info):
        status = Talk(info).status(job_id)

    assert survived
    assert ("Abnormal", "Lost") == (status.phase, status.secondary_phase)
    until(lambda: not is_alive(pid))


def test_every_phase_survives_a_killed_server(tmp_path: Path) -> None:
    """What ran is lost, what was being stopped is stopped, and what waited, or was just created, runs later."""
    state_dir = tmp_path / "state"
    with served(state_dir, "--jobs-at-once", "2") as (process, info):
        talk = Talk(info)
        running, stopping = talk.start("running", LONG), talk.start("stopping", STUBBORN)
        talk.pid(running), talk.pid(stopping)
        pending = talk.start("pending")
        until(lambda: talk.status(pending).phase == "Pending")
        created, stopped = talk.start("created"), talk.stop(stopping)
        before = [talk.status(one).phase for one in (running, stopping, pending, created)]
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with served(state_dir) as (_, info):
        talk = Talk(info)
        after = [talk.status(one) for one in (running, stopping)]
        until(lambda: all(talk.status(one).phase in ENDED for one in (pending, created)))
        later = [talk.status(one).phase for one in (pending, created)]

    assert ("Terminating", ["Running", "Terminating", "Pending", "Creating"]) == (stopped, before)
    assert [("Abnormal", "Lost"), ("Terminated", "Terminated")] == [(one.phase, one.secondary_phase) for one in after]
    assert all(one.running_records[0].end_at for one in after)
    assert ["Completed", "Completed"] == later


def test_stopping_a_job_ends_all_of_it(tmp_path: Path) -> None:
    """Also what has left the process group of the job."""
    with served(tmp_path / "state") as (_, info):
        talk = Talk(info)
        job_id = talk.start("a", DAEMON)
        pid = talk.pid(job_id)
        talk.stop(job_id)
        until(lambda: talk.status(job_id).phase == "Terminated")
        alive = is_alive(pid)

    assert not alive
