"""Entry of a job that searches: `python -m fmctl.sandbox.autosearch FOLDER`."""

import sys
from pathlib import Path

from fmctl.sandbox.autosearch.search import run_search
from fmctl.sandbox.programs import read_order

if __name__ == "__main__":
    sys.exit(run_search(read_order(Path(sys.argv[1])), Path(sys.argv[1])))
