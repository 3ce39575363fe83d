"""Ends the jobs of a server that ended without a word: `python keeper.py ROOT`, with a pipe from the server as stdin.

The kernel closes the pipe even when its owner is killed. Jobs run what people wrote, so nothing in them can be asked
to watch their server; this process does it for all of them. It is started as a file, and imports nothing of fmctl.
"""

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

FOLDER = "MA_JOB_DIR"
"""The variable by which a process of a job is known, and in which folder the job runs."""
ROUNDS = 20


class Keeper:
    """The server's side: a process that outlives it for a moment."""

    def __init__(self, root: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__, str(root)],
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # whoever kills the server's whole group leaves this one
        )

    def close(self) -> None:
        """The server has ended its jobs itself: there is nothing left to keep."""
        self._process.kill()
        self._process.communicate()


def end_jobs(root: Path, born_before: float = float("inf")) -> None:
    """Kill every process of the jobs at or below a folder, again until none is left: they may be making new ones."""
    for _ in range(ROUNDS):
        if not sum(_kill(process, root, born_before) for process in psutil.process_iter()):
            return


def _kill(process: psutil.Process, root: Path, born_before: float) -> bool:
    with suppress(psutil.Error):
        folder = process.environ().get(FOLDER)
        if folder and Path(folder).is_relative_to(root) and process.create_time() <= born_before:
            process.kill()
            return process.status() != psutil.STATUS_ZOMBIE
    return False


def main() -> None:
    """Wait for the server's end. What is born after it belongs to the next server."""
    sys.stdin.buffer.read()
    end_jobs(Path(sys.argv[1]), time.time())


if __name__ == "__main__":
    main()
