"""Writing to the terminal: data to stdout, everything else to stderr."""

from __future__ import annotations

import os
import re
import shutil
import sys
from typing import TextIO

_COLOURS = {"+": "32", "~": "33", "±": "31", "-": "31", "■": "31", "▶": "32", "=": "36", "!": "33", "x": "31"}
_SIGNED = re.compile(r"^([-+~±■▶=!x]) (?=[A-Z][A-Za-z]+/)")


def say(text: str, *, prose: bool = False) -> None:
    """Data, on stdout; ``prose`` is folded on a terminal, and the symbols of a plan in it are tinted."""
    if prose:
        text = _folded(text, sys.stdout)
        text = "\n".join(map(tint, text.split("\n"))) if coloured(sys.stdout) else text
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def warn(text: str, *, prose: bool = True) -> None:
    """Progress, hints and logs, on stderr; what is no ``prose`` is left as it is."""
    sys.stderr.write((_folded(text, sys.stderr) if prose else text) + "\n")
    sys.stderr.flush()


def fail(text: str, hint: str | None = None) -> None:
    """An error and what to do about it."""
    warn(f"{text}\n  hint: {hint}" if hint else text)


def coloured(stream: TextIO) -> bool:
    """Whether colour is wanted: a terminal, no NO_COLOR, not a dumb one."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def redrawn(stream: TextIO) -> bool:
    """Whether lines can be rewritten in place: a terminal that is not a dumb one."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _folded(text: str, stream: TextIO) -> str:
    """``text`` in lines that fit the terminal, where there is one."""
    if not stream.isatty():
        return text
    from fmctl.cli.painting import terminal_size
    from fmctl.report.table import folded

    room = terminal_size(stream)[0]
    return "\n".join(part for line in text.split("\n") for part in folded(line, room))


def columns() -> int | None:
    """How wide the terminal is; None where stdout is none, since nothing is cut there."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def tint(line: str) -> str:
    """A line whose sign has its colour."""
    found = _SIGNED.match(line)
    return f"\x1b[{_COLOURS[found[1]]}m{found[1]}\x1b[0m{line[1:]}" if found else line


def ask(question: str) -> bool:
    """A yes or a no on the terminal; anything but yes is no."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def interactive() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def disable_colour() -> None:
    """What --no-color does."""
    os.environ["NO_COLOR"] = "1"
