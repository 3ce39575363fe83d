"""The short way through plain text: block style, one key or item per line, nothing but ASCII.

Most manifests are written like that, by tools above all, and reading them line by line takes half of the time that the
parser's events take. At the first line that is not as plain as that, all of the text is left to the parser.
"""

from __future__ import annotations

import re
from sys import intern
from typing import Any, Final, NamedTuple

from fmctl.domain.resource import Document
from fmctl.load._aliases import Texts
from fmctl.load._marks import Text, document
from fmctl.load._scalars import STARTS, plain

_INSIDE: Final = r"[!-\"$-9;-~]"  # printable, without space, # and :
_PLAIN: Final = rf"[A-Za-z0-9_/.~]{_INSIDE}*+(?:[: ]{_INSIDE}++)*+"
_QUOTED: Final = r"""'[ !#-&(-~"]*+'|"[ !#-\[\]-~]*+\""""
_KEY: Final = r"[A-Za-z_][A-Za-z0-9_.-]{0,99}"
_LINE: Final = re.compile(rf"( *+)(- )?(?:({_KEY}):(?: ({_PLAIN}|{_QUOTED}))?|({_PLAIN}|{_QUOTED}))\n")
_NOTHING: Final = re.compile(r"(?: *+(?:#[ -~]*+)?\n)+")
_QUOTES: Final = frozenset("'\"")
_SPECIAL: Final = STARTS | _QUOTES
"""What a value that is not its own text can begin with."""
_SEPARATOR: Final = "---\n"
_DEEPEST: Final = 50


class _Odd(Exception):
    """This takes the parser."""


class _Open(NamedTuple):
    """A map or list to which lines may still add; its entries begin in one column."""

    column: int
    value: Any
    texts: dict[str | int, str]


_NOWHERE: Final = _Open(-1, {}, {})


def read_lines(text: Text) -> list[Document] | None:
    """All documents of ``text``; None if it is not plain enough, or wrong."""
    reader = _Reader(text)
    try:
        reader.read()
    except _Odd:
        return None
    return reader.documents


class _Reader:
    def __init__(self, text: Text) -> None:
        self.documents: list[Document] = []
        self._text = text
        self._begin()

    def _begin(self) -> None:
        self._offsets: list[int] = []
        self._written: Texts = {}
        self._open: list[_Open] = []
        self._key: str | None = None  # of the innermost map; its value follows in the next lines
        self._column, self._entries, self._texts = _NOWHERE  # the innermost map, if the next line may simply add to it

    def read(self) -> None:
        """Read to the end."""
        text, at, end, match = self._text.text, 0, len(self._text.text), _LINE.match
        while at < end:
            line = match(text, at)
            if line is None:
                at = self._between(at)
                continue
            at = line.end()
            indent, dash, key, value, item = line.groups()
            if value is None or dash or len(indent) != self._column or key in self._entries:
                self._odd_line(line, len(indent), dash, key, value, item)
                continue
            # The hot path: one more entry of the innermost map.
            put = self._offsets.append
            put(line.start(3))
            put(line.start(4))
            self._entries[intern(key)] = self._scalar(value, key, self._texts) if value[0] in _SPECIAL else value
        self._end()

    def _between(self, at: int) -> int:
        """Skip empty lines, comments, and what separates documents."""
        if self._text.text.startswith(_SEPARATOR, at):
            self._end()
            return at + len(_SEPARATOR)
        nothing = _NOTHING.match(self._text.text, at)
        if not nothing:
            raise _Odd
        return nothing.end()

    def _end(self) -> None:
        """A document is complete; one without any line is none."""
        if self._key is not None:
            raise _Odd
        if self._open:
            root = self._open[0].value
            while self._open:
                self._close()
            self.documents.append(document(self._text, root, self._offsets, self._written))
            self._begin()

    def _odd_line(
        self, line: re.Match[str], column: int, dash: str | None, key: str | None, value: str | None, item: str | None
    ) -> None:
        """A line that begins a map, a list or an item, or that goes on with an outer one."""
        if dash:
            items = self._entered(column, list, line.end(1))
            if key is None:
                self._item(items, item or "", line.start(5))
                return
            entries = self._opened(column + 2, {}, line.start(3))
            items.value.append(entries.value)
        elif key is None:
            raise _Odd
        else:
            entries = self._entered(column, dict, line.start(3))
            if key in entries.value:
                raise _Odd
        self._offsets.append(line.start(3))
        if value is None:
            self._key = intern(key)
            self._column = -1
        else:
            self._offsets.append(line.start(4))
            entries.value[intern(key)] = self._scalar(value, key, entries.texts)
            self._column, self._entries, self._texts = entries

    def _item(self, items: _Open, item: str, offset: int) -> None:
        self._offsets.append(offset)
        items.value.append(self._scalar(item, len(items.value), items.texts))
        self._column = -1

    def _entered(self, column: int, kind: type, offset: int) -> _Open:
        """The map or list whose entries begin in ``column``: the one that a key waits for, or an open one."""
        if self._key is None and self._open:
            return self._unwound(column, kind)
        if not self._open:
            if column or kind is list:
                raise _Odd
            return self._opened(column, {}, offset)
        outer = self._open[-1]
        if column < outer.column or (column == outer.column and kind is dict) or len(self._open) > _DEEPEST:
            raise _Odd  # only a list may begin in the column of its key
        new = self._opened(column, kind(), offset)
        outer.value[self._key] = new.value
        self._key = None
        return new

    def _opened(self, column: int, value: Any, offset: int) -> _Open:
        self._offsets.append(offset)
        new = _Open(column, value, {})
        self._open.append(new)
        return new

    def _unwound(self, column: int, kind: type) -> _Open:
        """The innermost map or list that begins in ``column``; what is inside of it is complete."""
        while self._open:
            found = self._open[-1]
            if found.column == column and found.value.__class__ is kind:
                return found
            if found.column < column:
                break
            self._close()
        raise _Odd

    def _close(self) -> None:
        """The innermost map or list is complete."""
        done = self._open.pop()
        if done.texts:
            self._written[id(done.value)] = done.texts

    @staticmethod
    def _scalar(written: str, key: str | int, texts: dict[str | int, str]) -> Any:
        if written[0] in _QUOTES:
            return written[1:-1]
        value = plain(written)
        if value.__class__ is not str:
            texts[key] = written
        return value
