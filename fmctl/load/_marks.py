"""Where every key and value stands, at the price of one integer each while parsing.

The composer notes one offset per key and value, in the order of the text. Paths, lines and columns are made when
somebody asks, for one document at a time: most documents are right and nobody asks.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Any, Final

from fmctl.domain.resource import Document, Mark, Path, Source, Written

_BREAK: Final = re.compile(r"\r\n|\r|\n")
_TOKEN: Final = re.compile(r"[-+.~0-9A-Za-z]*")
"""Matches any plain scalar that is not text, and stops at whatever can follow one."""
_NOT_PLAIN: Final = frozenset("\"'|>&*!")


class Text:
    """The text of one file, and the places in it."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.written: dict[int, str | None] = {}
        """How a scalar was written, by offset, where that is not what stands at its offset: anchors, aliases, tags."""

    @cached_property
    def _starts(self) -> list[int]:
        if "\r" in self.text:
            return [0, *(found.end() for found in _BREAK.finditer(self.text))]
        return [0, *accumulate(len(line) + 1 for line in self.text.split("\n"))]

    def source(self, offset: int) -> Source:
        """The place of ``offset`` as editors count."""
        line = bisect_right(self._starts, offset)
        return Source(self.file, line, offset - self._starts[line - 1] + 1)

    def mark(self, offset: int, value: Any) -> Mark:
        """The mark of ``value``, which stands at ``offset``."""
        line = bisect_right(self._starts, offset)
        return Mark(line, offset - self._starts[line - 1] + 1, self._written(offset, value))

    def _written(self, offset: int, value: Any) -> str | None:
        if isinstance(value, (dict, list)):
            return None
        if offset in self.written:
            return self.written[offset]
        if isinstance(value, str):
            return None if self.text[offset : offset + 1] in _NOT_PLAIN else value
        found = _TOKEN.match(self.text, offset)
        return found[0] if found else ""


class Layout:
    """One document's value with the offsets of its keys and values, in the order of the text."""

    __slots__ = ("__weakref__", "offsets", "text", "value")

    def __init__(self, text: Text, value: Any, offsets: list[int]) -> None:
        self.text = text
        self.value = value
        self.offsets = array("Q", offsets)


def size(value: Any) -> int:
    """How many offsets ``value`` has: its own, and those of all keys and values in it."""
    if isinstance(value, dict):
        return 1 + len(value) + sum(map(size, value.values()))
    return 1 + sum(map(size, value)) if isinstance(value, list) else 1


@lru_cache(maxsize=2)
def _places(layout: Layout) -> tuple[dict[Path, int], dict[Path, int]]:
    """The offset of every key and of every value by path; kept for the last documents that were asked about."""
    keys: dict[Path, int] = {}
    values: dict[Path, int] = {}
    following = iter(layout.offsets).__next__

    def walk(node: Any, path: Path) -> None:
        if node.__class__ is dict:
            for key, value in node.items():
                below = (*path, key)
                keys[below] = following()
                values[below] = following()
                if value.__class__ is dict or value.__class__ is list:
                    walk(value, below)
        else:
            for index, value in enumerate(node):
                below = (*path, index)
                values[below] = following()
                if value.__class__ is dict or value.__class__ is list:
                    walk(value, below)

    values[()] = following()
    walk(layout.value, ())
    return keys, values


class _Marks(Mapping[Path, Mark]):
    """The marks of a document's keys or values by path."""

    __slots__ = ("_layout",)

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def __iter__(self) -> Iterator[Path]:
        return iter(self._offsets())

    def __len__(self) -> int:
        return len(self._offsets())

    def _offsets(self) -> dict[Path, int]:
        raise NotImplementedError


class _Keys(_Marks):
    __slots__ = ()

    def _offsets(self) -> dict[Path, int]:
        return _places(self._layout)[0]

    def __getitem__(self, path: Path) -> Mark:
        return self._layout.text.mark(self._offsets()[path], path[-1])


class _Values(_Marks):
    __slots__ = ()

    def _offsets(self) -> dict[Path, int]:
        return _places(self._layout)[1]

    def __getitem__(self, path: Path) -> Mark:
        offset = self._offsets()[path]
        value = self._layout.value
        for part in path:
            value = value[part]
        return self._layout.text.mark(offset, value)


def document(text: Text, value: Any, offsets: list[int], written: Written) -> Document:
    """A document whose marks are made on demand."""
    layout = Layout(text, value, offsets)
    return Document(text.file, value, _Keys(layout), _Values(layout), written)
