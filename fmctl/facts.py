"""Where facts are kept: append-only files in a local folder or in object storage. Implements ``domain.ports.Facts``."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from fmctl.domain.ports import ObjectStore
from fmctl.domain.problem import LedgerError, StorageError

PROBE = ".probe"
_NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS)
Fact = Mapping[str, Any]


class LocalFacts:
    """Facts in a folder, readable by its owner alone. A fact appears whole or not at all, and never changes."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __repr__(self) -> str:
        return f"LocalFacts({self._root})"

    def names(self) -> Sequence[str]:
        """Every file below the folder, by its relative POSIX name."""
        with _explained(f"read the ledger {self._root}"):
            return sorted(self._walk())

    def read(self, name: str) -> Fact | None:
        """One fact; None when there is none."""
        with _explained(f"read the ledger {self._root}"):
            try:
                return decoded((self._root / name).read_bytes(), f"{self._root}/{name}")
            except FileNotFoundError:
                return None

    def write(self, name: str, fact: Fact) -> None:
        """Write one fact, unless there is one."""
        with _explained(f"write the ledger {self._root}"):
            self._write(self._root / name, encoded(fact))

    def check_writable(self) -> None:
        """Raise unless facts can be written, by making a file and removing it."""
        probe = self._root / f"{PROBE}-{uuid4().hex}"
        with _explained(f"write the ledger {self._root}"):
            self._write(probe, b"")
            probe.unlink()

    def _walk(self) -> Iterator[str]:
        for folder, _, files in os.walk(self._root, onerror=self._failed):
            yield from (Path(folder, file).relative_to(self._root).as_posix() for file in files)

    def _failed(self, error: OSError) -> None:
        """A folder that cannot be read is not an empty one; only a ledger that was never written is."""
        if not (isinstance(error, FileNotFoundError) and Path(error.filename) == self._root):
            raise error

    def _write(self, path: Path, content: bytes) -> None:
        _make_private(path.parent)
        draft = path.with_name(f".{path.name}.{uuid4().hex}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            _publish(draft, path)
        finally:
            draft.unlink(missing_ok=True)


class StoredFacts:
    """Facts in object storage. There is no lock: whoever finds a fact leaves it, and equal runs state equal facts."""

    def __init__(self, store: ObjectStore, root: str) -> None:
        self._store = store
        self._root = f"{root.rstrip('/')}/"

    def __repr__(self) -> str:
        return f"StoredFacts({self._root})"

    def names(self) -> Sequence[str]:
        """Every object below the folder, by its relative name."""
        start = len(self._root.removeprefix("obs://").partition("/")[2])
        with _explained(f"read the ledger {self._root}"):
            return sorted(found.key[start:] for found in self._store.list(self._root))

    def read(self, name: str) -> Fact | None:
        """One fact; None when there is none."""
        with _explained(f"read the ledger {self._root}"):
            content = self._store.read(self._root + name)
        return None if content is None else decoded(content, self._root + name)

    def write(self, name: str, fact: Fact) -> None:
        """Write one fact, unless there is one."""
        with _explained(f"write the ledger {self._root}"):
            if self._store.read(self._root + name) is None:
                self._store.write(self._root + name, encoded(fact))

    def check_writable(self) -> None:
        """Raise unless facts can be written, by writing an object that is no fact."""
        with _explained(f"write the ledger {self._root}"):
            self._store.write(self._root + PROBE, b"")


def encoded(fact: Fact) -> bytes:
    """Equal facts are equal bytes."""
    return f"{json.dumps(fact, sort_keys=True, ensure_ascii=False, indent=2)}\n".encode()


def decoded(content: bytes, where: str) -> Fact:
    """The fact in a file; a file that is none is an error, since guessing could start a run twice."""
    try:
        fact = json.loads(content)
    except ValueError:
        fact = None
    if not isinstance(fact, dict):
        msg = f"{where} is not a fact of the ledger"
        raise LedgerError(msg, hint="restore the file from a backup, or remove it if it was not written by fmctl")
    return fact


def _publish(draft: Path, path: Path) -> None:
    """Give the draft its name, in one step and only if nothing has it."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if not path.exists():
            os.rename(draft, path)  # whole or not at all, though of two writers at once the last one wins


def _make_private(folder: Path) -> None:
    """Make the folder and its parents, for their owner alone."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)


@contextmanager
def _explained(doing: str) -> Iterator[None]:
    try:
        yield
    except StorageError as error:
        problem = LedgerError(f"cannot {doing}: {error.message}", hint=error.hint)
        problem.code = error.code
        raise problem from error
    except OSError as error:
        msg = f"cannot {doing}: {error.strerror or error}"
        raise LedgerError(msg, hint="choose another ledger with FMCTL_LEDGER, or in the context") from error
