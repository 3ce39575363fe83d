"""The command line of virtual time and of scripts: what is asked for happens, what is wrong is explained."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from commandline import CommandLine

SCRIPT = {"jobs": {"*": {"duration": 3000, "log": "played"}}}


@pytest.fixture
def fmctl(tmp_path: Path) -> CommandLine:
    """A command line whose sandbox nobody has started."""
    keep = {key: os.environ[key] for key in ("PATH", "HOME", "VIRTUAL_ENV", "PYTHONPATH") if key in os.environ}
    return CommandLine(tmp_path, {**keep, "FMCTL_SANDBOX_DIR": str(tmp_path / "sandbox"), "PYTHONUTF8": "1"})


@contextmanager
def served(fmctl: CommandLine, *options: str) -> Iterator[None]:
    """A sandbox in the foreground of another process, ready."""
    command = fmctl.command("sandbox", "serve", *options)
    with subprocess.Popen(
        command, cwd=fmctl.folder, env=dict(fmctl.environ), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout
        try:
            assert json.loads(process.stdout.readline())
            yield
        finally:
            process.terminate()


def test_hours_pass_in_a_moment(fmctl: CommandLine) -> None:
    """A job of fifty minutes goes on after half an hour and has ended after two, with the log of the script."""
    (fmctl.folder / "play.json").write_text(json.dumps(SCRIPT))
    seen = []
    with served(fmctl, "--clock", "virtual", "--start", "2025-01-01", "--script", "play.json"):
        fmctl("init", "starter")
        started = fmctl("apply", "-f", "starter", "--context", "sandbox", "--no-wait")
        for length in ("30m", "90m"):
            moved = fmctl("sandbox", "advance", length).out
            [job] = json.loads(fmctl("get", "TrainingJob", "-o", "json", "--context", "sandbox").out)["items"]
            seen.append((moved, job["status"]["phase"]))
        log = fmctl("logs", "TrainingJob/starter-train", "--context", "sandbox").out
        told = fmctl("sandbox", "status").out

    assert 0 == started.code, started.err
    assert [("2025-01-01T00:30:00Z\n", "Running"), ("2025-01-01T02:00:00Z\n", "Completed")] == seen
    assert "played\n" == log
    assert "virtual time 2025-01-01T02:00:00Z" in told


def test_real_time_is_not_moved(fmctl: CommandLine) -> None:
    """The refusal says which sandbox could do it; so does the error when there is none."""
    down = fmctl("sandbox", "advance", "1h")
    with served(fmctl):
        real = fmctl("sandbox", "advance", "1h")

    assert (True, True) == (down.code != 0, real.code != 0)
    assert "the sandbox is down" in down.err
    assert "--clock virtual" in real.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("serve", "--rate", "60"), "--clock virtual"),
        (("serve", "--clock", "virtual", "--rate", "inf"), "--rate inf"),
        (("serve", "--start", "2025-01-01"), "--clock virtual"),
        (("serve", "--clock", "virtual", "--start", "soon"), "--start soon"),
        (("serve", "--clock", "broken"), "--clock"),
        (("serve", "--fail", "GET /v1/* 3"), "not METHOD PATH-GLOB N STATUS"),
        (("serve", "--fail", "GET /v1/* 3 404"), "429, 500, 502, 503, 504"),
        (("serve", "--script", "missing.json"), "missing.json cannot be read"),
        (("serve", "--script", "wrong.json"), "wrong.json: modles: unknown"),
        (("advance", "3"), "not a duration"),
    ],
)
def test_wrong_options_are_explained(fmctl: CommandLine, options: tuple[str, ...], words: str) -> None:
    """Exit code 2 with what is wrong, before anything is made."""
    (fmctl.folder / "wrong.json").write_text('{"modles": {}}')
    answer = fmctl("sandbox", *options)

    assert 2 == answer.code
    assert words in answer.err
    assert not Path(fmctl.environ["FMCTL_SANDBOX_DIR"]).exists()


def test_a_burst_of_errors_is_waited_out(fmctl: CommandLine) -> None:
    """Reads that are refused are tried again, however they are refused; what is to happen happens once."""
    burst = ("--fail", "GET /v1/*/services 1 503", "--fail", "GET /v1/*/models 1 502", "--retry-after", "0.1")
    (fmctl.folder / "play.json").write_text(json.dumps({"jobs": {"*": {}}, "models": {"*": {}}, "services": {"*": {}}}))
    fmctl("init", "starter")
    with served(fmctl, *burst, "--script", "play.json"):
        done = fmctl("apply", "-f", "starter", "--context", "sandbox")

    assert (0, True) == (done.code, "Applied: 3 added" in done.out), done.err


def test_a_sandbox_may_want_to_be_authorized(fmctl: CommandLine) -> None:
    """No job starts before ModelArts may act for its user, and the exit code says that it is about permission."""
    with served(fmctl, "--require-authorization"):
        fmctl("init", "starter")
        refused = fmctl("apply", "-f", "starter", "--context", "sandbox")

    assert (3, True) == (refused.code, "ModelArts.2785" in refused.err + refused.out)
