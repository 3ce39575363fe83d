"""The server as a process: how it says where it is, that it is alone, and that it leaves nothing behind."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from fmctl.sandbox.__main__ import main

from .jobs import CODE, Jobs, job
from .test_process_runner import until

KEYS = "endpoint obs_endpoint iam_endpoint region project_id access_key secret_key user password domain"


@contextmanager
def served(state_dir: Path, *options: str) -> Iterator[tuple["subprocess.Popen[str]", dict[str, Any]]]:
    """A server process, ready, and what it has printed."""
    command = [sys.executable, "-m", "fmctl.sandbox", "serve", "--state-dir", str(state_dir), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


@contextmanager
def logged_in(info: dict[str, Any]) -> Iterator[Jobs]:
    user = {"name": info["user"], "password": info["password"], "domain": {"name": info["domain"]}}
    identity = {"methods": ["password"], "password": {"user": user}}
    body = {"auth": {"identity": identity, "scope": {"project": {"name": info["region"]}}}}
    token = httpx.post(info["iam_endpoint"] + "/v3/auth/tokens", json=body).headers["X-Subject-Token"]
    with httpx.Client(base_url=info["endpoint"], headers={"X-Auth-Token": token}) as client:
        yield Jobs(client, info["project_id"])


def test_it_says_where_it_is_and_goes_when_told(tmp_path: Path) -> None:
    """One line of JSON when ready, a file for launchers meanwhile, nothing but the state afterwards."""
    with served(tmp_path) as (process, info):
        note = tmp_path / "server.json"
        found, mode = json.loads(note.read_text()), note.stat().st_mode & 0o777
        alive = httpx.get(info["endpoint"] + "/v3/projects").status_code
        process.terminate()
        code = process.wait(timeout=20)

    assert " ".join(info) == KEYS
    assert (found, mode, alive, code) == ({**info, "clock": "real", "pid": process.pid}, 0o600, 401, 0)
    assert not note.exists()


def test_a_state_folder_has_one_server(tmp_path: Path) -> None:
    """A second server in the same folder ends with an error that names the first."""
    with served(tmp_path) as (process, info):
        command = [sys.executable, "-m", "fmctl.sandbox", "serve", "--state-dir", str(tmp_path)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=20)

    assert (second.returncode, second.stdout) == (1, "")
    assert info["endpoint"] in second.stderr
    assert str(process.pid) in second.stderr
    assert "Traceback" not in second.stderr


def test_it_comes_back_where_it_was(tmp_path: Path) -> None:
    """Port, keys and project stay the same from one start to the next."""
    with served(tmp_path) as (process, first):
        process.terminate()
        process.wait(timeout=20)
    with served(tmp_path) as (_, second):
        assert second == first


def test_a_log_link_needs_no_credential(tmp_path: Path) -> None:
    """The link to a log is signed and works as it is, to be shown or to be saved."""
    with served(tmp_path) as (_, info), logged_in(info) as jobs:
        algorithm = {"engine": {"image_url": "a/b:1"}, "command": "echo done"}
        job_id = jobs.create(job("short", algorithm=algorithm)).json()["metadata"]["id"]
        until(lambda: jobs.phase(job_id) == "Completed")
        link = jobs.request("GET", f"training-jobs/{job_id}/tasks/worker-0/logs/url").json()["obs_url"]
        preview = httpx.get(link)
        wanted = {"Content-Type": "application/octet-stream"}
        answer = jobs.request("GET", f"training-jobs/{job_id}/tasks/worker-0/logs/url", headers=wanted)
        download = httpx.get(answer.json()["obs_url"])

    assert "done" in preview.text
    assert ("text/plain", preview.text) == (preview.headers["Content-Type"].partition(";")[0], download.text)
    assert ("application/octet-stream", "attachment; filename=worker-0.log") == (
        download.headers["Content-Type"],
        download.headers["Content-Disposition"],
    )
    assert CODE not in preview.text


@pytest.mark.parametrize("arguments", [["--port", "99999"], ["--lose-answers", "POST", "/v2/*", "often"], ["--colour"]])
def test_wrong_options_are_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """A wrong option ends with status 2 and its name, before anything is made."""
    with pytest.raises(SystemExit) as caught:
        main(["serve", "--state-dir", str(tmp_path / "state"), *arguments])

    assert caught.value.code == 2
    assert arguments[0] in capsys.readouterr().err
    assert not (tmp_path / "state").exists()
