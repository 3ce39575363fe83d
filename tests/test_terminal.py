"""What a terminal shows: a real process on a pseudo-terminal, and every byte that it writes there."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from commandline import CommandLine, command_line

from fmctl.report.table import width


@pytest.fixture(scope="module")
def fmctl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """A command line on a sandbox of its own."""
    with command_line(tmp_path_factory.mktemp("terminal")) as run:
        yield run


def on_terminal(fmctl: CommandLine, *arguments: str, columns: int = 80, **environ: str) -> tuple[int, str]:
    """Run a command on a pseudo-terminal; its exit code, and what it wrote there."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {**fmctl.environ, "TERM": "xterm", **environ}
    program = subprocess.Popen(
        fmctl.command(*arguments), cwd=fmctl.folder, env=env, stdin=its, stdout=its, stderr=its, start_new_session=True
    )
    os.close(its)
    written = b""
    with suppress(OSError):  # EIO: nobody has it open any more
        while piece := os.read(ours, 65536):
            written += piece
    os.close(ours)
    return program.wait(timeout=60), written.decode().replace("\r\n", "\n")


FRAME = re.compile(r"\x1b\[\?2026h(.*?)\x1b\[\?2026l", re.DOTALL)


@pytest.mark.parametrize(("name", "columns"), [("wide", 120), ("narrow", 50)])
def test_progress_fits_the_terminal_and_leaves_only_results(fmctl: CommandLine, name: str, columns: int) -> None:
    """What is in progress is painted over itself, no line wider than the screen; then each result stands there once."""
    fmctl("init", name)
    code, text = on_terminal(fmctl, "apply", "-f", name, columns=columns, NO_COLOR="1")
    frames, after = FRAME.findall(text), FRAME.split(text)[-1]
    painted = [
        line.split("\x1b[K")[0] for frame in frames for line in re.sub(r"\r(\x1b\[\d+A)?", "", frame).split("\n")
    ]

    assert 0 == code
    assert any(f"TrainingJob/{name}"[:20] in line for line in painted)
    assert all(width(line.replace("\x1b[J", "")) <= columns for line in painted)
    assert frames[-1].endswith("\x1b[J")
    assert 1 == after.count(f"+ TrainingJob/{name}-train: Completed") == after.count("Applied: 3 added")
    assert "\x1b" not in after


def test_a_terminal_that_can_do_nothing_gets_plain_lines(fmctl: CommandLine) -> None:
    """TERM=dumb: no sequence of any kind, and a line for each phase."""
    fmctl("init", "dumb")
    code, text = on_terminal(fmctl, "apply", "-f", "dumb", TERM="dumb")

    assert 0 == code
    assert "\x1b" not in text
    assert "  TrainingJob/dumb-train: create (absent) [0s]\n" in text


def test_colour_is_for_terminals_that_want_it(fmctl: CommandLine, tmp_path: Path) -> None:
    """The sign of a line is tinted, but not on NO_COLOR, on --no-color or away from a terminal."""
    fmctl("init", str(tmp_path / "new"))
    diff = ("diff", "-f", str(tmp_path / "new"))

    assert "\x1b[32m+\x1b[0m TrainingJob/new-train" in on_terminal(fmctl, *diff)[1]
    for text in (
        fmctl(*diff).out,
        on_terminal(fmctl, *diff, NO_COLOR="1")[1],
        on_terminal(fmctl, *diff, "--no-color")[1],
    ):
        assert "\x1b" not in text
        assert "+ TrainingJob/new-train" in text
