"""OBS: uploads in parts.

POST /{bucket}/{key}?uploads · PUT, POST, GET, DELETE /{bucket}/{key}?uploadId
"""

from werkzeug.wrappers import Response

from fmctl.sandbox import obs_xml
from fmctl.sandbox.api.obs_call import ObsCall, Operations, empty, xml
from fmctl.sandbox.objects import ObsError
from fmctl.sandbox.obs_xml import node


def begin_upload(call: ObsCall) -> Response:
    """The id that the parts will name."""
    content_type = call.request.headers.get("Content-Type", "binary/octet-stream")
    upload_id = call.multipart.begin(call.bucket, call.key, content_type, call.meta)
    return xml(node("InitiateMultipartUploadResult", Bucket=call.bucket, Key=call.key, UploadId=upload_id))


def put_part(call: ObsCall) -> Response:
    """Take one part, from the body or from another object."""
    if call.copy_source is None:
        info = call.multipart.put_part(call.target, _upload_id(call), _number(call), call.body, call.expect_md5)
        return empty(ETag=f'"{info.etag}"')
    with call.objects.open(*call.copy_source) as content:
        info = call.multipart.put_part(call.target, _upload_id(call), _number(call), content)
    return xml(node("CopyPartResult", LastModified=obs_xml.time_text(info.modified), ETag=f'"{info.etag}"'))


def list_parts(call: ObsCall) -> Response:
    """What has arrived so far."""
    parts = [
        node(
            "Part",
            PartNumber=number,
            LastModified=obs_xml.time_text(info.modified),
            ETag=f'"{info.etag}"',
            Size=info.size,
        )
        for number, info in call.multipart.parts(call.target, _upload_id(call))
    ]
    about = {"Bucket": call.bucket, "Key": call.key, "UploadId": _upload_id(call), "IsTruncated": "false"}
    return xml(node("ListPartsResult", *parts, **about))


def complete_upload(call: ObsCall) -> Response:
    """Join the parts that the body names into the object."""
    chosen = [
        (_integer(part.findtext("PartNumber")), (part.findtext("ETag") or "").strip('"'))
        for part in obs_xml.parse(call.request.get_data()).findall("Part")
    ]
    info = call.multipart.complete(call.target, _upload_id(call), chosen)
    about = {"Location": call.request.base_url, "Bucket": call.bucket, "Key": call.key, "ETag": f'"{info.etag}"'}
    return xml(node("CompleteMultipartUploadResult", **about))


def abort_upload(call: ObsCall) -> Response:
    """Forget the parts."""
    call.multipart.abort(call.target, _upload_id(call))
    return empty(204)


def _upload_id(call: ObsCall) -> str:
    return next(value for name, value in call.request.args.items() if name.lower() == "uploadid")


def _number(call: ObsCall) -> int:
    return _integer(call.request.args.get("partNumber"))


def _integer(text: str | None) -> int:
    if not text or not text.isdigit():
        raise ObsError(400, "InvalidArgument", "A part number is an integer from 1 to 10000.")
    return int(text)


OPERATIONS: Operations = {
    ("object", "POST", "uploads"): begin_upload,
    ("object", "PUT", "uploadid"): put_part,
    ("object", "GET", "uploadid"): list_parts,
    ("object", "POST", "uploadid"): complete_upload,
    ("object", "DELETE", "uploadid"): abort_upload,
}
