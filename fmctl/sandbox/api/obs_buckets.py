"""OBS: buckets and what is in them.

GET / · HEAD, PUT, DELETE, GET /{bucket} · GET /{bucket}?location · GET /{bucket}?uploads · POST /{bucket}?delete
"""

import hashlib

from werkzeug.wrappers import Response

from fmctl.sandbox import obs_xml
from fmctl.sandbox.api.obs_call import ObsCall, Operations, empty, xml
from fmctl.sandbox.objects import ObsError
from fmctl.sandbox.obs_xml import node

MAX_KEYS = 1000


def list_buckets(call: ObsCall) -> Response:
    """Every bucket of the account, by name."""
    owner = call.sandbox.credentials
    return xml(obs_xml.buckets(owner.domain_id, call.objects.buckets(), owner.region))


def head_bucket(call: ObsCall) -> Response:
    """Whether it exists; the status says all."""
    call.objects.need_bucket(call.bucket)
    return _with_region(call, empty())


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


def list_objects(call: ObsCall) -> Response:
    """One page of keys after `marker`, those below a `delimiter` rolled up."""
    arguments = call.request.args.to_dict()
    asked = arguments.get("max-keys", str(MAX_KEYS))
    if not asked.isdigit():
        raise ObsError(400, "InvalidArgument", "max-keys is not an integer.")
    limit = min(int(asked), MAX_KEYS)
    page = call.objects.list(
        call.bucket,
        arguments.get("prefix", ""),
        delimiter=arguments.get("delimiter", ""),
        marker=arguments.get("marker", ""),
        limit=limit,
    )
    return _with_region(
        call, xml(obs_xml.listing(call.bucket, page, arguments, limit, call.sandbox.credentials.domain_id))
    )


def list_uploads(call: ObsCall) -> Response:
    """The unfinished multipart uploads."""
    call.objects.need_bucket(call.bucket)
    found = [node("Upload", Key=upload["key"], UploadId=upload["id"]) for upload in call.multipart.uploads(call.bucket)]
    return xml(node("ListMultipartUploadsResult", *found, Bucket=call.bucket, IsTruncated="false", MaxUploads=MAX_KEYS))


def delete_objects(call: ObsCall) -> Response:
    """Delete up to 1000 keys; those that were not there count as deleted."""
    body, expected = call.request.get_data(), call.expect_md5
    if expected is not None and hashlib.md5(body).digest() != expected:
        raise ObsError(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")
    call.objects.need_bucket(call.bucket)
    root = obs_xml.parse(body)
    keys = [key.text or "" for key in root.findall("Object/Key")]
    if not 0 < len(keys) <= MAX_KEYS:
        raise ObsError(400, "MalformedXML", f"From 1 to {MAX_KEYS} objects can be deleted at once.")
    for key in keys:
        call.objects.delete(call.bucket, key)
    quiet = root.findtext("Quiet") == "true"
    return xml(node("DeleteResult", *[node("Deleted", Key=key) for key in keys if not quiet]))


def _with_region(call: ObsCall, response: Response) -> Response:
    name = "x-obs-bucket-location" if call.family == "obs" else "x-amz-bucket-region"
    response.headers[name] = call.sandbox.credentials.region
    return response


OPERATIONS: Operations = {
    ("service", "GET", ""): list_buckets,
    ("bucket", "HEAD", ""): head_bucket,
    ("bucket", "PUT", ""): create_bucket,
    ("bucket", "DELETE", ""): delete_bucket,
    ("bucket", "GET", ""): list_objects,
    ("bucket", "GET", "location"): get_location,
    ("bucket", "GET", "uploads"): list_uploads,
    ("bucket", "POST", "delete"): delete_objects,
}
