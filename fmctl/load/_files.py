"""Files and their text, each read once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from fmctl.domain.problem import Problem
from fmctl.domain.resource import Source
from fmctl.load import _rules as rules

STDIN: Final = "<stdin>"
_FORBIDDEN: Final = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"


class Unusable(Exception):
    """A name or a file that cannot be used."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def unusable(file: str, rule: str, message: str, hint: str | None = None) -> Unusable:
    """A problem of a whole file."""
    return Unusable(Problem(Source(file, 1, 1), rule, message, hint))


def distinct(paths: Iterable[str]) -> Iterator[str]:
    """Each file once, under the first name it was given."""
    seen = set()
    for path in paths:
        try:
            status = os.stat(path)
            identity: object = (status.st_dev, status.st_ino)
        except (OSError, ValueError):
            identity = path  # opening it will say what is wrong
        if identity not in seen:
            seen.add(identity)
            yield path


def text_of(path: str) -> str:
    """The text of a file."""
    try:
        with open(path, "rb", buffering=0) as file:
            return decoded(file.read(), path)
    except FileNotFoundError as error:
        hint = None if os.path.isabs(path) else f"looked for {os.path.abspath(path)}"
        raise unusable(path, rules.NO_MATCH, "there is no such file or directory", hint) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise unreadable(path, error) from error


def text_of_stdin(stdin: Callable[[], str] | None) -> str:
    """What stands on standard input."""
    if stdin is None:
        raise unusable(STDIN, rules.UNREADABLE, "there is no standard input to read")
    try:
        return stdin()
    except UnicodeDecodeError as error:
        raise unusable(STDIN, rules.ENCODING, "standard input is not UTF-8", "save it as UTF-8") from error
    except (OSError, ValueError) as error:
        raise unreadable(STDIN, error) from error


def unreadable(path: str, error: Exception) -> Unusable:
    """What the system says about a file."""
    reason = (error.strerror or "").lower() if isinstance(error, OSError) else ""
    return unusable(path, rules.UNREADABLE, f"cannot be read: {reason or 'not a usable name'}")


def decoded(data: bytes, file: str) -> str:
    """``data`` as UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        place = _place(file, before, len(before))
        utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        message = "the file is UTF-16, not UTF-8" if utf16 else f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise Unusable(Problem(place, rules.ENCODING, message, "save the file as UTF-8")) from error


def forbidden(text: str, file: str) -> Problem:
    """The character of ``text`` at which the parser stopped."""
    found = re.search(_FORBIDDEN, text)  # compiled when it is needed: that takes as long as all other patterns
    if not found:
        return Problem(Source(file, 1, 1), rules.CHARACTER, "a character that YAML forbids")
    place = _place(file, text, found.start())
    if 0xD800 <= ord(found[0]) <= 0xDFFF:
        return Problem(place, rules.ENCODING, "not UTF-8", "save it as UTF-8")
    name = "NUL byte" if found[0] == "\0" else f"control character U+{ord(found[0]):04X}"
    return Problem(place, rules.CHARACTER, f"a {name}", "remove it; in double quotes it can be escaped")


def _place(file: str, text: str, offset: int) -> Source:
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    return Source(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
