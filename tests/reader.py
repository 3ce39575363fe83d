"""A reader of the documentation: follows a page in a folder, with a shell, an editor and a notebook of their own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from pages import Block, Command, blocks, commands, edited, matches

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
    """Follows one page; what differs from it is a difference, told with its line."""

    def __init__(self, page: Path, folder: Path, state: Path) -> None:
        self._page, self._folder, self._shell = page, folder, state / "shell"
        venv = str(Path(sys.executable).parent)
        self._environ = {
            "PATH": os.pathsep.join([venv, os.environ.get("PATH", os.defpath)]),
            "HOME": str(state),
            "XDG_STATE_HOME": str(state),
            "LANG": "C.UTF-8",
        }
        self._shell.write_text(f"cd {shlex.quote(str(folder))}\n")
        self._notebook: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave nothing running."""
        if self._notebook:
            self._notebook.communicate()
        for command in ("fmctl sandbox down", "unset FMCTL_SANDBOX_DIR; fmctl sandbox down"):
            self._bash(command)

    def follow(self) -> list[str]:
        """Do what the page says; the differences between what it shows and what happened."""
        found: list[str] = []
        code = ""
        for block in blocks(self._page):
            if block.language == "console":
                found += filter(None, map(self._run, commands(block)))
            elif block.language == "python" and not block.title:
                code, printed = block.text, self._execute(block.text)
                if "Traceback (most" in printed:
                    found.append(f"{self._page.name}:{block.line}:\n{printed}")
            elif block.language == "text" and code:
                found += self._compare(block, printed)
            elif block.title:
                self._write(block)
            code = code if block.language == "python" else ""
        return found

    def _run(self, command: Command) -> str | None:
        code, output = self._bash(command.text)
        if code == command.code and matches(command.shown, output):
            return None
        promised = f"{command.shown}\n# exit {command.code}"
        return f"{self._page.name}:{command.line}: $ {command.text}\n{promised}\n--- but was\n{output}# exit {code}\n"

    def _compare(self, block: Block, printed: str) -> list[str]:
        if matches(block.text, printed):
            return []
        return [f"{self._page.name}:{block.line}:\n{block.text}--- but was\n{printed}"]

    def _write(self, block: Block) -> None:
        file = self._folder / block.title
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(
            edited(file.read_text("utf-8"), block.text) if block.language == "diff" else block.text, "utf-8"
        )

    def _bash(self, command: str) -> tuple[int, str]:
        """Run a command in what the ones before it left: folder and exported variables."""
        keep = f"code=$?; {{ export -p; echo cd \"'$PWD'\"; }} > {shlex.quote(str(self._shell))}; exit $code"
        done = subprocess.run(
            ["bash", "-c", f". {shlex.quote(str(self._shell))}\n{command}\n{keep}"],
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
        """Run code in the page's notebook; what it printed."""
        if self._notebook is None:
            command = [sys.executable, "-c", _NOTEBOOK]
            self._notebook = subprocess.Popen(
                command, env=self._environ, cwd=self._folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        assert self._notebook.stdin
        assert self._notebook.stdout
        self._notebook.stdin.write(json.dumps(code) + "\n")
        self._notebook.stdin.flush()
        return str(json.loads(self._notebook.stdout.readline()))
