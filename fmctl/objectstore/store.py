"""``domain.ports.ObjectStore`` on OBS."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fmctl.domain.ports import StoredObject
from fmctl.domain.problem import StorageError
from fmctl.objectstore import transfer
from fmctl.objectstore.address import Address, parse_address
from fmctl.objectstore.door import Door

PAGE = 1000
"""Keys per listing: the most that OBS gives."""


class ObsStore:
    """Object storage of one account. Usable from many threads."""

    def __init__(
        self,
        endpoint: str,
        access_key: str,
        secret_key: str,
        security_token: str | None = None,
        *,
        region: str | None = None,
        timeout: float = 60.0,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._door = Door(endpoint, access_key, secret_key, security_token, timeout, pause)
        self._region = region

    def __repr__(self) -> str:
        return f"ObsStore({self._door.endpoint})"

    def list(self, url: str) -> Sequence[StoredObject]:
        """All objects below the folder ``url``, and the object ``url`` itself if there is one."""
        address = parse_address(url)
        itself = () if address.key.endswith("/") or not address.key else tuple(self._head(address))
        return (*itself, *self._below(address.folder()))

    def read(self, url: str) -> bytes | None:
        """The object's content."""
        bucket, key = parse_address(url)
        result = self._door.ask(f"read {url}", lambda obs: obs.getObject(bucket, key, loadStreamInMemory=True))
        return None if result is None else bytes(result.body.buffer or b"")

    def write(self, url: str, content: bytes) -> None:
        """Create or replace a small object."""
        bucket, key = parse_address(url)
        if self._door.ask(f"write {url}", lambda obs: obs.putContent(bucket, key, content)) is None:
            raise transfer.no_bucket(bucket)

    def upload(self, url: str, files: Iterable[tuple[str, str]]) -> None:
        """Upload what is not there with the same size, then look whether all is there.

        Meant for folders whose address is made of their content: there, the size tells half an upload from a whole.
        """
        folder = parse_address(url).folder()
        wanted = {folder.key + name: Path(path) for name, path in files}
        sizes = {key: transfer.size_of(path) for key, path in wanted.items()}
        missing = self._missing(folder, sizes)
        with self._door.kept_open() as ask:
            uploads = [transfer.Upload(Address(folder.bucket, key), wanted[key], sizes[key]) for key in missing]
            transfer.in_parallel(lambda upload: upload.run(ask), uploads)
        left = self._missing(folder, sizes) if missing else ()
        if left:
            msg = f"upload to {folder} is incomplete: {len(left)} of {len(sizes)} files are missing, first {left[0]}"
            raise StorageError(msg, hint="did the files change meanwhile, or does the bucket exist? try again")

    def download(self, url: str, folder: str) -> int:
        """Download all objects below ``url``; nothing is written when one of them would leave ``folder``."""
        address = parse_address(url)
        objects = [found for found in self.list(url) if not found.key.endswith("/")]
        base = len(address.key.rpartition("/")[0]) + 1 if _is_one(objects, address) else len(address.folder().key)
        downloads = [
            transfer.Download(Address(address.bucket, found.key), transfer.inside(folder, found.key[base:]), found.size)
            for found in objects
        ]
        with self._door.kept_open() as ask:
            transfer.in_parallel(lambda download: download.run(ask), downloads)
        return len(downloads)

    def ensure_bucket(self, bucket: str) -> None:
        """Create the bucket unless it exists."""
        if self._door.ask(f"look for {bucket}", lambda obs: obs.headBucket(bucket)) is not None:
            return
        try:
            self._door.ask(f"create {bucket}", lambda obs: obs.createBucket(bucket, location=self._region))
        except StorageError as error:
            if error.status != 409 or self._door.ask("", lambda obs: obs.headBucket(bucket)) is None:
                raise  # 409 and ours: somebody was faster

    def _head(self, address: Address) -> Iterator[StoredObject]:
        bucket, key = address
        result = self._door.ask(f"look for {address}", lambda obs: obs.getObjectMetadata(bucket, key))
        if result is not None:
            yield StoredObject(key, int(result.body.contentLength or 0), str(result.body.etag or ""))

    def _below(self, folder: Address) -> Iterator[StoredObject]:
        marker: str | None = None
        while True:
            page = self._page(folder, marker)
            if page is None:
                return
            yield from (StoredObject(found.key, int(found.size), str(found.etag or "")) for found in page.contents)
            if not page.is_truncated or not page.contents:
                return
            marker = page.next_marker or page.contents[-1].key

    def _page(self, folder: Address, marker: str | None) -> Any:
        bucket, prefix = folder
        result = self._door.ask(
            f"list {folder}", lambda obs: obs.listObjects(bucket, prefix=prefix, marker=marker, max_keys=PAGE)
        )
        if result is not None and (result.body is None or result.body.name is None):
            msg = f"list {folder}: the answer of {self._door.endpoint} is not a listing"
            raise StorageError(msg, hint="check the OBS endpoint")
        return result and result.body

    def _missing(self, folder: Address, sizes: Mapping[str, int]) -> Sequence[str]:
        there = {found.key: found.size for found in self._below(folder)}
        return [key for key, size in sizes.items() if there.get(key) != size]


def _is_one(objects: Sequence[StoredObject], address: Address) -> bool:
    """Whether the address is an object and no folder."""
    return [found.key for found in objects] == [address.key]
