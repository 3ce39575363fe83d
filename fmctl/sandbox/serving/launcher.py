"""Starts instances as subprocesses of this server: one Python process for each, on a loopback port of its own."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from fmctl.sandbox.serving.instances import (
    Answer,
    Instance,
    InstanceLost,
    InstanceSpec,
    InstanceState,
    InstanceTooSlow,
    Query,
    Usage,
)
from fmctl.sandbox.serving_host.orders import CommandOrders, Orders

MARK = "SERVICE_LOG"
"""The variable by which a process that a model has started is known: it names the log, and so the service."""
PACKAGE_ROOT = Path(__file__).parents[3]
FIRST_CHECKS = 0.05  # seconds between health checks until the first one passes
REPORT_PATIENCE = 1.0
MEGABYTE = 1024 * 1024


class ProcessLauncher:
    """The real launcher. `path` is the PATH of the instances; nothing else of the server's environment reaches them."""

    def __init__(self, path: str = os.defpath) -> None:
        self._path = path

    def start(self, spec: InstanceSpec) -> Instance:
        """Start the hosting process; it loads the model by itself."""
        return ProcessInstance(spec, self._environment(spec))

    def _environment(self, spec: InstanceSpec) -> dict[str, str]:
        own = {"PATH": self._path, "HOME": str(spec.folder.parent), "PYTHONUNBUFFERED": "1", "LANG": "C.UTF-8"}
        search = [str(PACKAGE_ROOT), *filter(None, [spec.envs.get("PYTHONPATH")])]
        return own | dict(spec.envs) | {"PYTHONPATH": os.pathsep.join(search), MARK: str(spec.log)}


def end_leftovers(folder: Path) -> None:
    """End what services whose logs are below `folder` have left behind.

    Instances end with their server, however it ends; what a model has started in a session of its own does not.
    """
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if Path(process.environ().get(MARK, "/")).is_relative_to(folder):
                process.kill()


