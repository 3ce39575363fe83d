"""Single files on their way to and from object storage, many at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from fmctl.domain.problem import StorageError
from fmctl.objectstore.address import Address

PARALLEL = 8
WHOLE = 16 << 20
"""Up to this size a file is sent in one piece from memory, which the library repeats by itself when it fails."""
PIECE = 16 << 20
MOST_PIECES = 10_000

Ask = Callable[[str, Callable[[Any], Any]], Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Upload:
    """A local file and where it goes."""

    to: Address
    path: Path
    size: int

    def run(self, ask: Ask) -> None:
        """Send it."""
        bucket, key = self.to
        if self.size <= WHOLE:
            content = read_file(self.path)
            answer = ask(f"upload {self.to}", lambda obs: obs.putContent(bucket, key, content))
        else:
            piece = max(PIECE, self.size // MOST_PIECES + 1)
            answer = ask(f"upload {self.to}", lambda obs: obs.uploadFile(bucket, key, str(self.path), partSize=piece))
        if answer is None:
            raise no_bucket(bucket)


@dataclass(frozen=True, slots=True)
class Download:
    """An object and the local file that it becomes."""

    source: Address
    path: Path
    size: int

    def run(self, ask: Ask) -> None:
        """Fetch it under another name first, so that half a file never looks like one."""
        bucket, key = self.source
        part = self.path.with_name(f".{self.path.name}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            answer = ask(f"download {self.source}", lambda obs: obs.getObject(bucket, key, downloadPath=str(part)))
            if answer is None:
                msg = f"{self.source} vanished while it was downloaded"
                raise StorageError(msg, status=404)
            os.replace(part, self.path)
        except OSError as error:
            msg = f"cannot write {self.path}: {error.strerror}"
            raise StorageError(msg) from error
        finally:
            part.unlink(missing_ok=True)


def in_parallel(run: Callable[[T], None], items: Iterable[T]) -> None:
    """``run`` every item; after the first failure no other is begun."""
    with ThreadPoolExecutor(PARALLEL, thread_name_prefix="objects") as pool:
        try:
            for _ in pool.map(run, items):
                pass
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def inside(folder: str, name: str) -> Path:
    """The file ``name`` in ``folder``; names that lead out of it are an error, links that do so too."""
    root = Path(folder).resolve()
    path = root.joinpath(*PurePosixPath(name).parts)
    forbidden = not name or name.startswith("/") or ".." in PurePosixPath(name).parts or "\0" in name
    if forbidden or (os.sep != "/" and os.sep in name) or not path.resolve().is_relative_to(root):
        msg = f"the object {name!r} would be written outside of {folder}"
        raise StorageError(msg, hint="download its folder from another place, or rename it")
    return path


def size_of(path: Path) -> int:
    """The size of a local file."""
    try:
        return path.stat().st_size
    except OSError as error:
        raise unreadable(path, error) from error


def read_file(path: Path) -> bytes:
    """The content of a local file."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> StorageError:
    """The error of a local file that cannot be read."""
    return StorageError(f"cannot read {path}: {error.strerror}")


def no_bucket(bucket: str) -> StorageError:
    """The error of writing into a bucket that does not exist."""
    return StorageError(f"there is no bucket {bucket}", status=404, hint="create it, or check the address")
