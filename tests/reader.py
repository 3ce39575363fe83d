"""A reader of the documentation: follows a page in a folder, with a shell, an editor and a notebook of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shlex import quote
from types import TracebackType
from typing import Self

from pages import Block, Command, Difference, blocks, commands, edited, matches

_NOTEBOOK = """
import contextlib, io, json, sys, traceback
names = {"__name__": "__main__"}
for line in sys.stdin:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            exec(compile(json.loads(line), "<page>", "exec"), names)
        except BaseException:
            traceback.print_exc(file=out)
    sys.stdout.write(json.dumps(out.getvalue()) + chr(10))
    sys.stdout.flush()
"""


class Reader:
    """Follows one page and tells where it differs from what happens."""

    def __init__(self, page: str, folder: Path, state: Path) -> None:
        self._page, self._folder, self._state = page, folder, state
        self._shell = state / "shell"
        self._shell.write_text(f"cd {quote(str(folder))}\n")
        self._notebook: subprocess.Popen[str] | None = None
        self._environ = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
            "HOME": str(state),
            "XDG_STATE_HOME": str(state),
            "LANG": "C.UTF-8",
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave nothing running, whatever sandboxes the page has started."""
        if self._notebook:
            self._notebook.communicate()
        for root in (self._folder, self._state):
            for file in root.rglob("server.json"):
                self._bash(f"fmctl sandbox down --state-dir {quote(str(file.parent))}")

    def follow(self) -> Iterator[Difference]:
        """Do what the page says, in order."""
        printed: str | None = None
        for block in blocks(self._page):
            if block.language == "text" and printed is not None and not matches(block.text, printed):
                yield Difference(block.at, block.text, printed)
            printed = None
            if block.title:
                self._write(block)
            elif block.language == "console":
                yield from filter(None, map(self._run, commands(block)))
            elif block.language == "python":
                printed = self._execute(block.text)
                if "Traceback (most" in printed:
                    yield Difference(block.at, block.text, printed)

    def _run(self, command: Command) -> Difference | None:
        code, output = self._bash(command.text)
        if code == command.code and matches(command.shown.strip("\n"), output):
            return None
        return Difference(command.at, str(command), str(replace(command, code=code, shown=output.strip("\n"))))

    def _write(self, block: Block) -> None:
        file = self._folder / block.title
        file.parent.mkdir(parents=True, exist_ok=True)
        text = edited(file.read_text("utf-8"), block.text) if block.language == "diff" else block.text
        file.write_text(text, "utf-8")

    def _bash(self, command: str) -> tuple[int, str]:
        """Run a command in what the ones before it left: folder and exported variables."""
        keep = f"code=$?; {{ export -p; echo cd \"'$PWD'\"; }} > {quote(str(self._shell))}; exit $code"
        done = subprocess.run(
            ["bash", "-c", f". {quote(str(self._shell))}\n{command}\n{keep}"],
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout

    def _execute(self, code: str) -> str:
        """Run code in the page's notebook, which is opened in the shell's place; what it printed."""
        if self._notebook is None:
            command = ["bash", "-c", f'. {quote(str(self._shell))}; exec "$0" -c "$1"', sys.executable, _NOTEBOOK]
            self._notebook = subprocess.Popen(
                command, env=self._environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
            )
        assert self._notebook.stdin
        assert self._notebook.stdout
        self._notebook.stdin.write(json.dumps(code) + "\n")
        self._notebook.stdin.flush()
        return str(json.loads(self._notebook.stdout.readline()))
