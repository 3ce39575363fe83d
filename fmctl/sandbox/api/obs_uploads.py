"""OBS: uploads in parts.

POST /{bucket}/{key}?uploads · PUT, POST, GET, DELETE /{bucket}/{key}?uploadId · GET /{bucket}?uploads
"""

from collections.abc import Iterator

from werkzeug.wrappers import Response

from fmctl.sandbox import obs_xml
from fmctl.sandbox.api.obs_call import ObsCall, Operations, class_name, empty, xml
from fmctl.sandbox.api.obs_conditions import part
from fmctl.sandbox.object_info import ObjectInfo, common_prefix
from fmctl.sandbox.objects import ObsError
from fmctl.sandbox.obs_xml import Node, node
from fmctl.sandbox.store import Document
from fmctl.sandbox.streams import section

MOST = 1000


def begin_upload(call: ObsCall) -> Response:
    """The id that the parts will name."""
    upload_id = call.multipart.begin(call.bucket, call.key, call.about, call.sandbox.clock.now())
    about = {"Bucket": call.bucket, "Key": call.encode(call.key), "UploadId": upload_id}
    return xml(node("InitiateMultipartUploadResult", **about, **call.encoding))


def put_part(call: ObsCall) -> Response:
    """Take one part, from the body or from another object or a range of it."""
    if call.copy_source is None:
        info = call.multipart.put_part(call.target, _upload_id(call), _number(call), call.body, call.expect_md5)
        return empty(ETag=f'"{info.etag}"')
    start, stop = part(call.header("copy-source-range"), call.objects.need(*call.copy_source).size)
    with call.objects.open(*call.copy_source) as content:
        piece = section(content, start, stop)
        info = call.multipart.put_part(call.target, _upload_id(call), _number(call), piece)
    return xml(node("CopyPartResult", LastModified=obs_xml.time_text(info.modified), ETag=f'"{info.etag}"'))


def list_parts(call: ObsCall) -> Response:
    """What has arrived so far, a page of it."""
    upload, most = call.multipart.upload(call.target, _upload_id(call)), call.number("max-parts", MOST, MOST)
    marker = call.number("part-number-marker", 0)
    found = [one for one in call.multipart.parts(call.target, _upload_id(call)) if one[0] > marker]
    page = found[:most]
    about = {
        "Bucket": call.bucket,
        "Key": call.encode(call.key),
        "UploadId": upload["id"],
        "StorageClass": class_name(call, upload["about"]["storage_class"]),
        "PartNumberMarker": marker,
        "NextPartNumberMarker": page[-1][0] if page else marker,
        "MaxParts": most,
        "IsTruncated": str(0 < len(page) < len(found)).lower(),
    }
    parts = [_part(number, info) for number, info in page]
    return xml(node("ListPartsResult", *_people(call), *parts, **about, **call.encoding))


def complete_upload(call: ObsCall) -> Response:
    """Join the parts that the body names into the object."""
    chosen = [
        (_integer(one.findtext("PartNumber")), (one.findtext("ETag") or "").strip('"'))
        for one in obs_xml.parse(call.request.get_data()).findall("Part")
    ]
    info = call.multipart.complete(call.target, _upload_id(call), chosen)
    about = {
        "Location": call.request.base_url,
        "Bucket": call.bucket,
        "Key": call.encode(call.key),
        "ETag": f'"{info.etag}"',
    }
    return xml(node("CompleteMultipartUploadResult", **about, **call.encoding))


def abort_upload(call: ObsCall) -> Response:
    """Forget the parts."""
    call.multipart.abort(call.target, _upload_id(call))
    return empty(204)


def list_uploads(call: ObsCall) -> Response:
    """The unfinished uploads of a bucket, those below a `delimiter` rolled up, a page of them."""
    call.objects.need_bucket(call.bucket)
    most, entries = call.number("max-uploads", MOST, MOST), list(_after_markers(call))
    page = entries[:most]
    about = {
        "Bucket": call.bucket,
        "Prefix": call.encode(call.argument("prefix")),
        "KeyMarker": call.encode(call.argument("key-marker")),
        "UploadIdMarker": call.argument("upload-id-marker"),
        "Delimiter": call.encode(call.argument("delimiter")),
        "MaxUploads": most,
        "IsTruncated": str(0 < len(page) < len(entries)).lower(),
    }
    if 0 < len(page) < len(entries):
        key, upload = page[-1]
        about |= {"NextKeyMarker": call.encode(key), "NextUploadIdMarker": upload["id"] if upload else ""}
    found = [_upload(call, key, upload) for key, upload in page]
    return xml(node("ListMultipartUploadsResult", *found, **about, **call.encoding))


def _after_markers(call: ObsCall) -> Iterator[tuple[str, Document | None]]:
    """Keys with their uploads, and common prefixes with none, in byte order."""
    prefix, delimiter = call.argument("prefix"), call.argument("delimiter")
    marker = (call.argument("key-marker"), call.argument("upload-id-marker"))
    rolled = ""
    for upload in sorted(call.multipart.uploads(call.bucket), key=lambda one: (one["key"], one["id"])):
        key = upload["key"]
        # Without an id the marker stands for all uploads of its key.
        if not key.startswith(prefix) or (key, upload["id"]) <= marker or (key == marker[0] and not marker[1]):
            continue
        common = common_prefix(key, prefix, delimiter)
        if common is None:
            yield key, upload
        elif common > max(rolled, marker[0]):
            rolled = common
            yield common, None


def _upload(call: ObsCall, key: str, upload: Document | None) -> Node:
    if upload is None:
        return node("CommonPrefixes", Prefix=call.encode(key))
    about = {"Key": call.encode(key), "UploadId": upload["id"], "Initiated": obs_xml.time_text(upload["begun"])}
    return node("Upload", *_people(call), **about, StorageClass=class_name(call, upload["about"]["storage_class"]))


def _part(number: int, info: ObjectInfo) -> Node:
    about = {"PartNumber": number, "LastModified": obs_xml.time_text(info.modified)}
    return node("Part", **about, ETag=f'"{info.etag}"', Size=info.size)


def _people(call: ObsCall) -> tuple[Node, Node]:
    owner = call.sandbox.credentials
    return node("Initiator", ID=f"{owner.domain_id}/{owner.user_id}"), node("Owner", ID=owner.domain_id)


def _upload_id(call: ObsCall) -> str:
    return call.argument("uploadid")


def _number(call: ObsCall) -> int:
    return _integer(call.argument("partnumber"))


def _integer(text: str | None) -> int:
    if not text or not text.isdigit():
        raise ObsError(400, "InvalidArgument", "A part number is an integer from 1 to 10000.")
    return int(text)


OPERATIONS: Operations = {
    ("bucket", "GET", "uploads"): list_uploads,
    ("object", "POST", "uploads"): begin_upload,
    ("object", "PUT", "uploadid"): put_part,
    ("object", "GET", "uploadid"): list_parts,
    ("object", "POST", "uploadid"): complete_upload,
    ("object", "DELETE", "uploadid"): abort_upload,
}
