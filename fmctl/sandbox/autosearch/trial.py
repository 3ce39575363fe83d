"""Runs one trial: a process, its log followed line by line for rewards, its end, and what it leaves.

The log of a trial goes on into the job's log as it grows. A trial is in the process group of its search, so that a job
that is stopped ends with everything below it.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import psutil

from fmctl.sandbox.autosearch.records import Report, Trial, TrialStatus, asked_to_stop
from fmctl.sandbox.autosearch.request import Reward
from fmctl.sandbox.programs import Order

POLL_SECONDS = 0.05
GRACE_SECONDS = 5.0
Say = Callable[[bytes], None]


class TrialRun:
    """One trial in `folder`/<its id>: its outputs below `outputs`, its log beside them."""

    def __init__(self, trial: Trial, order: Order, rewards: Sequence[Reward], folder: Path, say: Say) -> None:
        self._trial = trial
        self._rewards = rewards
        self._folder = folder
        self._say = say
        self._home = folder / trial.id
        self._known: dict[str, float] = {}
        self._moved = {path: str(outputs_of(self._home) / Path(path).name) for path in order.outputs.values()}
        self._command = self._with_values(order).command()

    def run(self, changed: Callable[[], None]) -> None:
        """From start to end; `changed` is called whenever the trial has."""
        for path in (self._home, *map(Path, self._moved.values())):
            path.mkdir(parents=True, exist_ok=True)
        started, log = time.monotonic(), self._home / "log"
        with log.open("wb") as sink, log.open("rb") as source:
            process = self._start(sink)
            self._trial.pid = process.pid
            changed()
            for lines in self._written(process, source):
                known = len(self._trial.reports)
                for line in lines:
                    self._read(line, time.monotonic() - started)
                if len(self._trial.reports) > known:
                    changed()
        self._trial.seconds = time.monotonic() - started
        ended_well = process.returncode == 0 or self._trial.stopped
        self._trial.status = TrialStatus.TERMINATED if ended_well else TrialStatus.ERROR
        changed()

    def _with_values(self, order: Order) -> Order:
        """The order with the trial's own values and outputs; values that the job does not have come last."""
        config = dict(self._trial.config)
        kept = [(name, config.pop(name, value)) for name, value in order.arguments]
        arguments = [*kept, *config.items()]
        return order.with_arguments((name, self._moved.get(value or "", value)) for name, value in arguments)

    def _start(self, log: BinaryIO) -> "subprocess.Popen[bytes]":
        environment = {name: self._moved.get(value, value) for name, value in os.environ.items()}
        return subprocess.Popen(
            self._command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )

    def _written(self, process: "subprocess.Popen[bytes]", log: BinaryIO) -> Iterator[list[str]]:
        """New lines of the log, look by look until the process has ended; the job's log gets them as well."""
        rest = b""
        while True:
            ended = process.poll() is not None
            if not ended and asked_to_stop(self._folder, self._trial.id):
                self._trial.stopped, ended = True, True
                _end(process)
            text = log.read()
            self._say(text)
            *lines, rest = (rest + text).split(b"\n")
            yield [line.decode(errors="replace") for line in ([*lines, rest] if ended else lines)]
            if ended:
                return
            time.sleep(POLL_SECONDS)

    def _read(self, line: str, seconds: float) -> None:
        """Take from a line what it has; a report is made of each that has the reward that counts."""
        found = {reward.name: value for reward in self._rewards if (value := reward.read(line)) is not None}
        self._known |= found
        if self._rewards[0].name in found:
            self._trial.reports.append(Report(seconds, dict(self._known)))
            self._trial.seconds = seconds


def outputs_of(home: Path) -> Path:
    """Where the outputs are of the trial with this folder."""
    return home / "outputs"


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process and all below it: asked to first, by force when it has not after a while."""
    family: list[psutil.Process] = []
    with suppress(psutil.Error):
        parent = psutil.Process(process.pid)
        family = [parent, *parent.children(recursive=True)]
    for one in family:
        with suppress(psutil.Error):
            one.terminate()
    _, alive = psutil.wait_procs(family, GRACE_SECONDS)
    for one in alive:
        with suppress(psutil.Error):
            one.kill()
    process.wait()
