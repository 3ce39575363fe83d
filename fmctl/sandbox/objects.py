"""OBS objects: what is known about them in the store, their content in files.

The API, the runner and the services all go through here, so a job reads what a user uploaded a moment ago.
"""

import hashlib
import io
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO

from fmctl.sandbox.clock import Clock
from fmctl.sandbox.store import Store

CHUNK = 1 << 20
PAGE = 1000
LAST = "\U0010ffff"
PARTS = ".parts"  # where the parts of unfinished uploads are kept; no name of a bucket
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class ObsError(Exception):
    """An error that OBS documents, as `ObsError(404, "NoSuchKey", …)`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One stored object. `etag` is without quotes; `file` names its content below the objects folder."""

    bucket: str
    key: str
    size: int
    etag: str
    modified: float
    file: str
    content_type: str = "binary/octet-stream"
    meta: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a bucket's listing."""

    objects: tuple[ObjectInfo, ...]
    prefixes: tuple[str, ...]
    truncated: bool
    next_marker: str


def split_url(url: str) -> tuple[str, str]:
    """Bucket and key of `obs://bucket/key` or `/bucket/key`."""
    bucket, _, key = url.removeprefix("obs:/").lstrip("/").partition("/")
    return bucket, key


class Objects:
    """All buckets of the account."""

    def __init__(self, store: Store, root: Path, clock: Clock) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._store = store
        self._root = root
        self._clock = clock

    def buckets(self) -> list[tuple[str, float]]:
        """Names and creation times."""
        found = [(str(document["name"]), float(document["created"])) for document in self._store.find("buckets")]
        return sorted(found)

    def create_bucket(self, bucket: str) -> bool:
        """False when it is there already."""
        if not BUCKET_NAME.fullmatch(bucket):
            raise ObsError(400, "InvalidBucketName", "The specified bucket is not valid.")
        with self._store.transaction():
            if self.has_bucket(bucket):
                return False
            self._store.put("buckets", bucket, {"name": bucket, "created": self._clock.now()}, name=bucket)
        return True

    def delete_bucket(self, bucket: str) -> None:
        with self._store.transaction():
            self.need_bucket(bucket)
            if self.list(bucket, limit=1).objects:
                raise ObsError(409, "BucketNotEmpty", "The bucket you tried to delete is not empty.")
            self._store.delete("buckets", bucket)

    def has_bucket(self, bucket: str) -> bool:
        return bucket == PARTS or self._store.get("buckets", bucket) is not None

    def need_bucket(self, bucket: str) -> None:
        if not self.has_bucket(bucket):
            raise ObsError(404, "NoSuchBucket", "The specified bucket does not exist.")

    def put(
        self,
        bucket: str,
        key: str,
        content: bytes | BinaryIO,
        *,
        content_type: str = "binary/octet-stream",
        meta: Mapping[str, str] | None = None,
        etag: str = "",
        expect_md5: bytes | None = None,
    ) -> ObjectInfo:
        """Store an object; one that was there is replaced at once, never seen half written."""
        self.need_bucket(bucket)
        name, size, digest = self._save(io.BytesIO(content) if isinstance(content, bytes) else content)
        if expect_md5 is not None and expect_md5 != digest.digest():
            (self._root / name).unlink()
            raise ObsError(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")
        info = ObjectInfo(
            bucket, key, size, etag or digest.hexdigest(), self._clock.now(), name, content_type, dict(meta or {})
        )
        with self._store.transaction():
            before = self.head(bucket, key)
            self._store.put("objects", f"{bucket}/{key}", asdict(info))
        if before:
            (self._root / before.file).unlink(missing_ok=True)
        return info

    def head(self, bucket: str, key: str) -> ObjectInfo | None:
        document = self._store.get("objects", f"{bucket}/{key}")
        return ObjectInfo(**document) if document else None

    def need(self, bucket: str, key: str) -> ObjectInfo:
        self.need_bucket(bucket)
        info = self.head(bucket, key)
        if info is None:
            raise ObsError(404, "NoSuchKey", "The specified key does not exist.")
        return info

    def open(self, bucket: str, key: str) -> BinaryIO:
        return (self._root / self.need(bucket, key).file).open("rb")

    def get(self, bucket: str, key: str) -> bytes:
        with self.open(bucket, key) as file:
            return file.read()

    def delete(self, bucket: str, key: str) -> bool:
        """False when it was not there."""
        with self._store.transaction():
            self.need_bucket(bucket)
            info = self.head(bucket, key)
            if info is None:
                return False
            self._store.delete("objects", f"{bucket}/{key}")
        (self._root / info.file).unlink(missing_ok=True)
        return True

    def copy(
        self, source: tuple[str, str], target: tuple[str, str], meta: Mapping[str, str] | None = None
    ) -> ObjectInfo:
        """A copy with its own content; metadata comes along unless it is given."""
        info = self.need(*source)
        with self.open(*source) as content:
            return self.put(*target, content, content_type=info.content_type, meta=info.meta if meta is None else meta)

    def list(
        self, bucket: str, prefix: str = "", *, delimiter: str = "", marker: str = "", limit: int = 1000
    ) -> Listing:
        """One page. Keys that share what stands between prefix and delimiter are rolled up into one prefix."""
        self.need_bucket(bucket)
        found: list[ObjectInfo | str] = []
        if limit <= 0:
            return _page(found, truncated=False)
        for entry in self._entries(bucket, prefix, delimiter, marker):
            if len(found) == limit:
                return _page(found, truncated=True)
            found.append(entry)
        return _page(found, truncated=False)

    def walk(self, bucket: str, prefix: str = "") -> Iterator[ObjectInfo]:
        """Every object below the prefix, however many pages."""
        return (entry for entry in self._entries(bucket, prefix, "", "") if isinstance(entry, ObjectInfo))

    def download_tree(self, bucket: str, prefix: str, local_dir: Path) -> int:
        """Copy every object below `prefix` into `local_dir`, keeping relative names; says how many."""
        count = 0
        local_dir.mkdir(parents=True, exist_ok=True)
        for info in self.walk(bucket, prefix):
            target = (local_dir / info.key[len(prefix) :].lstrip("/")).resolve()
            if info.key.endswith("/") or not target.is_relative_to(local_dir.resolve()):
                continue
            self.download(info, target)
            count += 1
        return count

    def download(self, info: ObjectInfo, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        with (self._root / info.file).open("rb") as source, target.open("wb") as sink:
            while chunk := source.read(CHUNK):
                sink.write(chunk)

    def upload_tree(
        self, local_dir: Path, bucket: str, prefix: str, known: dict[str, tuple[int, int]] | None = None
    ) -> int:
        """Store every file below `local_dir` under `prefix`; files whose size and time `known` holds are skipped."""
        count = 0
        base = prefix if not prefix or prefix.endswith("/") else prefix + "/"
        for path in sorted(local_dir.rglob("*")):
            if not path.is_file():
                continue
            name, stat = path.relative_to(local_dir).as_posix(), path.stat()
            state = (stat.st_size, stat.st_mtime_ns)
            if known is not None and known.get(name) == state:
                continue
            with path.open("rb") as content:
                self.put(bucket, base + name, content)
            if known is not None:
                known[name] = state
            count += 1
        return count

    def background(self) -> AbstractContextManager[None]:
        """See `Store.background`."""
        return self._store.background()

    def _save(self, source: BinaryIO) -> tuple[str, int, "hashlib._Hash"]:
        name = uuid.uuid4().hex
        digest, size = hashlib.md5(), 0
        with (self._root / name).open("wb") as sink:
            while chunk := source.read(CHUNK):
                sink.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        return name, size, digest

    def _entries(self, bucket: str, prefix: str, delimiter: str, marker: str) -> Iterator[ObjectInfo | str]:
        """Objects and common prefixes after the marker, in byte order, read in slices."""
        base, last = f"{bucket}/", marker
        start = max(base + prefix, f"{base}{marker}\0") if marker else base + prefix
        while page := self._store.scan("objects", start, base + prefix + LAST, PAGE):
            for document in page:
                rolled = _common(document["key"], prefix, delimiter)
                if rolled is None:
                    yield ObjectInfo(**document)
                    start = f"{base}{document['key']}\0"
                    continue
                if rolled > last:
                    yield rolled
                last, start = rolled, base + rolled + LAST


def _common(key: str, prefix: str, delimiter: str) -> str | None:
    if not delimiter or not key.startswith(prefix):
        return None
    head, found, _ = key[len(prefix) :].partition(delimiter)
    return prefix + head + found if found else None


def _page(found: list[ObjectInfo | str], *, truncated: bool) -> Listing:
    objects = tuple(entry for entry in found if isinstance(entry, ObjectInfo))
    prefixes = tuple(entry for entry in found if isinstance(entry, str))
    last = found[-1] if found and truncated else ""
    return Listing(objects, prefixes, truncated, last if isinstance(last, str) else last.key)
