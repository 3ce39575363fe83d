"""Really runs jobs: each of their nodes in a process group of its own, watched by a thread.

The log file is open to readers while the job writes it. Jobs run as the user who runs the sandbox: what they get is an
environment of their own, not a machine of their own. By that environment a keeper finds them when the server is
killed, and the server itself when it starts again.
"""

import logging
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from fmctl.sandbox.keeper import Keeper, end_jobs
from fmctl.sandbox.meter import Meter, read_samples
from fmctl.sandbox.objects import Objects, ObsError
from fmctl.sandbox.programs import SHELL
from fmctl.sandbox.runner import Ended, Outlook
from fmctl.sandbox.workdir import CannotPrepare, Workdir, counted, log_path, metrics_path, nodes_of

GRACE_SECONDS = 5.0
"""How long a job may take to end after SIGTERM, before SIGKILL."""
UPLOAD_SECONDS = 2.0
"""How often outputs are sent while a job runs. ModelArts takes 30 seconds; here nobody wants to wait for that."""
POLL_SECONDS = 0.05
TROUBLE = 1
"""The exit code of a job that could not begin, or whose outputs could not be stored."""
log = logging.getLogger(__name__)


class ProcessRunner:
    """A folder for each job, in which each of its nodes runs."""

    def __init__(self, objects: Objects, root: Path, *, grace: float = GRACE_SECONDS) -> None:
        self._objects = objects
        self._root = root
        self._grace = grace
        self._running: dict[str, _Run] = {}
        self._begun: set[str] = set()
        self._keeper: Keeper | None = None

    def outlook(self, job_id: str, job: Mapping[str, Any]) -> Outlook:
        """A real job waits for room alone."""
        return Outlook()

    def start(self, job_id: str, job: Mapping[str, Any], now: float) -> None:
        self._keeper = self._keeper or Keeper(self._root)
        folder = self._root / job_id
        self._begun.discard(job_id)
        works = [Workdir(folder, job, self._objects, node) for node in range(nodes_of(job))]
        self._running[job_id] = _Run(works, self._grace)

    def has_begun(self, job_id: str) -> bool:
        if job_id in self._running and self._running[job_id].has_begun:
            self._begun.add(job_id)
        return job_id in self._begun

    def poll(self, job_id: str, now: float) -> Ended | None:
        run = self._running.get(job_id)
        if run is None:
            return Ended(None, "The process of the job is gone.")
        if ended := run.ended:
            self.has_begun(job_id)  # to be asked for when the run is gone
            del self._running[job_id]
        return ended

    def stop(self, job_id: str, now: float) -> None:
        if job_id in self._running:
            self._running[job_id].stop()

    def log(self, job_id: str, task: str) -> bytes | None:
        path = log_path(self._root / job_id, task)
        return path.read_bytes() if path.exists() else None

    def metrics(self, job_id: str, task: str) -> Mapping[str, list[float]] | None:
        return read_samples(metrics_path(self._root / job_id, task))

    def folder(self, job_id: str) -> Path:
        return self._root / job_id

    def forget(self, job_id: str) -> None:
        self._begun.discard(job_id)
        if run := self._running.pop(job_id, None):
            run.stop()
        shutil.rmtree(self._root / job_id, ignore_errors=True)

    def recover(self, job_id: str) -> None:
        end_jobs(self._root / job_id)

    def close(self) -> None:
        for run in self._running.values():
            run.stop()
        for run in self._running.values():
            run.join()
        if self._keeper:
            self._keeper.close()


