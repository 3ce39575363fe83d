"""What a process uses, minute by minute; the process is that of the tests, and its time is ours."""

import os
import time
from pathlib import Path

from fmctl.sandbox.meter import Meter, read_samples

from .conftest import NOW


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> float:
        return self.time


def work() -> None:
    """Use the processor for as long as it takes to be seen."""
    begun = time.process_time()
    while time.process_time() < begun + 0.03:
        pass


def test_every_minute_has_an_average(tmp_path: Path) -> None:
    """Six series of one length; what was used before a minute does not count in it."""
    watch, path = Watch(), tmp_path / "samples.json"
    meter = Meter(os.getpid(), path, watch)
    lengths, shares = [], []
    for _ in range(16):  # ten seconds each
        work()
        meter.look()
        samples = read_samples(path) or {}
        lengths.append({len(values) for values in samples.values()})
        shares.append(samples["cpuUsage"][-1])
        watch.time += 10

    assert [{1}] * 7 + [{2}] * 6 + [{3}] * 3 == lengths
    assert all(0 <= share < 30 for share in shares[1:])
    assert all(value > 0 for value in samples["memUsage"])
    assert [-1, -1, -1] == samples["npuUtil"]


def test_samples_go_on_after_a_restart(tmp_path: Path) -> None:
    """A second run of the job adds to what is known of the first."""
    watch, path = Watch(), tmp_path / "samples.json"
    for _ in range(2):
        Meter(os.getpid(), path, watch).look()

    assert {2} == {len(values) for values in (read_samples(path) or {}).values()}
