"""What whole processes take: ``python -m benchmarks.cli [RUNS]``.

The runs of what is compared alternate, so that a machine whose speed drifts is as unfair to one as to the other; of
several runs the fastest counts, since everything else on the machine can only slow a run down.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from benchmarks.generate import write

FMCTL = str(Path(sys.executable).with_name("fmctl"))
TYPER = (sys.executable, "-c", "import typer")
RUNS = 10
MANY = 10_000


@dataclass(frozen=True, slots=True)
class Run:
    """One process that has ended well."""

    wall: float
    peak: int
    """Its largest size in bytes."""


def run(command: Sequence[str]) -> Run:
    """Run a command to its end; its output is thrown away."""
    start = perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} exited {process.returncode}")
    return Run(wall, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def fastest(*commands: Sequence[str], runs: int = RUNS) -> list[Run]:
    """The fastest run of each command; the first round only warms up."""
    rounds = [[run(command) for command in commands] for _ in range(runs + 1)][1:]
    return [min(column, key=lambda each: each.wall) for column in zip(*rounds, strict=True)]


@dataclass(frozen=True, slots=True)
class Measured:
    """What the command line takes."""

    typer: Run
    help: Run
    one: Run
    many: Run


def measure(runs: int = RUNS) -> Measured:
    """Help and one file against ``import typer``; then many files."""
    with tempfile.TemporaryDirectory() as folder:
        write(1, Path(folder, "one.yaml"))
        write(MANY, Path(folder, "many"))
        one = (FMCTL, "validate", "-f", f"{folder}/one.yaml")
        many = (FMCTL, "validate", "-f", f"{folder}/many")
        few = fastest(TYPER, (FMCTL, "--help"), one, runs=runs)
        return Measured(*few, *fastest(many, runs=max(3, runs // 3)))


def main() -> None:
    measured = measure(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS)
    print(f"import typer          {measured.typer.wall * 1000:6.0f} ms")
    for name, each in (("fmctl --help", measured.help), ("validate of one file", measured.one)):
        print(f"{name:21} {each.wall * 1000:6.0f} ms  {each.wall / measured.typer.wall:.2f} of it")
    print(f"validate of {MANY:,}    {measured.many.wall:6.2f} s   {measured.many.peak >> 20} MiB at most")


if __name__ == "__main__":
    main()
