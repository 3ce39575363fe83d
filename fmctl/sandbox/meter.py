"""How much of this machine a job uses: processor and memory of its process and all below it."""

import json
import time
from contextlib import suppress
from pathlib import Path

import psutil

FIRST_SECONDS = 1.0
EVERY_SECONDS = 60.0
NO_DATA = -1.0
METRICS = ("cpuUsage", "memUsage", "npuUtil", "npuMemUsage", "gpuUtil", "gpuMemUsage")


class Meter:
    """Samples one process: soon after its start, then once a minute. The samples are kept in a file."""

    def __init__(self, pid: int, path: Path) -> None:
        self._pid = pid
        self._path = path
        self._since = time.monotonic()
        self._due = self._since + FIRST_SECONDS
        self._spent = 0.0
        self._samples: dict[str, list[float]] = {name: [] for name in METRICS}

    def look(self) -> None:
        """Take a sample when it is time for one."""
        now = time.monotonic()
        if now < self._due:
            return
        spent, memory = _usage(self._pid)
        share = max(spent - self._spent, 0) / (now - self._since) / (psutil.cpu_count() or 1)
        known = {"cpuUsage": round(100 * share, 2), "memUsage": round(100 * memory / psutil.virtual_memory().total, 2)}
        for name, values in self._samples.items():
            values.append(known.get(name, NO_DATA))
        self._path.write_text(json.dumps(self._samples))
        self._since, self._spent, self._due = now, spent, now + EVERY_SECONDS


def read_samples(path: Path) -> dict[str, list[float]] | None:
    """What a meter has kept; None when it has not begun, or is just writing."""
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
