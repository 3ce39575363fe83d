"""OBS: buckets.

GET / · HEAD, PUT, DELETE /{bucket} · GET /{bucket}?location · GET …?storageinfo · POST …?delete
"""

import hashlib
from collections.abc import Iterator

from werkzeug.wrappers import Response

from fmctl.sandbox import obs_xml
from fmctl.sandbox.api.obs_call import ObsCall, Operations, empty, need_version, with_region, xml
from fmctl.sandbox.object_info import STANDARD
from fmctl.sandbox.objects import ObsError
from fmctl.sandbox.obs_xml import Node, node

MAX_KEYS = 1000
# What the storage information counts apart.
CLASSES = {"Standard": (STANDARD,), "Warm": ("WARM",), "Cold": ("COLD",), "DeepArchive": ("DEEP_ARCHIVE",)}


def list_buckets(call: ObsCall) -> Response:
    """Every bucket of the account, by name."""
    owner = call.sandbox.credentials
    return xml(obs_xml.buckets(owner.domain_id, call.objects.buckets(), owner.region))


def head_bucket(call: ObsCall) -> Response:
    """Whether it exists; the status says all."""
    call.objects.need_bucket(call.bucket)
    name = "x-obs-storage-class" if call.family == "obs" else "x-default-storage-class"
    response = with_region(call, empty())
    response.headers.update({name: STANDARD, "x-obs-version": "3.0"})
    return response


def create_bucket(call: ObsCall) -> Response:
    """A second bucket of the same name is a conflict."""
    if not call.objects.create_bucket(call.bucket):
        raise ObsError(409, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded.")
    return empty(Location=f"/{call.bucket}")


def delete_bucket(call: ObsCall) -> Response:
    """Only an empty bucket goes."""
    call.objects.delete_bucket(call.bucket)
    return empty(204)


def get_location(call: ObsCall) -> Response:
    """OBS clients read the text of the root, the others a child of it."""
    call.objects.need_bucket(call.bucket)
    region = call.sandbox.credentials.region
    if call.family == "amz":
        return xml(node("CreateBucketConfiguration", LocationConstraint=region))
    root = node("Location")
    root.text = region
    return xml(root)


def get_storage_info(call: ObsCall) -> Response:
    """How much is in it, as it is now: in all and by storage class."""
    call.objects.need_bucket(call.bucket)
    found = [(info.storage_class, info.size) for info in call.objects.walk(call.bucket)]
    counts: dict[str, int] = {"Size": sum(size for _, size in found), "ObjectNumber": len(found)}
    for name, classes in CLASSES.items():
        sizes = [size for storage_class, size in found if storage_class in classes]
        counts |= {f"{name}Size": sum(sizes), f"{name}ObjectNumber": len(sizes)}
    return xml(node("GetBucketStorageInfoResult", **counts))


def delete_objects(call: ObsCall) -> Response:
    """Delete up to 1000 keys; those that were not there count as deleted."""
    body, expected = call.request.get_data(), call.expect_md5
    if expected is not None and hashlib.md5(body).digest() != expected:
        raise ObsError(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")
    call.objects.need_bucket(call.bucket)
    root = obs_xml.parse(body)
    doomed = root.findall("Object")
    if not 0 < len(doomed) <= MAX_KEYS:
        raise ObsError(400, "MalformedXML", f"From 1 to {MAX_KEYS} objects can be deleted at once.")
    quiet = root.findtext("Quiet") == "true"
    return xml(node("DeleteResult", *_deleted(call, doomed, quiet), **call.encoding))


def _deleted(call: ObsCall, doomed: list[Node], quiet: bool) -> Iterator[Node]:
    """What became of each; quiet, only of those that could not be deleted."""
    for one in doomed:
        key = one.findtext("Key") or ""
        try:
            need_version(one.findtext("VersionId") or "")
        except ObsError as error:
            yield node("Error", Key=call.encode(key), Code=error.code, Message=error.message)
            continue
        call.objects.delete(call.bucket, key)
        if not quiet:
            yield node("Deleted", Key=call.encode(key))


OPERATIONS: Operations = {
    ("service", "GET", ""): list_buckets,
    ("bucket", "HEAD", ""): head_bucket,
    ("bucket", "PUT", ""): create_bucket,
    ("bucket", "DELETE", ""): delete_bucket,
    ("bucket", "GET", "location"): get_location,
    ("bucket", "GET", "storageinfo"): get_storage_info,
    ("bucket", "POST", "delete"): delete_objects,
}
