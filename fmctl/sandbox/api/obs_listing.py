"""OBS: what is in a bucket.

GET /{bucket} · GET /{bucket}?versions
"""

from werkzeug.wrappers import Response

from fmctl.sandbox import obs_xml
from fmctl.sandbox.api.obs_call import ObsCall, Operations, class_name, with_region, xml
from fmctl.sandbox.object_info import Listing, ObjectInfo
from fmctl.sandbox.obs_xml import Node, node

MAX_KEYS = 1000
NO_VERSION = "null"


def list_objects(call: ObsCall) -> Response:
    """One page of keys after `marker`, those below a `delimiter` rolled up."""
    page, texts = _page(call, "marker"), _asked(call)
    texts["Marker"] = call.encode(call.argument("marker"))
    if page.truncated:
        texts["NextMarker"] = call.encode(page.next_marker)
    contents = [node("Contents", _owner(call), **_content(call, info)) for info in page.objects]
    return _answer(call, "ListBucketResult", texts, page, contents)


def list_versions(call: ObsCall) -> Response:
    """The same, with the one version that each object has."""
    page, texts = _page(call, "key-marker"), _asked(call)
    texts |= {"KeyMarker": call.encode(call.argument("key-marker")), "VersionIdMarker": ""}
    if page.truncated:
        texts |= {"NextKeyMarker": call.encode(page.next_marker), "NextVersionIdMarker": NO_VERSION}
    version = {"VersionId": NO_VERSION, "IsLatest": "true"}
    found = [node("Version", _owner(call), **_content(call, info), **version) for info in page.objects]
    return _answer(call, "ListVersionsResult", texts, page, found)


def _page(call: ObsCall, marker: str) -> Listing:
    return call.objects.list(
        call.bucket,
        call.argument("prefix"),
        delimiter=call.argument("delimiter"),
        marker=call.argument(marker),
        limit=_limit(call),
    )


def _limit(call: ObsCall) -> int:
    return call.number("max-keys", MAX_KEYS, MAX_KEYS)


def _asked(call: ObsCall) -> dict[str, object]:
    """What the answer repeats of the question."""
    texts: dict[str, object] = {"Name": call.bucket, "Prefix": call.encode(call.argument("prefix"))}
    if "delimiter" in call.request.args:
        texts["Delimiter"] = call.encode(call.argument("delimiter"))
    return texts | {"MaxKeys": _limit(call), **call.encoding}


def _content(call: ObsCall, info: ObjectInfo) -> dict[str, object]:
    return {
        "Key": call.encode(info.key),
        "LastModified": obs_xml.time_text(info.modified),
        "ETag": f'"{info.etag}"',
        "Size": info.size,
        "StorageClass": class_name(call, info.storage_class),
        **({"Type": "Appendable"} if info.appendable else {}),
    }


def _owner(call: ObsCall) -> Node:
    return node("Owner", ID=call.sandbox.credentials.domain_id)


def _answer(call: ObsCall, tag: str, texts: dict[str, object], page: Listing, found: list[Node]) -> Response:
    prefixes = [node("CommonPrefixes", Prefix=call.encode(prefix)) for prefix in page.prefixes]
    texts["IsTruncated"] = str(page.truncated).lower()
    return with_region(call, xml(node(tag, *found, *prefixes, **texts)))


OPERATIONS: Operations = {
    ("bucket", "GET", ""): list_objects,
    ("bucket", "GET", "versions"): list_versions,
}
