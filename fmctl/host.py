"""The background process of the sandbox: found by its state folder, started on demand, stopped by its pid.

The sandbox is a program of its own; nothing of it is imported here.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from fmctl.domain.problem import FmctlError, NotReady, UsageError
from fmctl.settings import SANDBOX, Context

START_SECONDS = 30.0
STOP_SECONDS = 20.0
ADVANCE_SECONDS = 600.0


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
    info = _announced(folder)
    return info if info and _answers(info["endpoint"]) else None


def stuck(folder: Path) -> int | None:
    """The pid of a sandbox that works in this folder and does not answer; None when there is none."""
    return _pid(folder) if running(folder) is None else None


def _announced(folder: Path) -> Mapping[str, str] | None:
    """What the last server here has written, if a process of its pid exists."""
    try:
        info: dict[str, str] = json.loads((folder / "server.json").read_text("utf-8"))
        os.kill(int(info["pid"]), 0)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return info if "endpoint" in info else None


def _pid(folder: Path) -> int | None:
    """The server's pid; None when nothing holds its lock, since then the pid is somebody else's by now."""
    info = _announced(folder)
    return int(info["pid"]) if info and _locked(folder / "lock") else None


def _locked(file: Path) -> bool:
    try:
        with file.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


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
    raise NotReady(msg, hint=f"its log is {folder / 'server.log'}")


@contextmanager
def _starting(folder: Path) -> Iterator[TextIO]:
    """One starter at a time; the lock is let go with the descriptor."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (folder / "start.lock").open("w")
    except OSError as error:
        msg = f"the sandbox cannot keep its state in {folder}: {error.strerror}"
        raise UsageError(msg, hint="name a folder that can be written with FMCTL_SANDBOX_DIR") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


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
    pid = _pid(folder)
    if pid is None:
        return False
    with suppress(ProcessLookupError):  # it has just ended by itself
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        if not _alive(pid):
            return True
        time.sleep(0.05)
    msg = f"the sandbox (pid {pid}) did not stop within {STOP_SECONDS:.0f} s"
    raise FmctlError(msg, hint=f"its log tells why; `kill -9 {pid}` if you must")


def advance(folder: Path, seconds: float) -> float:
    """Let time pass in a sandbox with a virtual clock; the time that it is then, in seconds since the epoch."""
    info = running(folder)
    if info is None:
        msg = "the sandbox is down"
        raise FmctlError(msg, hint="`fmctl sandbox serve --clock virtual` starts one whose time can be moved")
    connection = HTTPConnection(urlsplit(info["endpoint"]).netloc, timeout=ADVANCE_SECONDS)
    try:
        headers = {"X-Sandbox-Access-Key": info["access_key"], "Content-Type": "application/json"}
        connection.request("POST", "/_sandbox/clock", json.dumps({"advance": seconds}), headers)
        answer = json.load(connection.getresponse())
    except (OSError, HTTPException, ValueError) as error:
        msg = f"the sandbox did not move its clock: {error or type(error).__name__}"
        raise FmctlError(msg, hint="its log tells why") from error
    finally:
        connection.close()
    if "now" not in answer:
        msg = str(answer.get("error_msg", "the sandbox did not move its clock"))
        raise FmctlError(msg, hint="`fmctl sandbox serve --clock virtual` starts one whose time can be moved")
    return float(answer["now"])


def forget(folder: Path) -> None:
    """Stop it and remove what it keeps; a folder that no sandbox made is left as it is."""
    if not folder.exists():
        return
    if not _is_sandbox(folder):
        msg = f"{folder} does not look like a sandbox's folder; it is left as it is"
        raise FmctlError(msg)
    with _starting(folder) as lock:  # nobody starts one on what is being removed
        down(folder)
        for entry in folder.iterdir():  # not the folder itself, which may be a link or a mount
            if entry.name != Path(lock.name).name:
                _remove(entry)


def _remove(entry: Path) -> None:
    try:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink(missing_ok=True)
    except OSError as error:
        msg = f"cannot remove {error.filename}: {error.strerror}"
        raise FmctlError(msg) from error


def _is_sandbox(folder: Path) -> bool:
    """Whether what is in a folder may be removed: nothing is, or a sandbox or its start made it."""
    return folder.is_dir() and (
        any((folder / name).exists() for name in ("sandbox.sqlite", "start.lock")) or not any(folder.iterdir())
    )


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
