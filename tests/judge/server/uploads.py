"""Objects that come in pieces: an upload is begun, gets its parts, and is completed or given up."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from .obs_wire import Joined, error, etag
from .wire import Reply, Request

BEGUN = (
    "<InitiateMultipartUploadResult><Bucket>{bucket}</Bucket><Key>{key}</Key><UploadId>{id}</UploadId>"
    "</InitiateMultipartUploadResult>"
)
COMPLETED = (
    "<CompleteMultipartUploadResult><Location>/{bucket}/{key}</Location><Bucket>{bucket}</Bucket><Key>{key}</Key>"
    "<ETag>{etag}</ETag></CompleteMultipartUploadResult>"
)
PART = re.compile(rb"<Part>.*?</Part>", re.DOTALL)
NUMBER = re.compile(rb"<PartNumber>(\d+)</PartNumber>")


@dataclass(slots=True)
class Upload:
    """One object on its way."""

    key: str
    parts: dict[int, bytes] = field(default_factory=dict)


class Uploads:
    """All uploads that are on their way."""

    def __init__(self) -> None:
        self._open: dict[str, Upload] = {}

    def concerns(self, request: Request) -> bool:
        """Whether a call about an object is one about an upload."""
        return bool({"uploads", "uploadId"} & request.query.keys())

    def answer(self, request: Request, bucket: dict[str, bytes], name: str, key: str) -> Reply:
        """Begin, take a part, complete or give up."""
        id = request.query.get("uploadId", "")
        if not id:
            return self._begin(name, key)
        if id not in self._open or self._open[id].key != key:
            return error(404, "NoSuchUpload")
        match request.method:
            case "PUT":
                self._open[id].parts[int(request.query["partNumber"])] = request.body
                return Reply(200, b"", {"ETag": etag(request.body)})
            case "POST":
                return self._complete(request, bucket, name, id)
        del self._open[id]
        return Reply(204)

    def _begin(self, name: str, key: str) -> Reply:
        id = uuid.uuid4().hex
        self._open[id] = Upload(key)
        return Reply(200, BEGUN.format(bucket=name, key=escape(key), id=id).encode())

    def _complete(self, request: Request, bucket: dict[str, bytes], name: str, id: str) -> Reply:
        numbers = [int(found[1]) for part in PART.findall(request.body) if (found := NUMBER.search(part))]
        upload = self._open[id]
        if not numbers or not set(numbers) <= upload.parts.keys():
            return error(400, "InvalidPart")
        if numbers != sorted(set(numbers)):
            return error(400, "InvalidPartOrder")
        made = bucket[upload.key] = Joined.of([upload.parts[number] for number in numbers])
        del self._open[id]
        return Reply(200, COMPLETED.format(bucket=name, key=escape(upload.key), etag=made.etag).encode())
