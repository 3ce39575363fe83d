"""How much of this machine a job uses: processor and memory of its process and all below it."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

MINUTE = 60.0
SHORTEST, LONGEST = 1.0, 10.0
"""Seconds between two looks: few at first, so that short jobs are measured, too; a look asks after every process."""
NO_DATA = -1.0
METRICS = ("cpuUsage", "memUsage", "npuUtil", "npuMemUsage", "gpuUtil", "gpuMemUsage")


class Meter:
    """Averages of one process by the minute, kept in a file; the last one is of a minute that is not over."""

    def __init__(self, pid: int, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._pid = pid
        self._path = path
        self._clock = clock
        self._samples = read_samples(path) or {name: [] for name in METRICS}
        self._due = self._spent_last = 0.0
        self._memory: list[int] = []
        self._started = self._looked = clock()
        self._begin()

    def look(self) -> None:
        """See what is used: at once, and then the more seldom the longer the process runs."""
        now = self._clock()
        if now < self._due:
            return
        spent, memory = _usage(self._pid)
        if self._looked - self._since >= MINUTE:
            self._begin()
        self._spent_last = max(spent, self._spent_last)  # what has ended takes its time with it
        self._memory.append(memory)
        self._write(max(now - self._since, 0.01))
        self._looked = now
        self._due = now + min(max(now - self._started, SHORTEST), LONGEST)

    def _begin(self) -> None:
        """A new minute, from the last look on."""
        self._since, self._spent = self._looked, self._spent_last
        self._memory = []
        for values in self._samples.values():
            values.append(NO_DATA)

    def _write(self, seconds: float) -> None:
        share = (self._spent_last - self._spent) / seconds / (psutil.cpu_count() or 1)
        memory = sum(self._memory) / len(self._memory) / psutil.virtual_memory().total
        self._samples["cpuUsage"][-1] = round(100 * min(share, 1.0), 2)
        self._samples["memUsage"][-1] = round(100 * memory, 2)
        whole = self._path.with_suffix(".new")
        whole.write_text(json.dumps(self._samples))
        whole.replace(self._path)


def read_samples(path: Path) -> dict[str, list[float]] | None:
    """What a meter has kept; None when it has not begun."""
    try:
        samples: dict[str, list[float]] = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return samples


def _usage(pid: int) -> tuple[float, int]:
    """Seconds of processor time and bytes of memory, of a process and its descendants."""
    seconds, memory = 0.0, 0
    with suppress(psutil.Error):
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            with suppress(psutil.Error):
                times = process.cpu_times()
                seconds += times.user + times.system
                memory += process.memory_info().rss
    return seconds, memory
