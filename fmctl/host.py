"""The background process of the sandbox: found by its state folder, started on demand, stopped by its pid.

The sandbox is a program of its own; nothing of it is imported here.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from fmctl.domain.problem import FmctlError
from fmctl.settings import SANDBOX, Context

START_SECONDS = 30.0
STOP_SECONDS = 20.0


def state_dir(environ: Mapping[str, str]) -> Path:
    """Where the sandbox keeps its state: FMCTL_SANDBOX_DIR, else the user's state folder."""
    chosen = environ.get("FMCTL_SANDBOX_DIR")
    if chosen:
        return Path(chosen).absolute()
    base = environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "fmctl" / "sandbox"


def context(folder: Path, environ: Mapping[str, str], notify: Callable[[str], None]) -> Context:
    """The context ``sandbox``; starts it in the background when it is not up, and notifies of it."""
    info = running(folder)
    if info is None:
        info = up(folder, environ)
        notify(f"sandbox started at {info['endpoint']} (stop it with `fmctl sandbox down`)")
    return Context(
        SANDBOX,
        modelarts=info["endpoint"],
        iam=info["iam_endpoint"],
        obs=info["obs_endpoint"],
        region=info["region"],
        project_id=info["project_id"],
        access_key=info["access_key"],
        secret_key=info["secret_key"],
        code_prefix="obs://fmctl-sandbox/code/",
        ledger=str(folder / "ledger"),
        state_dir=str(folder),
    )


def running(folder: Path) -> Mapping[str, str] | None:
    """How to reach the sandbox of this folder, None when it is down; a stale file does not count."""
    try:
        info: dict[str, str] = json.loads((folder / "server.json").read_text("utf-8"))
        os.kill(int(info["pid"]), 0)
    except (OSError, ValueError, KeyError):
        return None
    return info if _answers(info["endpoint"]) else None


def _answers(endpoint: str) -> bool:
    """Whether something speaks HTTP there; any status is an answer. Proxies are not asked about loopback."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(endpoint + "/?apiversion", timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False
    return True


def up(folder: Path, environ: Mapping[str, str]) -> Mapping[str, str]:
    """Start it unless it is up, and wait until it answers. Two callers start one."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _starting(folder):
        info = running(folder)
        if info:
            return info
        process = _spawn(folder, environ)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            info = running(folder)
            if info:
                return info
            if process.poll() is not None:
                break
            time.sleep(0.05)
    msg = f"the sandbox did not start: {_last_words(folder)}"
    raise FmctlError(msg, hint=f"its log is {folder / 'server.log'}")


@contextmanager
def _starting(folder: Path) -> Iterator[None]:
    """One starter at a time; the lock is let go with the descriptor."""
    with (folder / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _spawn(folder: Path, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A process of its own session without inherited descriptors, so that no caller's pipe is kept open."""
    command = [sys.executable, "-m", "fmctl.sandbox", "serve", "--state-dir", str(folder)]
    keep = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT")
    environment = {key: environ[key] for key in keep if key in environ}
    with (folder / "server.log").open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            close_fds=True,
            start_new_session=True,
            cwd=folder,
            env=environment,
        )


def _last_words(folder: Path) -> str:
    try:
        lines = (folder / "server.log").read_text("utf-8", errors="replace").strip().splitlines()
    except OSError:
        return "no log was written"
    return lines[-1] if lines else "its log is empty"


def down(folder: Path) -> bool:
    """Stop it and wait until it has ended; False when it was not up."""
    info = running(folder)
    if info is None:
        return False
    pid = int(info["pid"])
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        if not _alive(pid):
            return True
        time.sleep(0.05)
    msg = f"the sandbox (pid {pid}) did not stop within {STOP_SECONDS:.0f} s"
    raise FmctlError(msg, hint="its log tells why; `kill` it if you must")


def _alive(pid: int) -> bool:
    try:
        done, _ = os.waitpid(pid, os.WNOHANG)  # a child of this very process has to be reaped
        return done == 0
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
