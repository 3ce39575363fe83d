"""Uploads in parts: the parts wait as objects of their own until they are joined or given up."""

import hashlib
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import BinaryIO

from fmctl.sandbox.object_info import About, ObjectInfo
from fmctl.sandbox.objects import PARTS, Objects, ObsError
from fmctl.sandbox.store import Document, Store
from fmctl.sandbox.streams import joined


class Multipart:
    """Unfinished uploads. They survive a restart."""

    def __init__(self, store: Store, objects: Objects) -> None:
        self._store = store
        self._objects = objects

    def begin(self, bucket: str, key: str, about: About, now: float) -> str:
        """Start an upload; its id."""
        self._objects.need_bucket(bucket)
        upload_id = uuid.uuid4().hex
        document = {"id": upload_id, "bucket": bucket, "key": key, "begun": now, "about": asdict(about)}
        self._store.put("uploads", upload_id, document)
        return upload_id

    def put_part(
        self, target: tuple[str, str], upload_id: str, number: int, content: BinaryIO, expect_md5: bytes | None = None
    ) -> ObjectInfo:
        """Take one part; a part of the same number is replaced."""
        self._need(target, upload_id)
        if not 1 <= number <= 10_000:
            raise ObsError(400, "InvalidArgument", "partNumber must be from 1 to 10000.")
        return self._objects.put(PARTS, _part_key(upload_id, number), content, expect_md5=expect_md5)

    def parts(self, target: tuple[str, str], upload_id: str) -> list[tuple[int, ObjectInfo]]:
        """Numbers and content of what has arrived, by number."""
        self._need(target, upload_id)
        found = self._objects.walk(PARTS, f"{upload_id}/")
        return [(int(info.key.rpartition("/")[2]), info) for info in found]

    def complete(self, target: tuple[str, str], upload_id: str, chosen: Sequence[tuple[int, str]]) -> ObjectInfo:
        """Join the chosen (number, ETag) parts into the object."""
        document, present = self._need(target, upload_id), dict(self.parts(target, upload_id))
        if not chosen:
            raise ObsError(400, "MalformedXML", "At least one part must be named.")
        if [number for number, _ in chosen] != sorted({number for number, _ in chosen}):
            raise ObsError(400, "InvalidPartOrder", "The parts are not listed in ascending order.")
        for number, etag in chosen:
            if number not in present or present[number].etag != etag:
                raise ObsError(400, "InvalidPart", f"Part {number} was not found or its ETag differs.")
        digests = b"".join(bytes.fromhex(present[number].etag) for number, _ in chosen)
        etag = f"{hashlib.md5(digests).hexdigest()}-{len(chosen)}"
        with ExitStack() as stack:
            files = [stack.enter_context(self._objects.open(PARTS, present[number].key)) for number, _ in chosen]
            made = self._objects.put(
                *target,
                joined(files),
                about=About(**document["about"]),
                etag=etag,
            )
        self.abort(target, upload_id)
        return made

    def abort(self, target: tuple[str, str], upload_id: str) -> None:
        """Forget an upload and its parts."""
        for _, info in self.parts(target, upload_id):
            self._objects.delete(PARTS, info.key)
        self._store.delete("uploads", upload_id)

    def upload(self, target: tuple[str, str], upload_id: str) -> Document:
        """What was said when an upload was begun."""
        return self._need(target, upload_id)

    def uploads(self, bucket: str) -> list[Document]:
        """What was begun in this bucket and neither completed nor aborted."""
        return [document for document in self._store.find("uploads") if document["bucket"] == bucket]

    def _need(self, target: tuple[str, str], upload_id: str) -> Document:
        document = self._store.get("uploads", upload_id)
        if document is None or (document["bucket"], document["key"]) != target:
            raise ObsError(404, "NoSuchUpload", "The specified multipart upload does not exist.")
        return document


def _part_key(upload_id: str, number: int) -> str:
    return f"{upload_id}/{number:05d}"
