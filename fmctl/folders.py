"""Local folders as content: which files belong to one, and the digest that names them.

The digest is SHA-256 over the lines that ``sha256sum`` would print for the files in the order of their relative
POSIX names: contents and names, nothing else (no modes, no times).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from fmctl.domain.problem import UsageError
from fmctl.domain.resource import Folder

ALWAYS_IGNORED = (".git/", "__pycache__/", "*.py[co]", ".ipynb_checkpoints/", ".DS_Store")
IGNORE_FILE = ".fmctlignore"
_BLOCK = 1 << 20


def files(path: Path) -> Mapping[str, Path]:
    """The files that belong to ``path`` by relative POSIX name, sorted; a single file is a folder of one.

    Symbolic links are followed inside the folder and are an error when they leave it.
    """
    if path.is_file():
        return {path.name: path}
    found = dict(_walk(path, path, path.resolve(), _ignored(path), frozenset()))
    if not found:
        msg = f"{path} holds no files"
        raise UsageError(msg, hint=f"everything in it is ignored, see {IGNORE_FILE}" if any(path.iterdir()) else None)
    return dict(sorted(found.items()))


def digest(path: Path, shown: str) -> Folder:
    """The content of ``path``; ``shown`` is how the manifest names it."""
    whole = hashlib.sha256()
    size = 0
    members = files(path)
    for name, file in members.items():
        one, length = _hash(file)
        whole.update(f"{one}  {name}\n".encode())
        size += length
    return Folder(shown, whole.hexdigest(), len(members), size)


def _hash(file: Path) -> tuple[str, int]:
    one, length = hashlib.sha256(), 0
    try:
        with file.open("rb") as stream:
            while block := stream.read(_BLOCK):
                one.update(block)
                length += len(block)
    except OSError as error:
        msg = f"cannot read {file}: {error.strerror}"
        raise UsageError(msg) from error
    return one.hexdigest(), length


def _ignored(root: Path) -> _Matcher:
    own = root / IGNORE_FILE
    lines = own.read_text("utf-8").splitlines() if own.is_file() else []
    return _Matcher((*ALWAYS_IGNORED, *lines))


class _Matcher:
    """gitignore patterns, relative to the folder; pathspec is imported only when a folder is read."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        from pathspec import GitIgnoreSpec

        self._spec = GitIgnoreSpec.from_lines(patterns)

    def __call__(self, name: str) -> bool:
        return bool(self._spec.match_file(name))


def _walk(
    root: Path, folder: Path, home: Path, ignored: _Matcher, above: frozenset[Path]
) -> Iterator[tuple[str, Path]]:
    """Files below ``folder``; ``above`` are the real folders on the way, so that a loop of links ends."""
    real = folder.resolve()
    if real in above:
        msg = f"{folder} is a symbolic link to a folder that holds it"
        raise UsageError(msg)
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        msg = f"cannot read {folder}: {error.strerror}"
        raise UsageError(msg) from error
    for entry in entries:
        path = Path(entry.path)
        name = path.relative_to(root).as_posix()
        is_folder = entry.is_dir()
        if ignored(name + "/" if is_folder else name):
            continue
        if entry.is_symlink() and not path.resolve().is_relative_to(home):
            msg = f"{path} is a symbolic link that leaves {root}"
            raise UsageError(msg, hint="copy the file in, or ignore it in .fmctlignore")
        if is_folder:
            yield from _walk(root, path, home, ignored, above | {real})
        elif entry.is_file():
            yield name, path
        elif entry.is_symlink():
            msg = f"{path} is a symbolic link to nothing"
            raise UsageError(msg)
