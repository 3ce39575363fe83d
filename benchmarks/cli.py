"""What whole processes take: ``python -m benchmarks.cli [RUNS]``.

The runs of what is compared alternate, so that a machine whose speed drifts is as unfair to one as to the other. Of
several runs the one that needed least of a processor counts: all of them are single-threaded, so that on a quiet
machine this is the wall time, and on a busy one it says more.
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
READ = """import pathlib, sys, yaml
for path in pathlib.Path(sys.argv[1]).iterdir():
    yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)
"""
"""Reading alone, with PyYAML's fast loader: the measure of what checking adds."""
RUNS = 10
MANY = 10_000


@dataclass(frozen=True, slots=True)
class Run:
    """One process that has ended well."""

    wall: float
    cpu: float
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
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Run(wall, usage.ru_utime + usage.ru_stime, peak)


def cheapest(*commands: Sequence[str], runs: int = RUNS) -> list[Run]:
    """The cheapest run of each command; the first round only warms up."""
    rounds = [[run(command) for command in commands] for _ in range(runs + 1)][1:]
    return [min(column, key=lambda each: each.cpu) for column in zip(*rounds, strict=True)]


@dataclass(frozen=True, slots=True)
class Measured:
    """What the command line takes."""

    typer: Run
    help: Run
    one: Run
    many: Run
    read: Run


def measure(runs: int = RUNS) -> Measured:
    """Help and one file against ``import typer``; many files against reading them without fmctl."""
    with tempfile.TemporaryDirectory() as folder:
        write(1, Path(folder, "one.yaml"))
        write(MANY, Path(folder, "many"))
        one = (FMCTL, "validate", "-f", f"{folder}/one.yaml")
        many = (FMCTL, "validate", "-f", f"{folder}/many")
        few = cheapest(TYPER, (FMCTL, "--help"), one, runs=runs)
        read = (sys.executable, "-c", READ, f"{folder}/many")
        return Measured(*few, *cheapest(many, read, runs=max(3, runs // 3)))


def main() -> None:
    measured = measure(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS)
    _show("import typer", measured.typer, measured.typer)
    _show("fmctl --help", measured.help, measured.typer)
    _show("fmctl validate, one file", measured.one, measured.typer)
    _show(f"yaml.CSafeLoader, {MANY:,}", measured.read, measured.read)
    _show(f"fmctl validate, {MANY:,}", measured.many, measured.read)


def _show(name: str, run: Run, base: Run) -> None:
    print(f"{name:25} {run.cpu / base.cpu:4.2f} × {run.cpu:6.3f} s, {run.wall:6.3f} s wall, {run.peak >> 20:4} MiB")


if __name__ == "__main__":
    main()
