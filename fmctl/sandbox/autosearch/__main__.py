"""Entry of a job that searches: `python -m fmctl.sandbox.autosearch FOLDER`."""

import signal
import sys
import threading
from pathlib import Path

from fmctl.sandbox.autosearch.search import run_search
from fmctl.sandbox.programs import read_order


def main(folder: Path) -> int:
    """Search. Whoever stops the job stops its trial as well, which is given the time to come to an end."""
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    return run_search(read_order(folder), folder, ending)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
