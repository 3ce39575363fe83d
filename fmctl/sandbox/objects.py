"""OBS objects: what is known about them in the store, their content in files.

The API, the runner and the services all go through here, so a job reads what a user uploaded a moment ago.
"""

import hashlib
import io
import os
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from pathlib import Path
from typing import BinaryIO

from fmctl.sandbox.clock import Clock
from fmctl.sandbox.object_info import PLAIN, About, Listing, ObjectInfo, common_prefix, page
from fmctl.sandbox.store import Store
from fmctl.sandbox.streams import joined

CHUNK = 1 << 20
PAGE = 1000
LAST = "\U0010ffff"
LONGEST_KEY = 1024  # bytes
PARTS = ".parts"  # where the parts of unfinished uploads are kept; no name of a bucket
# No two of . and - side by side but two hyphens, and no IP address.
BUCKET_NAME = re.compile(r"(?!(?:\d+\.){3}\d+$)(?!.*(?:\.\.|\.-|-\.))[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class ObsError(Exception):
    """An error that OBS documents, as `ObsError(404, "NoSuchKey", …)`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message


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
        self._appending = threading.Lock()

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
        about: About = PLAIN,
        etag: str = "",
        expect_md5: bytes | None = None,
        appendable: bool = False,
    ) -> ObjectInfo:
        """Store an object; one that was there is replaced at once, never seen half written."""
        self.need_bucket(bucket)
        if len(key.encode()) > LONGEST_KEY:
            raise ObsError(400, "KeyTooLong", f"Your key is too long: {LONGEST_KEY} bytes are the most.")
        name, size, digest = self._save(io.BytesIO(content) if isinstance(content, bytes) else content)
        if expect_md5 is not None and expect_md5 != digest.digest():
            (self._root / name).unlink()
            raise ObsError(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")
        info = ObjectInfo(
            bucket,
            key,
            size,
            etag or digest.hexdigest(),
            self._clock.now(),
            name,
            **asdict(about),
            appendable=appendable,
        )
        with self._store.transaction():
            before = self.head(bucket, key)
            self._save_info(info)
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

    def describe(self, bucket: str, key: str, about: About) -> ObjectInfo:
        """Say something else of an object; its content stays."""
        with self._store.transaction():
            info = replace(self.need(bucket, key), **asdict(about))
            self._save_info(info)
        return info

    def append(
        self, bucket: str, key: str, position: int, content: BinaryIO, about: About, expect_md5: bytes | None = None
    ) -> ObjectInfo:
        """Put content at the end of an object that began this way; `position` must be where its end is."""
        with self._appending:
            info = self._growing(bucket, key, position)
            if info is None:
                return self.put(bucket, key, content, about=about, expect_md5=expect_md5, appendable=True)
            new = self.put(PARTS, uuid.uuid4().hex, content, expect_md5=expect_md5)
            with self.open(bucket, key) as before, self.open(PARTS, new.key) as after:
                made = self.put(bucket, key, joined((before, after)), about=info.about, appendable=True)
            self.delete(PARTS, new.key)
        return made

    def copy(self, source: tuple[str, str], target: tuple[str, str], about: About | None = None) -> ObjectInfo:
        """A copy with its own content; what is said of it comes along unless it is given."""
        info = self.need(*source)
        with self.open(*source) as content:
            return self.put(*target, content, about=about or info.about)

    def list(
        self, bucket: str, prefix: str = "", *, delimiter: str = "", marker: str = "", limit: int = 1000
    ) -> Listing:
        """One page. Keys that share what stands between prefix and delimiter are rolled up into one prefix."""
        self.need_bucket(bucket)
        return page(self._entries(bucket, prefix, delimiter, marker), limit)

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
            key = base + os.fsencode(name).decode(errors="replace")  # a file's name is bytes, a key is text
            with path.open("rb") as content:
                self.put(bucket, key, content)
            if known is not None:
                known[name] = state
            count += 1
        return count

    def background(self) -> AbstractContextManager[None]:
        """See `Store.background`."""
        return self._store.background()

    def _growing(self, bucket: str, key: str, position: int) -> ObjectInfo | None:
        """The object that is appended to, when it may be; None for one that begins."""
        self.need_bucket(bucket)
        info = self.head(bucket, key)
        if info and not info.appendable:
            raise ObsError(409, "ObjectNotAppendable", "The object was not created by appending.")
        if position != (info.size if info else 0):
            raise ObsError(409, "PositionNotEqualToLength", "Position is not equal to the length of the object.")
        return info

    def _save_info(self, info: ObjectInfo) -> None:
        self._store.put("objects", f"{info.bucket}/{info.key}", asdict(info))

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
                rolled = common_prefix(document["key"], prefix, delimiter)
                if rolled is None:
                    yield ObjectInfo(**document)
                    start = f"{base}{document['key']}\0"
                    continue
                if rolled > last:
                    yield rolled
                last, start = rolled, base + rolled + LAST
