"""What can be asked of buckets as they are, and what cannot be set."""

import pytest
from obs import ObsClient, Options, Versions

from fmctl.sandbox.server import Server

BUCKET = "fmctl-demo"

UNSET = {
    "Cors": "NoSuchCORSConfiguration",
    "Encryption": "NoSuchEncryptionConfiguration",
    "Lifecycle": "NoSuchLifecycleConfiguration",
    "Policy": "NoSuchBucketPolicy",
    "Replication": "ReplicationConfigurationNotFoundError",
    "Tagging": "NoSuchTagSet",
    "Website": "NoSuchWebsiteConfiguration",
}


def test_a_bucket_says_how_much_it_holds(obs: ObsClient) -> None:
    """Objects and bytes are counted in all and by storage class; there is no quota."""
    for key, text in (("a", "12345"), ("b", "678")):
        obs.putContent(BUCKET, key, text)
    info = obs.getBucketStorageInfo(BUCKET).body

    assert (8, 2, 8, 0) == (info.size, info.objectNumber, info.standardSize, info.coldObjectNumber)
    assert 0 == obs.getBucketQuota(BUCKET).body.quota


def test_a_bucket_says_what_it_is(obs: ObsClient) -> None:
    """Storage class and region come with the bucket's metadata."""
    about = obs.getBucketMetadata(BUCKET).body

    assert ("STANDARD", "sandbox") == (about.storageClass, about.location)
    assert "STANDARD" == obs.getBucketStoragePolicy(BUCKET).body.storageClass


def test_all_is_private(obs: ObsClient, server: Server) -> None:
    """The owner alone may do everything, with buckets and with objects; nobody can be let in."""
    obs.putContent(BUCKET, "k", "x")
    owner = server.sandbox.credentials.domain_id
    acls = [obs.getBucketAcl(BUCKET).body, obs.getObjectAcl(BUCKET, "k").body]
    granted = [(acl.owner.owner_id, [(one.grantee.grantee_id, one.permission) for one in acl.grants]) for acl in acls]
    tried = [obs.setBucketAcl(BUCKET, aclControl=name).status for name in ("private", "public-read")]

    assert [(owner, [(owner, "FULL_CONTROL")])] * 2 == granted
    assert [200, 501] == tried


@pytest.mark.parametrize("name", UNSET)
def test_what_was_never_set_is_not_there(obs: ObsClient, name: str) -> None:
    """To read it is an error of its own, to delete it is none, and a bucket that does not exist is another error."""
    read, delete = getattr(obs, f"getBucket{name}"), getattr(obs, f"deleteBucket{name}")

    assert (404, UNSET[name]) == (read(BUCKET).status, read(BUCKET).errorCode)
    assert "NoSuchBucket" == read("no-bucket").errorCode
    assert 204 == delete(*((BUCKET, "rule") if name == "Inventory" else (BUCKET,))).status


def test_what_every_bucket_has_is_as_usual(obs: ObsClient) -> None:
    """No versions, no logging, no notifications; the owner pays."""
    assert obs.getBucketVersioning(BUCKET).body is None
    assert obs.getBucketLogging(BUCKET).body.targetBucket is None
    assert [] == obs.getBucketNotification(BUCKET).body.topicConfigurations
    assert "BucketOwner" == obs.getBucketRequestPayment(BUCKET).body.payer


def test_an_object_has_one_version(obs: ObsClient) -> None:
    """Versions are listed page by page, one null version for each object, which can be read by that name."""
    for key in ("a", "b", "dir/c"):
        obs.putContent(BUCKET, key, key)
    first = obs.listVersions(BUCKET, Versions(max_keys=2, delimiter="/")).body
    rest = obs.listVersions(BUCKET, Versions(key_marker=first.head.nextKeyMarker, delimiter="/")).body
    seen = [(one.key, one.versionId, one.isLatest) for one in first.versions]
    read = [obs.getObjectMetadata(BUCKET, "a", versionId=version).status for version in ("null", "4711")]

    assert [("a", "null", True), ("b", "null", True)] == seen
    assert ([], ["dir/"]) == (rest.versions, [one.prefix for one in rest.commonPrefixs])
    assert [200, 404] == read


def test_no_other_page_may_ask(obs: ObsClient) -> None:
    """A browser that asks whether its page may call is refused: no bucket allows it."""
    reply = obs.optionsBucket(BUCKET, Options(origin="http://example.com", accessControlRequestMethods=["PUT"]))

    assert (403, "AccessForbidden") == (reply.status, reply.errorCode)


def test_what_is_not_implemented_says_so(obs: ObsClient) -> None:
    """An operation outside the sandbox is refused with a code that the SDK reads, never pretended."""
    obs.putContent(BUCKET, "k", "x")
    replies = [
        obs.setBucketVersioning(BUCKET, "Enabled"),
        obs.setBucketQuota(BUCKET, 1),
        obs.setBucketPolicy(BUCKET, "{}"),
        obs.restoreObject(BUCKET, "k", 1),
        obs.renameFile(BUCKET, "k", "l"),
        obs.truncateFile(BUCKET, "k", 0),
    ]

    assert [(501, "NotImplemented")] * 6 == [(reply.status, reply.errorCode) for reply in replies]
