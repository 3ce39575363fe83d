"""``fmctl schema``: the JSON Schemas of the kinds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fmctl.cli.choices import complete_kind
from fmctl.domain.problem import ExitCode


def schema(
    kind: Annotated[
        str | None, typer.Argument(help="One kind; all of them otherwise.", autocompletion=complete_kind)
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Write one file a kind into DIR.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Fail when the files in DIR are stale.")] = False,
    directory: Annotated[Path, typer.Option("--dir", help="Where the files are.")] = Path("schemas"),
) -> int:
    """Print, write or check the JSON Schemas of manifests."""
    from fmctl.cli.output import fail, say
    from fmctl.domain.problem import UsageError
    from fmctl.kinds import KINDS
    from fmctl.report.machine import dumps
    from fmctl.validate import document_schema

    if kind and kind not in KINDS:
        msg = f"no kind {kind!r}"
        raise UsageError(msg, hint=f"kinds: {', '.join(KINDS)}")
    texts = {name: dumps(document_schema(KINDS[name])) + "\n" for name in KINDS if kind in (None, name)}
    if check:
        stale = [name for name, text in texts.items() if _read(directory / _file(name)) != text]
        if stale:
            fail(f"stale in {directory}: {', '.join(map(_file, stale))}", "run `fmctl schema --write`")
        return ExitCode.DIFFERENCES if stale else ExitCode.OK
    if write:
        for name, text in texts.items():
            _write(directory / _file(name), text)
            say(str(directory / _file(name)))
    else:
        say("".join(texts.values()).rstrip("\n"))
    return ExitCode.OK


def _file(kind: str) -> str:
    return f"{kind.lower()}.json"


def _write(path: Path, text: str) -> None:
    from fmctl.domain.problem import UsageError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror}"
        raise UsageError(msg) from error


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""
