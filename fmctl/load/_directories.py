"""Which files the names on the command line mean: files, what directories hold, what globs match."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Collection, Iterator
from operator import attrgetter
from typing import Final

from fmctl.domain.problem import Problem
from fmctl.domain.resource import Source
from fmctl.load import _rules as rules
from fmctl.load._files import Unusable, text_of, unreadable, unusable

_PROJECT_FILE: Final = "fmctl.yaml"
_IGNORE_FILE: Final = ".fmctlignore"
_YAML: Final = (".yaml", ".yml")
_JSON: Final = ".json"
"""A manifest may be JSON, but most JSON is data: directories are searched for YAML only."""


def named(name: str, *, recursive: bool = False, without: Collection[str] = ()) -> list[str]:
    """The files that ``name`` means: itself, a directory's manifests, or what a glob matches.

    ``without`` are the real paths of files and folders that directories are read without.
    """
    if os.path.isdir(name):
        return list(_Directory(name, recursive, without).manifests())
    if os.path.basename(name) == _PROJECT_FILE:
        raise unusable(name, rules.PROJECT_FILE, "fmctl.yaml is the project file, not a manifest", "name its directory")
    if os.path.lexists(name) or not glob.has_magic(name):
        return [name]
    found = [path for path in glob.glob(name, recursive=True) if _is_match(path)]
    if not found:
        raise unusable(name, rules.NO_MATCH, "no manifest matches", "manifests end in .yaml, .yml or .json")
    return sorted(found)


def _is_match(path: str) -> bool:
    return _is_manifest(os.path.basename(path), (*_YAML, _JSON)) and not os.path.isdir(path)


def _is_manifest(name: str, endings: tuple[str, ...]) -> bool:
    return name.endswith(endings) and not name.startswith(".") and name != _PROJECT_FILE


class _Directory:
    """A directory that was named: its manifests, without what its ``.fmctlignore`` and the project leave out."""

    def __init__(self, root: str, recursive: bool, without: Collection[str]) -> None:
        self._root = root
        self._recursive = recursive
        self._without = without
        self._ignored = _ignored(os.path.join(root, _IGNORE_FILE))

    def manifests(self) -> Iterator[str]:
        """The paths of the manifests by name, folders among the files."""
        return self._below(self._root, "")

    def _below(self, folder: str, relative: str) -> Iterator[str]:
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=attrgetter("name"))
        except OSError as error:
            raise unreadable(folder, error) from error
        left_out = self._left_out(folder)
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)  # a link to a directory may lead back here
            name = entry.name
            if not (self._is_entered(name) if is_folder else _is_manifest(name, _YAML)) or name in left_out:
                continue
            place = relative + name + "/" * is_folder
            if self._ignored and self._ignored(place):
                continue
            if is_folder:
                yield from self._below(entry.path, place)
            else:
                yield entry.path

    def _is_entered(self, name: str) -> bool:
        return self._recursive and not name.startswith(".")

    def _left_out(self, folder: str) -> set[str]:
        """The names in ``folder`` that the project leaves out."""
        if not self._without:
            return set()
        real = os.path.realpath(folder)
        return {os.path.basename(path) for path in self._without if os.path.dirname(path) == real}


def _ignored(file: str) -> Callable[[str], bool] | None:
    """Whether a path relative to the directory of ``file`` is left out, by gitignore patterns; None without them."""
    if not os.path.isfile(file):
        return None
    from pathspec import GitIgnoreSpec

    lines = text_of(file).splitlines()
    for number, line in enumerate(lines, 1):
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError as error:
            problem = Problem(Source(file, number, 1), rules.IGNORED, f"{line!r} is not a gitignore pattern")
            raise Unusable(problem) from error
    return GitIgnoreSpec.from_lines(lines).match_file
