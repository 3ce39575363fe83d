"""Writing to the terminal: data to stdout, everything else to stderr."""

from __future__ import annotations

import os
import re
import shutil
import sys
from typing import TextIO

_COLOURS = {"+": "32", "~": "33", "±": "31", "-": "31", "■": "31", "▶": "32", "=": "36", "!": "33", "x": "31"}
_SIGNED = re.compile(r"^([-+~±■▶=!x]) (?=[A-Z][A-Za-z]+/)")


def say(text: str, *, colour: bool = False) -> None:
    """Data, on stdout; with ``colour`` the symbols of a plan are tinted on a terminal."""
    if colour and coloured(sys.stdout):
        text = "\n".join(map(_tint, text.split("\n")))
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def warn(text: str) -> None:
    """Progress, hints and logs, on stderr."""
    sys.stderr.write(text + "\n")
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


def columns() -> int | None:
    """How wide the terminal is; None where stdout is none, since nothing is cut there."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _tint(line: str) -> str:
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
