"""The background process of the sandbox, and the folder it is found by."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

import pytest

from fmctl import host
from fmctl.domain.problem import FmctlError, UsageError

NOBODY = "http://127.0.0.1:1"

ANNOUNCEMENTS = {
    "nothing": "",
    "no JSON": "{",
    "no object": "[]",
    "no endpoint": json.dumps({"pid": os.getpid()}),
    "no pid": json.dumps({"endpoint": NOBODY}),
    "nobody answers": json.dumps({"pid": os.getpid(), "endpoint": NOBODY}),
}


@pytest.mark.parametrize("text", ANNOUNCEMENTS.values(), ids=ANNOUNCEMENTS.keys())
def test_what_no_server_stands_behind_is_no_sandbox(tmp_path: Path, text: str) -> None:
    """A stale or broken announcement counts as down, and its pid, which may be anybody's, is not signalled."""
    (tmp_path / "server.json").write_text(text)
    (tmp_path / "lock").touch()

    assert (None, None, False) == (host.running(tmp_path), host.stuck(tmp_path), host.down(tmp_path))


def test_a_server_that_does_not_answer_is_not_down(tmp_path: Path) -> None:
    """Who holds the folder's lock works there, answer or not."""
    (tmp_path / "server.json").write_text(ANNOUNCEMENTS["nobody answers"])
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stuck = host.stuck(tmp_path)

    assert os.getpid() == stuck


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """A file where the folder should be is an error with a way out."""
    (tmp_path / "file").touch()

    with pytest.raises(UsageError, match="cannot keep its state") as caught:
        host.up(tmp_path / "file", {})

    assert "FMCTL_SANDBOX_DIR" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["lock", "thesis.tex"])
def test_only_what_a_sandbox_made_is_forgotten(tmp_path: Path, name: str) -> None:
    """A folder of somebody else's files is left as it is, whatever they are called."""
    (tmp_path / name).touch()

    with pytest.raises(FmctlError, match="does not look like"):
        host.forget(tmp_path)

    assert [name] == os.listdir(tmp_path)


def test_forgetting_follows_the_link_to_the_folder_and_none_inside(tmp_path: Path) -> None:
    """The state may be kept elsewhere by a link; what links in it point to stays."""
    real, kept = tmp_path / "real", tmp_path / "kept"
    (real / "jobs").mkdir(parents=True)
    (real / "sandbox.sqlite").touch()
    kept.mkdir()
    (real / "jobs" / "out").symlink_to(kept)
    (real / "away").symlink_to(kept)
    (tmp_path / "link").symlink_to(real)

    host.forget(tmp_path / "link")

    assert ({"start.lock"}, True) == (set(os.listdir(real)), kept.is_dir())
