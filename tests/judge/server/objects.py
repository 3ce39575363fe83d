"""Object storage: buckets in memory, the calls that a client of files needs."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from urllib.parse import unquote
from xml.sax.saxutils import escape

from .account import ACCOUNT
from .signatures import obs_problem
from .wire import Reply, Request

WRITTEN = "2026-11-20T10:00:00.000Z"
HTTP_DATE = "Fri, 20 Nov 2026 10:00:00 GMT"
ENTRY = (
    "<Contents><Key>{key}</Key><LastModified>{written}</LastModified><ETag>{etag}</ETag><Size>{size}</Size>"
    "<Owner><ID>d</ID></Owner><StorageClass>STANDARD</StorageClass></Contents>"
)
LISTING = (
    '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    "<Name>{bucket}</Name><Prefix>{prefix}</Prefix><Marker>{marker}</Marker><MaxKeys>{most}</MaxKeys>"
    "<IsTruncated>{more}</IsTruncated><NextMarker>{next}</NextMarker>{entries}</ListBucketResult>"
)


def error(status: int, code: str) -> Reply:
    """An error as OBS writes it."""
    return Reply(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())


def etag(content: bytes) -> str:
    return f'"{hashlib.md5(content).hexdigest()}"'


class Objects:
    """All buckets."""

    def __init__(self) -> None:
        self.buckets: dict[str, dict[str, bytes]] = {ACCOUNT.bucket: {}}

    def answer(self, request: Request) -> Reply:
        """Answer one call, if its signature is right."""
        problem = obs_problem(request, ACCOUNT)
        if problem:
            return error(403, problem)
        name, _, key = unquote(request.path).lstrip("/").partition("/")
        bucket = self.buckets.get(name)
        if bucket is None:
            return error(404, "NoSuchBucket")
        if key:
            return self._object(request, bucket, key)
        return Reply() if request.method == "HEAD" else self._list(name, bucket, request.query)

    def _object(self, request: Request, bucket: dict[str, bytes], key: str) -> Reply:
        if request.method == "PUT":
            return self._put(request, bucket, key)
        if request.method == "DELETE":
            bucket.pop(key, None)
            return Reply(204)
        if key not in bucket:
            return error(404, "NoSuchKey")
        known = {"ETag": etag(bucket[key]), "Last-Modified": HTTP_DATE, "Content-Type": "application/octet-stream"}
        return Reply(200, bucket[key], known)

    def _put(self, request: Request, bucket: dict[str, bytes], key: str) -> Reply:
        digest = base64.b64encode(hashlib.md5(request.body).digest()).decode()
        if request.headers.get("Content-MD5", digest) != digest:
            return error(400, "BadDigest")
        bucket[key] = request.body
        return Reply(200, b"", {"ETag": etag(request.body)})

    def _list(self, name: str, bucket: Mapping[str, bytes], query: Mapping[str, str]) -> Reply:
        prefix, marker, most = query.get("prefix", ""), query.get("marker", ""), int(query.get("max-keys", 1000))
        keys = sorted(key for key in bucket if key.startswith(prefix) and key > marker)
        page, more = keys[:most], len(keys) > most
        entries = [
            ENTRY.format(key=escape(key), written=WRITTEN, etag=etag(bucket[key]), size=len(bucket[key]))
            for key in page
        ]
        text = LISTING.format(
            bucket=name,
            prefix=escape(prefix),
            marker=escape(marker),
            most=most,
            more=str(more).lower(),
            next=escape(page[-1]) if more else "",
            entries="".join(entries),
        )
        return Reply(200, text.encode())
