"""OBS: objects.

HEAD, GET, PUT, DELETE /{bucket}/{key} · PUT /{bucket}/{key} with x-*-copy-source
"""

from collections.abc import Iterator, Sequence
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import BinaryIO
from urllib.parse import unquote

from werkzeug.http import http_date
from werkzeug.wrappers import Response

from fmctl.sandbox import obs_xml
from fmctl.sandbox.api.obs_call import ObsCall, Operations, empty, xml
from fmctl.sandbox.objects import CHUNK, ObjectInfo, ObsError
from fmctl.sandbox.obs_xml import node

# Arguments of a link that set a header of the answer, such as `response-content-type`.
OVERRIDES = ("content-type", "content-language", "expires", "cache-control", "content-disposition", "content-encoding")


def head_object(call: ObsCall) -> Response:
    """What is known about an object, without its content."""
    info = call.objects.need(call.bucket, call.key)
    if unchanged := _unchanged(call, info):
        return unchanged
    return _described(call, info, Response(headers={"Content-Length": str(info.size)}))


def get_object(call: ObsCall) -> Response:
    """The content, or the range of it that is asked for."""
    info = call.objects.need(call.bucket, call.key)
    if unchanged := _unchanged(call, info):
        return unchanged
    start, stop = _range(call, info)
    content = call.objects.open(call.bucket, call.key)
    response = Response(_chunks(content, start, stop))
    response.call_on_close(content.close)
    response.headers["Content-Length"] = str(stop - start)
    if stop - start < info.size:
        response.status_code = HTTPStatus.PARTIAL_CONTENT
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{info.size}"
    return _described(call, info, response)


def put_object(call: ObsCall) -> Response:
    """Store the body; the answer has none."""
    if call.copy_source is not None:
        return _copy(call, call.copy_source)
    info = call.objects.put(
        call.bucket,
        call.key,
        call.body,
        content_type=call.request.headers.get("Content-Type") or "binary/octet-stream",
        meta=call.meta,
        expect_md5=call.expect_md5,
    )
    return empty(ETag=f'"{info.etag}"')


def delete_object(call: ObsCall) -> Response:
    """204 also for what was not there."""
    call.objects.delete(call.bucket, call.key)
    return empty(204)


def _copy(call: ObsCall, source: tuple[str, str]) -> Response:
    replace = (call.header("metadata-directive") or "COPY").upper() == "REPLACE"
    info = call.objects.copy(source, call.target, call.meta if replace else None)
    return xml(node("CopyObjectResult", LastModified=obs_xml.time_text(info.modified), ETag=f'"{info.etag}"'))


def _described(call: ObsCall, info: ObjectInfo, response: Response) -> Response:
    about = {
        "Content-Type": info.content_type,
        "ETag": f'"{info.etag}"',
        "Last-Modified": http_date(info.modified),
        "Accept-Ranges": "bytes",
    }
    response.headers.update(about)
    response.headers.update({f"x-{call.family}-meta-{name}": value for name, value in info.meta.items()})
    arguments = call.request.args
    asked = {name: arguments[f"response-{name}"] for name in OVERRIDES if f"response-{name}" in arguments}
    response.headers.update(asked)
    return response


def _unchanged(call: ObsCall, info: ObjectInfo) -> Response | None:
    """304 when the client has it already; 412 when it is not what the client expects."""
    headers, modified = call.request.headers, int(info.modified)
    matched = info.etag in _etags(headers.get("If-Match", info.etag))
    if not matched or modified > _seconds(headers.get("If-Unmodified-Since"), modified):
        raise ObsError(412, "PreconditionFailed", "At least one of the preconditions you specified did not hold.")
    if info.etag in _etags(headers.get("If-None-Match", "")) or modified <= _seconds(
        headers.get("If-Modified-Since"), -1
    ):
        return _described(call, info, empty(304))
    return None


def _etags(value: str) -> Sequence[str]:
    """Some clients percent-encode these, quotes included."""
    return [tag.strip().strip('"') for tag in unquote(value).split(",")]


def _seconds(value: str | None, default: float) -> float:
    try:
        return parsedate_to_datetime(unquote(value)).timestamp() if value else default
    except ValueError:
        return default


def _range(call: ObsCall, info: ObjectInfo) -> tuple[int, int]:
    asked = call.request.range
    if asked is None or len(asked.ranges) != 1 or asked.units != "bytes":
        return 0, info.size
    found = asked.range_for_length(info.size)
    if found is None:
        raise ObsError(416, "InvalidRange", "The requested range is not satisfiable.")
    return found


def _chunks(content: BinaryIO, start: int, stop: int) -> Iterator[bytes]:
    content.seek(start)
    left = stop - start
    while left and (chunk := content.read(min(CHUNK, left))):
        left -= len(chunk)
        yield chunk


OPERATIONS: Operations = {
    ("object", "HEAD", ""): head_object,
    ("object", "GET", ""): get_object,
    ("object", "PUT", ""): put_object,
    ("object", "DELETE", ""): delete_object,
}
