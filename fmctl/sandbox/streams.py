"""Content that is put together from files, or is a piece of one, without being held in memory."""

import io
from collections.abc import Iterable
from typing import BinaryIO, cast


def joined(files: Iterable[BinaryIO]) -> BinaryIO:
    """Files read one after the other."""
    return cast(BinaryIO, _Joined(files))


def section(file: BinaryIO, start: int, stop: int) -> BinaryIO:
    """The bytes of a file from `start` up to `stop`."""
    file.seek(start)
    return cast(BinaryIO, _Section(file, stop - start))


class _Joined(io.RawIOBase):
    def __init__(self, files: Iterable[BinaryIO]) -> None:
        self._files = iter(files)
        self._current: BinaryIO = io.BytesIO()

    def read(self, size: int = -1) -> bytes:
        while not (chunk := self._current.read(size)):
            following = next(self._files, None)
            if following is None:
                return b""
            self._current = following
        return chunk


class _Section(io.RawIOBase):
    def __init__(self, file: BinaryIO, left: int) -> None:
        self._file = file
        self._left = left

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(chunk)
        return chunk
