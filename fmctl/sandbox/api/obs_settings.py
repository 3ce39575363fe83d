"""OBS: what can be set for a bucket or an object. Nothing is, and nothing can be: each has its answer for "not set".

GET /{bucket}?acl, ?quota, ?storageClass, ?versioning, ?policy … · GET /{bucket}/{key}?acl · DELETE /{bucket}?policy …
"""

from collections.abc import Mapping

from werkzeug.wrappers import Response

from fmctl.sandbox.api.obs_call import ObsCall, ObsHandler, Operations, empty, xml
from fmctl.sandbox.object_info import STANDARD
from fmctl.sandbox.objects import ObsError
from fmctl.sandbox.obs_xml import Node, node

XSI = "http://www.w3.org/2001/XMLSchema-instance"

# Settings that are an error to read as long as they are not made; to delete them is none.
ABSENT: Mapping[str, str] = {
    "cors": "NoSuchCORSConfiguration",
    "encryption": "NoSuchEncryptionConfiguration",
    "inventory": "NoSuchInventoryConfiguration",
    "lifecycle": "NoSuchLifecycleConfiguration",
    "policy": "NoSuchBucketPolicy",
    "replication": "ReplicationConfigurationNotFoundError",
    "tagging": "NoSuchTagSet",
    "website": "NoSuchWebsiteConfiguration",
}
# Settings that every bucket has, as they are when nobody has said anything.
USUAL: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "logging": ("BucketLoggingStatus", {}),
    "notification": ("NotificationConfiguration", {}),
    "policystatus": ("PolicyStatus", {"IsPublic": "false"}),
    "quota": ("Quota", {"StorageQuota": "0"}),
    "requestpayment": ("RequestPaymentConfiguration", {"Payer": "BucketOwner"}),
    "storagepolicy": ("StoragePolicy", {"DefaultStorageClass": STANDARD}),
    "versioning": ("VersioningConfiguration", {}),
}


def get_acl(call: ObsCall) -> Response:
    """The owner may do everything, nobody else anything."""
    _need(call)
    owner = call.sandbox.credentials.domain_id
    grantee = node("Grantee", ID=owner)
    if call.family == "amz":
        grantee.set(f"{{{XSI}}}type", "CanonicalUser")
    grant = node("Grant", grantee)
    grant.append(_text("Permission", "FULL_CONTROL"))
    delivered = {"Delivered": "true"} if call.key and call.family == "obs" else {}
    return xml(node("AccessControlPolicy", node("Owner", ID=owner), node("AccessControlList", grant), **delivered))


def set_acl(call: ObsCall) -> Response:
    """What is private can be made private."""
    _need(call)
    if call.header("acl") != "private":
        raise ObsError(501, "NotImplemented", "The sandbox has one user: everything in it is private, and stays so.")
    return empty()


def get_storage_class(call: ObsCall) -> Response:
    """OBS clients read the text of the root."""
    _need(call)
    return xml(_text("StorageClass", STANDARD))


def refuse_cors(call: ObsCall) -> Response:
    """What a browser asks before it asks: no bucket allows it."""
    call.objects.need_bucket(call.bucket)
    raise ObsError(403, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")


def _absent(name: str) -> ObsHandler:
    def handler(call: ObsCall) -> Response:
        _need(call)
        raise ObsError(404, ABSENT[name], f"The {name} configuration does not exist.")

    return handler


def _usual(name: str) -> ObsHandler:
    def handler(call: ObsCall) -> Response:
        _need(call)
        tag, texts = USUAL[name]
        return xml(node(tag, **texts))

    return handler


def _nothing(call: ObsCall) -> Response:
    """To delete what is not there."""
    _need(call)
    return empty(204)


def _need(call: ObsCall) -> None:
    if call.key:
        call.objects.need(call.bucket, call.key)
    else:
        call.objects.need_bucket(call.bucket)


def _text(tag: str, text: str) -> Node:
    made = node(tag)
    made.text = text
    return made


OPERATIONS: Operations = {
    **{("bucket", "GET", name): _absent(name) for name in ABSENT},
    **{("bucket", "DELETE", name): _nothing for name in ABSENT},
    **{("bucket", "GET", name): _usual(name) for name in USUAL},
    ("bucket", "GET", "acl"): get_acl,
    ("object", "GET", "acl"): get_acl,
    ("bucket", "PUT", "acl"): set_acl,
    ("object", "PUT", "acl"): set_acl,
    ("bucket", "GET", "storageclass"): get_storage_class,
    ("object", "GET", "tagging"): _absent("tagging"),
    ("object", "DELETE", "tagging"): _nothing,
    ("bucket", "OPTIONS", ""): refuse_cors,
    ("object", "OPTIONS", ""): refuse_cors,
}
