"""Columns that line up in a terminal, whatever script the text is in."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

NARROWEST = 8
"""No column is cut to less than this."""
_GAP = "  "


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], columns: int | None = None) -> list[str]:
    """The head and one line a row; with ``columns`` the widest are cut, and end in ``…``, until a line fits."""
    cells = [[" ".join(cell.split()) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(heads, *cells, strict=True)]
    if columns is not None:
        _narrow(widths, columns)
    return [_line(row, widths) for row in (heads, *cells)]


def _narrow(widths: list[int], columns: int) -> None:
    """Take from the widest, cell by cell."""
    room = columns - len(_GAP) * (len(widths) - 1)
    while sum(widths) > room and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    shown = [clipped(cell, size) for cell, size in zip(row, widths, strict=True)]
    return _GAP.join(cell + " " * (size - width(cell)) for cell, size in zip(shown, widths, strict=True)).rstrip()


def clipped(text: str, size: int) -> str:
    """``text`` in at most ``size`` cells; what is missing shows as ``…``."""
    if width(text) <= size:
        return text
    kept, used = "", 0
    for character in text:
        used += width(character)
        if used > size - 1:
            break
        kept += character
    return kept + "…"


def width(text: str) -> int:
    """Terminal cells that ``text`` takes: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)