class ProcessInstance:
    """One hosting process, its status pipe and its health checks."""

    def __init__(self, spec: InstanceSpec, environment: dict[str, str]) -> None:
        self._health = spec.health
        self._status_pipe, child_end = os.pipe()
        try:
            self._process = _spawn(spec, environment, child_end)
        finally:
            os.close(child_end)
        self._port: int | None = None
        self._health_port: int | None = None
        self._error = ""
        self._verdict = InstanceState.STARTING
        self._reported = threading.Event()
        self._ended = threading.Event()
        self._counting = threading.Lock()
        self._held = 0
        self._stopping = False
        self._usage: psutil.Process | None = None
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def error(self) -> str:
        """What the process reported when it could not load the model, or what its health check says."""
        return self._error

    def state(self) -> InstanceState:
        """The verdict of the watching thread, unless the process is gone."""
        if self._process.poll() is None:
            return self._verdict
        self._reported.wait(REPORT_PATIENCE)  # its last words are in the pipe, and may not have been read yet
        self.kill()  # what it started may have outlived it
        return InstanceState.ENDED

    def send(self, query: Query, timeout: float) -> Answer:
        """One request over a connection of its own."""
        return self._send(self._port, query, timeout)

    def _send(self, port: int | None, query: Query, timeout: float) -> Answer:
        if port is None:
            raise InstanceLost
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        try:
            connection.request(query.method, query.path, body=query.body, headers=dict(query.headers))
            reply = connection.getresponse()
            return Answer(reply.status, reply.headers.get("Content-Type", "application/json"), reply.read())
        except TimeoutError as error:
            raise InstanceTooSlow from error
        except (OSError, http.client.HTTPException) as error:
            raise InstanceLost from error
        finally:
            connection.close()

    def usage(self) -> Usage:
        """CPU since the last question, and resident memory."""
        try:
            self._usage = self._usage or psutil.Process(self._process.pid)
            share = self._usage.cpu_percent(interval=None)
            return Usage(round(share / 100, 3), self._usage.memory_info().rss // MEGABYTE)
        except psutil.Error:
            return Usage()

    def hold(self) -> None:
        """One request more is on its way."""
        with self._counting:
            self._held += 1

    def release(self) -> None:
        """One request less; the last one lets it end if it should."""
        with self._counting:
            self._held -= 1
        if self._stopping:
            self.stop()

    def stop(self) -> None:
        """SIGTERM to the whole group, once it is idle: the script may have its own way to end."""
        with self._counting:
            self._stopping = True
            idle = self._held == 0
        if idle and self._process.poll() is None:
            self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL to the whole group, and reap it; once only, since the number may be another's afterwards."""
        if self._ended.is_set():
            return
        self._ended.set()
        self._signal(signal.SIGKILL)
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _watch(self) -> None:
        """Read the one report of the process, then check its health for as long as it lives."""
        report = self._read_report()
        os.close(self._status_pipe)
        self._error = report.get("error", "")
        self._port = report.get("port")
        self._health_port = report.get("health_port", self._port)
        self._reported.set()
        if self._port is not None:
            self._check_health_until_ended()

    def _read_report(self) -> dict[str, Any]:
        """Empty when the process died, or was stopped, without a word."""
        text = b""
        pipe = select.poll()  # select() itself takes no descriptor above 1023
        pipe.register(self._status_pipe, select.POLLIN | select.POLLHUP)
        while not self._ended.is_set() and not text.endswith(b"\n"):
            readable = pipe.poll(500)
            chunk = os.read(self._status_pipe, 65536) if readable else None
            if chunk == b"":
                return {}
            text += chunk or b""
        return dict(json.loads(text)) if text.endswith(b"\n") else {}

    def _check_health_until_ended(self) -> None:
        failures, born = 0, time.monotonic()
        while not self._ended.is_set():
            if self._is_healthy():
                failures, self._error, self._verdict = 0, "", InstanceState.READY
            elif time.monotonic() - born >= self._health.initial_delay:
                failures += 1
            if failures >= self._health.threshold:
                self._error, self._verdict = "its health check fails", InstanceState.UNHEALTHY
            self._ended.wait(self._pause())

    def _pause(self) -> float:
        return self._health.period if self._verdict is InstanceState.READY else min(self._health.period, FIRST_CHECKS)

    def _is_healthy(self) -> bool:
        try:
            answer = self._send(self._health_port, Query("GET", self._health.url, {}, b""), self._health.timeout)
        except (InstanceLost, InstanceTooSlow):
            return False
        return 200 <= answer.status < 300


def _host(spec: InstanceSpec) -> tuple[str, str]:
    """The program that surrounds what runs, and its orders."""
    if spec.command:
        container = CommandOrders(
            command=spec.command,
            container_port=spec.port,
            health_url=spec.health.url,
            health_command=spec.health.command,
            health_timeout=spec.health.timeout,
            python_path=spec.envs.get("PYTHONPATH", ""),
        )
        return "fmctl.sandbox.serving_host.command", container.to_text()
    orders = Orders(
        folder=str(spec.folder),
        model_name=spec.model_name,
        model_type=spec.model_type,
        api_method=spec.api_method,
        health_url=spec.health.url,
        health_command=spec.health.command,
        health_timeout=spec.health.timeout,
    )
    return "fmctl.sandbox.serving_host", orders.to_text()


def _spawn(spec: InstanceSpec, environment: dict[str, str], status_fd: int) -> subprocess.Popen[bytes]:
    # -P: a file of the model must not stand in for a module that the host imports before the script is loaded.
    command = [sys.executable, "-P", "-m", *_host(spec), str(status_fd)]
    spec.log.parent.mkdir(parents=True, exist_ok=True)
    with spec.log.open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=spec.folder,
            env=environment,
            stdin=subprocess.PIPE,  # held open for as long as this server lives; see serving_host
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[status_fd],
            start_new_session=True,
        )
