"""Entry of a job that fine-tunes: `python -m fmctl.sandbox.finetuning FOLDER`."""

import sys
from pathlib import Path

from fmctl.sandbox.finetuning.tuning import run_tuning
from fmctl.sandbox.programs import read_order


def say(text: str) -> None:
    """A line of the job's log."""
    sys.stdout.write(f"[finetuning] {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(run_tuning(read_order(Path(sys.argv[1])), Path(sys.argv[1]), say))
