"""A first set: a job, a model version and a service that work as they are, to be changed into one's own.

The files beside this one are what ``fmctl init`` writes; programs end in ``.py.in``, since they are not part of fmctl.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from fmctl.domain.problem import FmctlError, Refused

_NAME = "starter"
_LONGEST = 20
_HERE = Path(__file__).parent


def write_starter(folder: Path) -> list[Path]:
    """Write the set into ``folder``, named for it, and say which files; nothing that exists is ever overwritten."""
    name = set_name(folder)
    files = {folder / path: text.replace(_NAME, name) for path, text in _files()}
    there = [str(path) for path in files if path.exists()]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        msg = f"{there[0]}{more} already there; nothing was written"
        raise Refused(msg, hint="name an empty folder: fmctl init DIR")
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    except OSError as error:
        msg = f"cannot write {error.filename}: {error.strerror}"
        raise FmctlError(msg) from error
    return list(files)


def set_name(folder: Path) -> str:
    """The folder's name as far as a set and its resources may be called so."""
    text = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower())
    return text[:_LONGEST].strip("-") or _NAME


def _files() -> Iterator[tuple[str, str]]:
    """Path and text of every file of the set."""
    for path in sorted(_HERE.rglob("*")):
        if path.is_file() and path.suffix in (".yaml", ".in", ".json", ".csv"):
            yield path.relative_to(_HERE).as_posix().removesuffix(".in"), path.read_text("utf-8")
