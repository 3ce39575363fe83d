"""What the stages need from the outside, as protocols: adapters implement them, tests substitute them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Json = Any


class Clock(Protocol):
    """Time, so that tests need not wait for it."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass."""


class Api(Protocol):
    """The ModelArts API of one project. Errors are ``domain.problem.ApiError`` and its subclasses."""

    project_id: str
    workspace: str

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int | bool] | None = None,
        body: Json = None,
        safe: bool = False,
    ) -> Json:
        """Make one call and return the decoded answer (None when it is empty).

        ``path`` starts with ``/v1/{project_id}/`` or ``/v2/{project_id}/``, with exactly that placeholder; every
        other segment is percent-encoded by the caller's f-string via ``quote``. ``safe`` says that repeating the
        call does no harm (searches by POST): it is then retried like a GET. Calls that are not safe raise
        NoAnswer instead of being repeated.
        """


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object of a listing: key below its bucket, size in bytes, quoted-MD5 style etag."""

    key: str
    size: int
    etag: str


class ObjectStore(Protocol):
    """Object storage. Addresses are ``obs://bucket/key``; errors are ``domain.problem.StorageError``."""

    def list(self, url: str) -> Sequence[StoredObject]:
        """All objects below ``url``; an absent bucket or prefix lists nothing (a bucket that is denied raises)."""

    def read(self, url: str) -> bytes | None:
        """The object's content, None when it is absent."""

    def write(self, url: str, content: bytes) -> None:
        """Create or replace a small object."""

    def upload(self, url: str, files: Iterable[tuple[str, str]]) -> None:
        """Upload ``(relative posix name, local path)`` pairs below the folder ``url``."""

    def download(self, url: str, folder: str) -> int:
        """Download all objects below ``url`` into ``folder``; the number of files."""

    def ensure_bucket(self, bucket: str) -> None:
        """Create the bucket unless it exists."""


class Facts(Protocol):
    """Append-only files of the ledger by relative name; errors are ``domain.problem.LedgerError``."""

    def names(self) -> Sequence[str]:
        """The relative names of all facts of the set, in one listing."""

    def read(self, name: str) -> Mapping[str, Any] | None:
        """One fact."""

    def write(self, name: str, fact: Mapping[str, Any]) -> None:
        """Write one fact once; an existing one is left as it is."""
