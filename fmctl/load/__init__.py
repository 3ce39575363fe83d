"""The first stage: file names to documents. Every mistake of every file is told in one run.

The only door to PyYAML. Its parser's events are composed here, so that every key and every value knows its place and
how it was written, which the schema needs (``1e-4`` where text is wanted) and every message uses.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain

from fmctl.domain.problem import ManifestError, Problem
from fmctl.domain.resource import Document
from fmctl.load import _rules as rules
from fmctl.load._compose import Composer, ForbiddenCharacter
from fmctl.load._directories import named
from fmctl.load._dump import dump
from fmctl.load._files import STDIN, Unusable, distinct, forbidden, text_of, text_of_stdin, unusable
from fmctl.load._lines import read_lines
from fmctl.load._marks import Text
from fmctl.load._rules import NOTHING

__all__ = ["NOTHING", "dump", "load", "load_text", "no_collection"]


def load(
    filenames: Sequence[str],
    *,
    recursive: bool = False,
    without: Collection[str] = (),
    stdin: Callable[[], str] | None = None,
) -> tuple[Document, ...]:
    """Every document of the named files, directories and globs; ``-`` is standard input.

    Directories are read without the files and folders in ``without``.
    """
    problems: list[Problem] = []
    documents: list[Document] = []
    with no_collection():
        for path in _paths(filenames, recursive, without, problems):
            try:
                text = text_of_stdin(stdin) if path == STDIN else text_of(path)
                documents += load_text(text, path)
            except Unusable as error:
                problems.append(error.problem)
            except ManifestError as error:
                problems.extend(error.problems)
    if not documents and not problems:
        names = ", ".join(filenames) or "nothing"
        hint = "name a file, a directory or a glob; -R looks into sub-directories"
        problems.append(unusable(names, rules.NOTHING, "no manifests here", None if recursive else hint).problem)
    if problems:
        raise ManifestError(problems, documents)
    return tuple(documents)


def load_text(text: str, file: str) -> tuple[Document, ...]:
    """Every document of ``text``, which is called ``file`` in messages."""
    text = text.removeprefix("\ufeff")
    source = Text(file, text)
    plain = read_lines(source)
    if plain is not None:
        return tuple(plain)
    composer = Composer(source)
    try:
        composer.read()
    except ForbiddenCharacter as error:
        raise ManifestError([forbidden(text, file)]) from error
    if composer.problems:
        raise ManifestError(composer.problems)
    return tuple(composer.documents)


def _paths(
    filenames: Sequence[str], recursive: bool, without: Collection[str], problems: list[Problem]
) -> Iterator[str]:
    """The files to read in the order given, each once."""
    groups = []
    left_out = frozenset(map(os.path.realpath, without))
    for name in filenames:
        try:
            groups.append([STDIN] if name == "-" else named(name, recursive=recursive, without=left_out))
        except Unusable as error:
            problems.append(error.problem)
    return distinct(chain.from_iterable(groups))


@contextmanager
def no_collection() -> Iterator[None]:
    """Without the garbage collector, which finds nothing here and takes half of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
