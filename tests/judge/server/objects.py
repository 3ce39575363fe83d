"""Object storage: buckets in memory, the calls that a client of files needs."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from urllib.parse import unquote
from xml.sax.saxutils import escape

from .account import ACCOUNT
from .obs_wire import error, etag
from .signatures import obs_problem
from .uploads import Uploads
from .wire import Reply, Request

WRITTEN = "2026-11-20T10:00:00.000Z"
HTTP_DATE = "Fri, 20 Nov 2026 10:00:00 GMT"
ENTRY = (
    "<Contents><Key>{key}</Key><LastModified>{written}</LastModified><ETag>{etag}</ETag><Size>{size}</Size>"
    "<Owner><ID>d</ID></Owner><StorageClass>STANDARD</StorageClass></Contents>"
)
FOLDER = "<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>"
LISTING = (
    '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    "<Name>{bucket}</Name><Prefix>{prefix}</Prefix><Marker>{marker}</Marker><MaxKeys>{most}</MaxKeys>"
    "<IsTruncated>{more}</IsTruncated><NextMarker>{next}</NextMarker>{entries}</ListBucketResult>"
)


class Objects:
    """All buckets."""

    def __init__(self) -> None:
        self.buckets: dict[str, dict[str, bytes]] = {ACCOUNT.bucket: {}}
        self._uploads = Uploads()

    def answer(self, request: Request) -> Reply:
        """Answer one call, if its signature is right."""
        problem = obs_problem(request, ACCOUNT)
        if problem:
            return error(403, problem)
        name, _, key = unquote(request.path).lstrip("/").partition("/")
        bucket = self.buckets.get(name)
        if bucket is None:
            return error(404, "NoSuchBucket")
        if key and self._uploads.concerns(request):
            return self._uploads.answer(request, bucket, name, key)
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
        return _read(request, bucket[key], known)

    def _put(self, request: Request, bucket: dict[str, bytes], key: str) -> Reply:
        digest = base64.b64encode(hashlib.md5(request.body).digest()).decode()
        if request.headers.get("Content-MD5", digest) != digest:
            return error(400, "BadDigest")
        bucket[key] = request.body
        return Reply(200, b"", {"ETag": etag(request.body)})

    def _list(self, name: str, bucket: Mapping[str, bytes], query: Mapping[str, str]) -> Reply:
        prefix, marker, most = query.get("prefix", ""), query.get("marker", ""), int(query.get("max-keys", 1000))
        inside = (key for key in bucket if key.startswith(prefix))
        names = sorted({_rolled(key, prefix, query.get("delimiter", "")) for key in inside})
        after = [each for each in names if each > marker]
        page, more = after[:most], len(after) > most
        text = LISTING.format(
            bucket=name,
            prefix=escape(prefix),
            marker=escape(marker),
            most=most,
            more=str(more).lower(),
            next=escape(page[-1]) if more else "",
            entries="".join(_entry(bucket, each) for each in page),
        )
        return Reply(200, text.encode())


def _rolled(key: str, prefix: str, delimiter: str) -> str:
    """The folder below the prefix in which an object is, when folders are asked for."""
    folder, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
    return prefix + folder + found if found else key


def _entry(bucket: Mapping[str, bytes], name: str) -> str:
    if name not in bucket:
        return FOLDER.format(name=escape(name))
    return ENTRY.format(key=escape(name), written=WRITTEN, etag=etag(bucket[name]), size=len(bucket[name]))


def _read(request: Request, content: bytes, known: Mapping[str, str]) -> Reply:
    """The whole object, or the bytes that are asked for."""
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
    if not asked:
        return Reply(200, content, known)
    first, last = int(asked[1]), min(int(asked[2] or len(content)), len(content) - 1)
    if first >= len(content):
        return error(416, "InvalidRange")
    place = f"bytes {first}-{last}/{len(content)}"
    return Reply(206, content[first : last + 1], {**known, "Content-Range": place})
