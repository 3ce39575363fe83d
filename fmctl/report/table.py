"""Columns that line up in a terminal, whatever script the text is in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

NARROWEST = 8
"""No column is cut to less than this."""
NARROW = 16
"""The last column is cut to this before the others are touched."""
_LEAST = 4
"""How far a word is indented that would not fit otherwise."""
_GAP = "  "
_PIECES = re.compile(r" *(?:`[^`]*`[^\s\u2e80-\uffff]*|[^\s\u2e80-\uffff]+|[\u2e80-\uffff])|\s+")
"""Where a line may be folded: before a word, and around every wide character."""
_ESCAPE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|.)")


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], columns: int | None = None, *, fold: bool = False
) -> list[str]:
    """The head and one line a row; with ``columns`` cells are cut, and end in ``…``, until a line fits.

    The last column gives way first, since the first ones are what people copy; with ``fold`` it is not cut, but goes
    on below itself.
    """
    cells = [[" ".join(legible(cell).split()) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(heads, *cells, strict=True)]
    if columns is not None:
        _narrow(widths, columns)
    if fold:
        cells = [line for row in cells for line in _continued(row, widths[-1])]
    return [_line(row, widths) for row in (heads, *cells)]


def _continued(row: Sequence[str], size: int) -> Iterator[list[str]]:
    """A row, and below it what its last cell has no room for."""
    *others, last = row
    parts = [chunk for part in folded(last, size, hang=0) for chunk in _chunks(part, size)]
    for number, part in enumerate(parts):
        yield [*([""] * len(others) if number else others), part]


def _chunks(word: str, size: int) -> Iterator[str]:
    """A word that is too long for its column, in parts that are not."""
    while width(word) > size:
        part = clipped(word, size + 1).removesuffix("…") or word[0]
        yield part
        word = word[len(part) :]
    yield word


def _narrow(widths: list[int], columns: int) -> None:
    """Take from the last, and when that is narrow, from the widest, cell by cell."""
    room = columns - len(_GAP) * (len(widths) - 1)
    spare = max(0, widths[-1] - NARROW)
    widths[-1] -= min(spare, max(0, sum(widths) - room))
    while sum(widths) > room and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    shown = [clipped(cell, size) for cell, size in zip(row, widths, strict=True)]
    return _GAP.join(cell + " " * (size - width(cell)) for cell, size in zip(shown, widths, strict=True)).rstrip()


def folded(line: str, columns: int | None, hang: int = 4) -> list[str]:
    """``line`` in lines of at most ``columns`` cells, the later ones indented by ``hang`` more than the first.

    What stands between backticks is a command to copy and stays whole, as does a word that is too long for a line,
    which is indented less where that helps.
    """
    if columns is None or width(line) <= columns:
        return [line]
    lead = line[: len(line) - len(line.lstrip())]
    lines = [lead]
    for piece in _PIECES.findall(line[len(lead) :]):
        if width(lines[-1] + piece.rstrip()) > columns and lines[-1].strip():
            fits = width(lead + piece.strip()) + hang <= columns
            lines.append(lead + " " * (hang if fits else min(hang, _LEAST)))
        lines[-1] += piece if lines[-1].strip() else piece.lstrip()
    return [line.rstrip() for line in lines]


def legible(line: str) -> str:
    """What a terminal would show of a line of a log: no control sequences, the last state of a progress bar."""
    text = _ESCAPE.sub("", line.rstrip("\r\n")).rpartition("\r")[2]
    return "".join(character if character.isprintable() else " " for character in text)


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