class _Run:
    """One job: a thread for each of its nodes. When one of them fails, the others are stopped."""

    def __init__(self, works: Sequence[Workdir], grace: float) -> None:
        self._stopping = threading.Event()
        self._failed: list[_Node] = []
        self._nodes = [_Node(work, grace, self._stopping, self._failed.append) for work in works]
        self._threads = [threading.Thread(target=node.main, name=node.name, daemon=True) for node in self._nodes]
        for thread in self._threads:
            thread.start()

    @property
    def has_begun(self) -> bool:
        """Whether every node runs the job's code, or has."""
        return all(node.has_begun for node in self._nodes)

    @property
    def ended(self) -> Ended | None:
        """How the job ended: as the node that failed first did, or well; None while a node runs."""
        ends = [node.ended for node in self._nodes if node.ended]
        if len(ends) < len(self._nodes):
            return None
        codes = {ended.task: ended.exit_code for ended in ends if ended.exit_code is not None}
        first = next((node.ended for node in self._failed if node.ended), ends[0])
        return replace(first, codes=codes)

    def stop(self) -> None:
        self._stopping.set()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()


class _Node:
    """One node of a job, from the download of its code to the upload of its results."""

    def __init__(
        self, work: Workdir, grace: float, stopping: threading.Event, tell_failure: Callable[["_Node"], None]
    ) -> None:
        self.name = f"{work.task} of job {work.root}"
        self.has_begun = False
        self.ended: Ended | None = None
        self._work = work
        self._grace = grace
        self._stopping = stopping
        self._tell_failure = tell_failure

    def main(self) -> None:
        """Run the node, whatever happens."""
        try:
            with self._work.background():
                ended = self._run()
        except Exception:
            log.exception("%s was lost", self.name)
            ended = Ended(None, "The sandbox failed to run the job; its log says more.")
        if ended.exit_code != 0:
            self._tell_failure(self)  # before it is known to have ended: the others may have, too
            self._stopping.set()
        self.ended = replace(ended, task=self._work.task)

    def _run(self) -> Ended:
        self._work.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self._work.log_path.open("ab", buffering=0) as out:
            try:
                ended = self._attempt(out)
            except (CannotPrepare, ObsError, OSError) as error:
                _say(out, f"failed: {error}")
                ended = Ended(TROUBLE, str(error), (str(error),))
        with suppress(ObsError):  # a bucket that is gone cannot take the log; it stays readable here
            self._work.export_log()
        if ended.exit_code == 0:
            self._work.tidy()
        return ended

    def _attempt(self, out: IO[bytes]) -> Ended:
        for step in self._work.prepare():
            _say(out, step)
        code = self._execute(out)
        _say(out, f"exit code {code}")
        _say(out, f"outputs: {counted(self._work.upload())} sent at the end")
        return Ended(code, "" if code == 0 else f"exit code {code}")

    def _execute(self, out: IO[bytes]) -> int:
        command = self._work.command
        if command[0] == SHELL:
            _say(out, "custom images are not pulled: the command runs on this machine")
        _say(out, "run " + " ".join(command))
        process = subprocess.Popen(
            command,
            cwd=self._work.code,
            env=self._work.environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.has_begun = True
        try:
            return self._wait(process)
        finally:
            # What the job has left in the background must not outlive it.
            _signal(process.pid, signal.SIGKILL)
            end_jobs(self._work.root / "user-job-dir")

    def _wait(self, process: "subprocess.Popen[bytes]") -> int:
        """The exit code as a shell tells it: 128 and the number of the signal that ended the process."""
        rounds, meter = 0, Meter(process.pid, self._work.metrics_path)
        meter.look()
        while process.poll() is None and not self._stopping.wait(POLL_SECONDS):
            rounds += 1
            meter.look()
            if rounds % round(UPLOAD_SECONDS / POLL_SECONDS) == 0:
                with suppress(OSError, ObsError):  # files come and go while a job runs; the upload at the end counts
                    self._work.upload()
        if process.poll() is None:
            _signal(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(self._grace)
        if process.poll() is None:
            _signal(process.pid, signal.SIGKILL)
        code = process.wait()
        return code if code >= 0 else 128 - code


def _say(out: IO[bytes], text: str) -> None:
    out.write(f"[sandbox] {text}\n".encode(errors="replace"))


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
