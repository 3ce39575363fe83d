"""Lines at the bottom of a terminal that are rewritten in place, whatever happens to its size."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TextIO

from fmctl.report.table import width

BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"
"""A terminal that knows these shows what is between them at once; others ignore them."""
CLEAR_RIGHT, CLEAR_BELOW = "\x1b[K", "\x1b[J"


class Region:
    """The lines that were painted last. Each paints over the one before in one write, so that nothing flickers."""

    def __init__(
        self,
        stream: TextIO,
        size: Callable[[], tuple[int, int]] | None = None,
        style: Callable[[str], str] | None = None,
    ) -> None:
        self._stream, self._style = stream, style or str
        self.size = size or (lambda: terminal_size(stream))
        self._lines: Sequence[str] = ()

    def paint(self, lines: Sequence[str]) -> None:
        """Show ``lines`` in the place of those before."""
        text = "".join(f"{self._style(line)}{CLEAR_RIGHT}\n" for line in lines)
        self._stream.write(f"{BEGIN}{self._back()}{text}{CLEAR_BELOW}{END}")
        self._stream.flush()
        self._lines = lines

    def clear(self) -> None:
        """Leave nothing."""
        self.paint(())

    def _back(self) -> str:
        """To the start of what was painted; a terminal that has become narrower has folded it into more rows."""
        columns = max(1, self.size()[0])
        rows = sum(max(1, -(-width(line) // columns)) for line in self._lines)
        return f"\r\x1b[{rows}A" if rows else "\r"


def terminal_size(stream: TextIO) -> tuple[int, int]:
    """Columns and lines of the terminal behind ``stream`` as it is now."""
    try:
        size = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return 80, 24
    return size.columns or 80, size.lines or 24  # a pseudo-terminal that nobody has sized says 0
