"""What a process uses, minute by minute; its time is ours."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fmctl.sandbox.meter import Meter, read_samples

from .conftest import NOW


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> float:
        return self.time


WORKER = """
import sys, time
for line in sys.stdin:
    begun = time.process_time()
    while time.process_time() < begun + float(line):
        pass
    print(flush=True)
"""


class Worker:
    """A process of its own, which uses the processor for as long as it is told to and no longer."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.pid = self._process.pid

    def work(self, seconds: float) -> None:
        assert self._process.stdin
        assert self._process.stdout
        print(seconds, file=self._process.stdin, flush=True)
        self._process.stdout.readline()

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker()
    yield made
    made.close()


def test_every_minute_has_an_average(tmp_path: Path, worker: Worker) -> None:
    """Six series of one length; what was used before a minute does not count in it."""
    watch, path = Watch(), tmp_path / "samples.json"
    worker.work(0.6)
    meter = Meter(worker.pid, path, watch)
    lengths, shares = [], []
    for _ in range(16):  # ten seconds each
        worker.work(0.03)
        meter.look()
        samples = read_samples(path) or {}
        lengths.append({len(values) for values in samples.values()})
        shares.append(samples["cpuUsage"][-1])
        watch.time += 10

    assert [{1}] * 7 + [{2}] * 6 + [{3}] * 3 == lengths
    assert all(0 <= share < 1 for share in shares[7:])
    assert all(value > 0 for value in samples["memUsage"])
    assert [-1, -1, -1] == samples["npuUtil"]


def test_samples_go_on_after_a_restart(tmp_path: Path) -> None:
    """A second run of the job adds to what is known of the first."""
    watch, path = Watch(), tmp_path / "samples.json"
    for _ in range(2):
        Meter(os.getpid(), path, watch).look()

    assert {2} == {len(values) for values in (read_samples(path) or {}).values()}
