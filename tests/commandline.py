"""The command line on a sandbox of its own: a real process, started by the first command that needs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Answer:
    """How one command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class CommandLine:
    """A working directory and an environment in which nothing but the sandbox is known."""

    folder: Path
    environ: Mapping[str, str]

    def __call__(self, *arguments: str, typed: str = "", **environ: str) -> Answer:
        """Run ``fmctl`` as a user's shell would, with nobody at the terminal."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env={**self.environ, **environ},
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert "Traceback" not in done.stderr
        return Answer(done.returncode, done.stdout, done.stderr)

    def command(self, *arguments: str) -> list[str]:
        """What a shell would start."""
        return [sys.executable, "-c", "from fmctl.cli.app import main; main()", *arguments]


@contextmanager
def command_line(folder: Path) -> Iterator[CommandLine]:
    """A command line in ``folder``; its sandbox ends with it."""
    keep = {key: os.environ[key] for key in ("PATH", "HOME", "VIRTUAL_ENV", "PYTHONPATH") if key in os.environ}
    made = CommandLine(folder, {**keep, "FMCTL_SANDBOX_DIR": str(folder / "sandbox"), "PYTHONUTF8": "1"})
    try:
        yield made
    finally:
        made("sandbox", "down")
