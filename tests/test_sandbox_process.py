"""The example as a user meets it: the real program, a real sandbox in the background, real jobs and predictions."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "manifests"
FMCTL = Path(sysconfig.get_path("scripts")) / "fmctl"


class Shell:
    """fmctl in a working directory of its own, with its output captured as a pipeline would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        keep = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
        self.environment = {name: os.environ[name] for name in keep if name in os.environ}
        self.environment |= {"XDG_STATE_HOME": str(folder / "state"), "CI": "true"}

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(FMCTL)] if FMCTL.exists() else [sys.executable, "-m", "fmctl"]
        return subprocess.run(
            [*command, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,  # a sandbox that kept these pipes would keep this call from coming back
            text=True,
            timeout=100,
        )


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A copy of the example, applied once."""
    folder = tmp_path_factory.mktemp("example")
    shutil.copytree(EXAMPLE, folder / "manifests")
    made = Shell(folder)
    try:
        first = made("apply", "-f", "manifests/")
        (folder / "first.out").write_text(first.stdout)
        (folder / "first.err").write_text(first.stderr)
        assert first.returncode == 0, first.stderr
        yield made
    finally:
        down = made("sandbox", "down")
        assert "sandbox is down" in down.stdout


def test_apply_ends_and_prints(shell: Shell) -> None:
    """The first apply comes back though it started a sandbox, and says what it did and where the service is."""
    out = (shell.folder / "first.out").read_text()

    assert "Plan: 5 to add, 0 to change, 0 to destroy. Runs: 3 to start, 0 to stop." in out
    assert "Applied: 5 added, 0 changed, 0 destroyed. Runs: 3 started, 0 stopped." in out
    assert "Service/digits: http://127.0.0.1:" in out
    assert "sandbox started" in (shell.folder / "first.err").read_text()


def test_the_second_apply_has_nothing_to_do(shell: Shell) -> None:
    """Applied twice, nothing changes."""
    again = shell("apply", "-f", "manifests/")

    assert 0 == again.returncode, again.stderr
    assert "No changes." in again.stdout.splitlines()


@pytest.mark.parametrize("digit", [0, 3, 7])
def test_the_service_reads_digits(shell: Shell, digit: int) -> None:
    """What was trained, published and deployed answers right."""
    sample = f"manifests/samples/digit-{digit}.json"
    answer = shell("predict", "Service/digits", "--file", sample, "--context", "sandbox")

    assert 0 == answer.returncode, answer.stderr
    assert digit == json.loads(answer.stdout)["predictions"][0]["label"]


def test_the_remote_side_is_the_state(shell: Shell) -> None:
    """Without the ledger and from a fresh clone elsewhere, diff prints the same."""
    shutil.copytree(shell.folder / "manifests", shell.folder / "clone")
    ledger = shell.folder / "state" / "fmctl" / "sandbox" / "ledger"
    ledger.rename(ledger.with_name("hidden"))
    try:
        found = shell("diff", "-f", "clone/")
    finally:
        ledger.with_name("hidden").rename(ledger)

    assert (0, "No changes.") == (found.returncode, found.stdout.strip().splitlines()[-1])


def test_a_changed_service_is_drift_and_is_put_back(shell: Shell) -> None:
    """What is stopped behind the manifest's back is started again, and stays what it was."""
    stopped = shell("stop", "Service/digits", "-y", "--context", "sandbox")
    seen = shell("diff", "-f", "manifests/")
    back = shell("apply", "-f", "manifests/")

    assert 0 == stopped.returncode, stopped.stderr
    assert 1 == seen.returncode, seen.stderr
    assert "▶ Service/digits  # drift" in seen.stdout
    assert 0 == back.returncode, back.stderr
