"""OBS: objects.

HEAD, GET, PUT, DELETE /{bucket}/{key} · PUT /{bucket}/{key} with x-*-copy-source · PUT …?metadata · POST …?append
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import BinaryIO

from werkzeug.http import http_date
from werkzeug.wrappers import Response

from fmctl.sandbox import obs_xml
from fmctl.sandbox.api.obs_call import ObsCall, Operations, class_name, empty, header_value, xml
from fmctl.sandbox.api.obs_conditions import Verdict, judge, part, refused
from fmctl.sandbox.object_info import STANDARD, About, ObjectInfo
from fmctl.sandbox.objects import CHUNK, ObsError
from fmctl.sandbox.obs_xml import node
from fmctl.sandbox.streams import section

# Arguments of a link that set a header of the answer, such as `response-content-type`.
OVERRIDES = ("content-type", "content-language", "expires", "cache-control", "content-disposition", "content-encoding")
DIRECTIVES = ("COPY", "REPLACE", "REPLACE_NEW")


def head_object(call: ObsCall) -> Response:
    """What is known about an object, without its content."""
    info = call.objects.need(call.bucket, call.key)
    if _known(call, info):
        return _described(call, info, empty(304))
    return _described(call, info, Response(headers={"Content-Length": str(info.size)}))


def get_object(call: ObsCall) -> Response:
    """The content, or the range of it that is asked for."""
    info = call.objects.need(call.bucket, call.key)
    if _known(call, info):
        return _described(call, info, empty(304))
    start, stop = part(call.request.headers.get("Range"), info.size)
    response = _described(call, info, Response(headers={"Content-Length": str(stop - start)}))
    if stop - start < info.size:
        response.status_code = HTTPStatus.PARTIAL_CONTENT
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{info.size}"
    content = call.objects.open(call.bucket, call.key)  # last of all: whoever raises leaves nothing open
    response.response = _chunks(section(content, start, stop))
    response.call_on_close(content.close)
    return response


def put_object(call: ObsCall) -> Response:
    """Store the body; the answer has none."""
    if call.copy_source is not None:
        return _copy(call, call.copy_source)
    info = call.objects.put(call.bucket, call.key, call.body, about=call.about, expect_md5=call.expect_md5)
    return _stored(call, info)


def append_object(call: ObsCall) -> Response:
    """Put the body at the end of the object; the answer says where the next one goes."""
    position, about = call.number("position", 0), call.about
    info = call.objects.append(call.bucket, call.key, position, call.body, about, call.expect_md5)
    response = _stored(call, info)
    response.headers["x-obs-next-append-position"] = str(info.size)
    return response


def set_metadata(call: ObsCall) -> Response:
    """Say something else of an object: what is sent is changed or, with REPLACE, all that there is."""
    info = call.objects.need(call.bucket, call.key)
    if _directive(call, "REPLACE_NEW") == "REPLACE":
        about = call.about
    else:
        before = info.about
        about = About(
            call.request.headers.get("Content-Type") or before.content_type,
            {**before.meta, **call.meta},
            {**before.headers, **call.kept_headers},
            call.storage_class or before.storage_class,
        )
    return _described(call, call.objects.describe(call.bucket, call.key, about), empty())


def delete_object(call: ObsCall) -> Response:
    """204 also for what was not there."""
    call.objects.delete(call.bucket, call.key)
    return empty(204)


def _copy(call: ObsCall, source: tuple[str, str]) -> Response:
    info = call.objects.need(*source)
    if judge(info, call.request.headers, f"x-{call.family}-copy-source-") is not Verdict.GO_ON:
        raise refused()
    replaces = _directive(call, "COPY") != "COPY"
    if source == call.target and not (replaces or call.storage_class):
        raise ObsError(400, "InvalidRequest", "An object is copied onto itself only to change what is said of it.")
    about = call.about if replaces else replace(info.about, storage_class=call.storage_class or STANDARD)
    made = call.objects.copy(source, call.target, about)
    return xml(node("CopyObjectResult", LastModified=obs_xml.time_text(made.modified), ETag=f'"{made.etag}"'))


def _directive(call: ObsCall, default: str) -> str:
    asked = (call.header("metadata-directive") or default).upper()
    if asked not in DIRECTIVES:
        raise ObsError(400, "InvalidArgument", "Unknown metadata directive.")
    return asked


def _described(call: ObsCall, info: ObjectInfo, response: Response) -> Response:
    about = {
        "Content-Type": info.content_type,
        "ETag": f'"{info.etag}"',
        "Last-Modified": http_date(info.modified),
        "Accept-Ranges": "bytes",
    }
    response.headers.update({**about, **info.headers, **_class_header(call, info)})
    if info.appendable:
        appending = {"x-obs-object-type": "Appendable", "x-obs-next-append-position": str(info.size)}
        response.headers.update(appending)
    response.headers.update({f"x-{call.family}-meta-{name}": value for name, value in info.meta.items()})
    arguments = call.request.args
    asked = {name: header_value(arguments[f"response-{name}"]) for name in OVERRIDES if f"response-{name}" in arguments}
    response.headers.update(asked)
    return response


def _stored(call: ObsCall, info: ObjectInfo) -> Response:
    response = empty(ETag=f'"{info.etag}"')
    response.headers.update(_class_header(call, info))
    return response


def _class_header(call: ObsCall, info: ObjectInfo) -> Mapping[str, str]:
    """The storage class, which is said of objects that have another than the usual one."""
    name = f"x-{call.family}-storage-class"
    return {} if info.storage_class == STANDARD else {name: class_name(call, info.storage_class)}


def _known(call: ObsCall, info: ObjectInfo) -> bool:
    """Whether the client has it already; 412 when it is not what the client expects."""
    verdict = judge(info, call.request.headers)
    if verdict is Verdict.UNEXPECTED:
        raise refused()
    return verdict is Verdict.KNOWN


def _chunks(content: BinaryIO) -> Iterator[bytes]:
    while chunk := content.read(CHUNK):
        yield chunk


OPERATIONS: Operations = {
    ("object", "HEAD", ""): head_object,
    ("object", "GET", ""): get_object,
    ("object", "PUT", ""): put_object,
    ("object", "PUT", "metadata"): set_metadata,
    ("object", "POST", "append"): append_object,
    ("object", "DELETE", ""): delete_object,
}
