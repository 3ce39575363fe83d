"""What the YAML parser objects to, in words that help."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from yaml.error import MarkedYAMLError

from fmctl.domain.problem import Problem
from fmctl.load import _rules as rules
from fmctl.load._marks import Text

try:
    from yaml._yaml import CParser as _Parser
except ImportError:  # PyYAML without libyaml: the same events, twenty times slower
    from yaml.parser import Parser as _Events
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class _Parser(Reader, Scanner, _Events):  # type: ignore[no-redef]
        def __init__(self, stream: str) -> None:
            Reader.__init__(self, stream)
            Scanner.__init__(self)
            _Events.__init__(self)

        def get_event(self) -> Any:
            event = _Events.get_event(self)  # type: ignore[no-untyped-call]
            if any("\ud800" <= character <= "\udfff" for character in getattr(event, "value", "")):
                raise MarkedYAMLError(problem="Unicode character escape", problem_mark=event.start_mark)
            return event


_UNCLOSED: Final = "unexpected (end of stream|document)"
_INDENT: Final = "check the indentation of this line and the ones before it"
_WORDS: Final[tuple[tuple[str, str, str | None], ...]] = (
    (
        "mapping values are not allowed",
        "a second ': ' on one line, or a key where none can stand",
        "quote text that contains ': ', give every key its own line, and look for a ':' that the line before lacks",
    ),
    (
        r"expected (key|<block end>|'-' indicator)",
        "this line does not belong to the map or list that it stands in",
        _INDENT,
    ),
    (r"expected ',' or '\]'", "a list that opens with '[' is not closed here", "a ',' or a ']' is missing"),
    (r"expected ',' or '\}'", "a map that opens with '{' is not closed here", "a ',' or a '}' is missing"),
    ("expected ':'", "a key without ':'", f"write 'key: value'; for text over several lines {_INDENT}"),
    ("unknown escape", "unknown escape in double quotes", r"write \\ for a backslash, or use single quotes"),
    ("hexdecimal|hexadecimal|Unicode character escape", "an escape that is not a character", None),
    (
        "cannot start any token",
        "a value cannot begin with this character",
        "quote it: values that begin with @, `, % or a stray bracket need quotes",
    ),
    ("undefined tag handle", "unknown tag", "fmctl knows no tags but YAML's own"),
    ("block sequence entries", "a list item '- ' where none can stand", "begin the list on a line of its own"),
    (
        "alphabetic or numeric",
        "an anchor or alias without a name",
        "quote text that begins with * or &",
    ),
    ("document start", "text after the end of a document", "separate documents by a line '---'"),
    ("incompatible YAML", "this version of YAML is unknown", "leave the %YAML line out"),
    ("mapping keys are not allowed", "a key where none can stand", _INDENT),
)


def parser(text: str) -> Callable[[], Any]:
    """What gives the next event of ``text``."""
    events: Callable[[], Any] = _Parser(text).get_event
    return events


def explain(text: Text, error: MarkedYAMLError) -> tuple[Problem, int]:
    """The problem that stopped the parser, and the offset at which it stopped."""
    mark = error.problem_mark or error.context_mark
    offset = min(mark.index if mark else 0, len(text.text))
    return _problem(text, error, offset), offset


def _problem(text: Text, error: MarkedYAMLError, offset: int) -> Problem:
    tab = _tab(text.text, offset)
    if tab is not None:
        return Problem(text.source(tab), rules.TAB, "a tab in the indentation", "indent with spaces")
    said = error.problem or "not well-formed YAML"
    opened = error.context_mark
    if opened and re.search(_UNCLOSED, said):
        return Problem(text.source(opened.index), rules.SYNTAX, "a quote that is never closed", "add the closing quote")
    for pattern, message, hint in _WORDS:
        if re.search(pattern, said):
            return Problem(text.source(offset), rules.SYNTAX, message, hint)
    return Problem(text.source(offset), rules.SYNTAX, said)


def _tab(text: str, offset: int) -> int | None:
    """The offset of a tab in the indentation of the line of ``offset``."""
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    indent = re.compile(r"[ \t]*").match(text, start)
    tab = text.find("\t", start, indent.end() if indent else start)
    return tab if tab >= 0 else None
