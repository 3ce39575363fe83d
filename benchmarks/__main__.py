"""Runs every benchmark and prints a table of what is aimed at: ``python -m benchmarks``."""

from __future__ import annotations

import platform

from benchmarks import cli, plan

SECONDS_FOR_MANY = 3.0
TIMES_TYPER = 1.5


def main() -> None:
    """The table, ratios first: they hold on other machines."""
    print(f"Python {platform.python_version()} on {platform.system()} {platform.machine()}\n")
    _row("what", "measured", "aim or bound")
    shell = cli.measure()
    for name, run in (("`fmctl --help`", shell.help), ("`fmctl validate` of one file", shell.one)):
        aim = f"≤ {TIMES_TYPER} ×" if run is shell.help else "-"
        measured = f"{run.cpu / shell.typer.cpu:.2f} × `import typer` ({run.cpu * 1000:.0f} ms)"
        _row(name, measured, aim)
    ratio = shell.many.cpu / shell.read.cpu
    many = f"{ratio:.2f} × reading them with `yaml.CSafeLoader` ({shell.many.cpu:.2f} s)"
    _row(f"`fmctl validate` of {cli.MANY:,} files", many, f"≤ {SECONDS_FOR_MANY:.0f} s")
    _row("its memory", f"{shell.many.peak >> 20} MiB", "-")
    for count in (100, 1000):
        diff = plan.measure(count)
        name = f"`diff` of {count:,} resources in sync"
        _row(f"calls of {name}", f"{sum(diff.calls.values())}", f"≤ {diff.most_calls}")
        _row(f"time of {name}", f"{diff.wall:.2f} s", f"≥ {diff.bound:.2f} s")


def _row(*cells: str) -> None:
    print("| " + " | ".join(cells) + " |")
    if cells[0] == "what":
        print("|" + "---|" * len(cells))


if __name__ == "__main__":
    main()
