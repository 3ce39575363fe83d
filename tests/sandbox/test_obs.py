"""OBS as esdk-obs-python, its official client, sees it."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from obs import CompleteMultipartUploadRequest, CompletePart, DeleteObjectsRequest, GetObjectHeader, Object, ObsClient

from fmctl.sandbox.server import Server

BUCKET = "fmctl-demo"


@pytest.fixture(params=["obs", "v2", "v4"])
def obs(server: Server, request: pytest.FixtureRequest) -> Iterator[ObsClient]:
    info = server.info
    client = ObsClient(
        access_key_id=info["access_key"],
        secret_access_key=info["secret_key"],
        server=info["obs_endpoint"],
        signature=request.param,
        region=info["region"],
        max_retry_count=0,
    )
    yield client
    client.close()


def test_the_buckets_of_the_account_exist_from_the_start(obs: ObsClient) -> None:
    """A new sandbox has the buckets that the examples use."""
    names = [bucket.name for bucket in obs.listBuckets().body.buckets]

    assert names == ["fmctl-demo", "fmctl-sandbox"]


def test_buckets_come_and_go(obs: ObsClient) -> None:
    """A bucket can be made once, is found meanwhile, and goes only when it is empty."""
    statuses = [obs.headBucket("new-bucket").status, obs.createBucket("new-bucket", location="sandbox").status]
    statuses += [obs.headBucket("new-bucket").status, obs.createBucket("new-bucket").status]
    obs.putContent("new-bucket", "k", "x")
    statuses += [obs.deleteBucket("new-bucket").status]
    obs.deleteObject("new-bucket", "k")
    statuses += [obs.deleteBucket("new-bucket").status, obs.headBucket("new-bucket").status]

    assert statuses == [404, 200, 200, 409, 409, 204, 404]


def test_a_buckets_location_is_the_region(obs: ObsClient) -> None:
    """The region of a bucket is the region of the sandbox."""
    assert obs.getBucketLocation(BUCKET).body.location == "sandbox"


@pytest.mark.parametrize("key", ["plain.txt", "dir/a b+c~é.json", "中文/100%/~x", "a=b&c;d@e:f,g'(h)!*", "dir//twice"])
def test_any_key_comes_back_as_it_went(obs: ObsClient, key: str) -> None:
    """Keys of any characters are stored, listed and read under the same name."""
    put = obs.putContent(BUCKET, key, "héllo", metadata={"owner": "alice"})
    got = obs.getObject(BUCKET, key, loadStreamInMemory=True)
    listed = [item.key for item in obs.listObjects(BUCKET, prefix=key).body.contents]

    assert (200, "héllo".encode(), [key]) == (put.status, got.body.buffer, listed)


def test_an_object_says_what_it_is(obs: ObsClient) -> None:
    """Size, type, MD5 as ETag and the user's metadata come back with HEAD."""
    obs.putContent(BUCKET, "k", "hello", metadata={"sha256": "abc"})
    head = obs.getObjectMetadata(BUCKET, "k")
    there, gone = obs.headObject(BUCKET, "k"), obs.headObject(BUCKET, "none")
    md5 = hashlib.md5(b"hello").hexdigest()

    assert (200, 5, f'"{md5}"', "abc") == (
        head.status,
        head.body.contentLength,
        head.body.etag,
        dict(head.header)["sha256"],
    )
    assert (200, 404) == (there.status, gone.status)


def test_a_listing_goes_on_where_it_stopped(obs: ObsClient) -> None:
    """Pages follow one another by marker, keys in byte order, none twice and none left out."""
    keys = sorted(f"p/{n:02d}" for n in range(7))
    for key in [*keys, "q/other"]:
        obs.putContent(BUCKET, key, "x")
    pages, marker = [], None
    while True:
        body = obs.listObjects(BUCKET, prefix="p/", marker=marker, max_keys=3).body
        pages.append([item.key for item in body.contents])
        if not body.is_truncated:
            break
        marker = body.next_marker

    assert [keys[:3], keys[3:6], keys[6:]] == pages


def test_a_delimiter_rolls_folders_up(obs: ObsClient) -> None:
    """What lies below a delimiter shows as one common prefix, which counts as one entry of a page."""
    for key in ("p/a", "p/sub/1", "p/sub/2", "p/tub/1", "p/z"):
        obs.putContent(BUCKET, key, "x")
    first = obs.listObjects(BUCKET, prefix="p/", delimiter="/", max_keys=2).body
    rest = obs.listObjects(BUCKET, prefix="p/", delimiter="/", marker=first.next_marker).body
    seen = [
        ([item.key for item in page.contents], [item.prefix for item in page.commonPrefixs]) for page in (first, rest)
    ]

    assert seen == [(["p/a"], ["p/sub/"]), (["p/z"], ["p/tub/"])]


def test_files_travel_whole(obs: ObsClient, tmp_path: Path) -> None:
    """A file of some megabytes is the same after upload and download."""
    source, target = tmp_path / "up.bin", tmp_path / "down.bin"
    source.write_bytes(bytes(range(256)) * 20_000)
    obs.putFile(BUCKET, "big.bin", str(source))
    obs.getObject(BUCKET, "big.bin", downloadPath=str(target))

    assert source.read_bytes() == target.read_bytes()


def test_a_range_is_a_part_of_the_content(obs: ObsClient) -> None:
    """A range answers 206 with just these bytes; one beyond the end answers 416."""
    obs.putContent(BUCKET, "k", "0123456789")
    part = obs.getObject(BUCKET, "k", loadStreamInMemory=True, headers=GetObjectHeader(range="2-4"))
    beyond = obs.getObject(BUCKET, "k", headers=GetObjectHeader(range="20-30"))

    assert (part.status, part.body.buffer, beyond.status) == (206, b"234", 416)


def test_conditions_are_kept(obs: ObsClient) -> None:
    """An unchanged object is not sent again, a changed one fails If-Match."""
    etag = obs.putContent(BUCKET, "k", "x").body.etag
    same = obs.getObject(BUCKET, "k", headers=GetObjectHeader(if_none_match=etag))
    other = obs.getObject(BUCKET, "k", headers=GetObjectHeader(if_match='"0"'))
    right = obs.getObject(BUCKET, "k", loadStreamInMemory=True, headers=GetObjectHeader(if_match=etag))

    assert [same.status, other.status, right.status] == [304, 412, 200]


def test_a_copy_has_the_content_and_metadata_of_its_source(obs: ObsClient) -> None:
    """A copy between buckets keeps content and metadata, and a missing source is 404."""
    obs.putContent(BUCKET, "dir/a b.txt", "x", metadata={"m": "1"})
    made = obs.copyObject(BUCKET, "dir/a b.txt", "fmctl-sandbox", "c é.txt")
    missing = obs.copyObject(BUCKET, "nothing", "fmctl-sandbox", "d")
    head = obs.getObjectMetadata("fmctl-sandbox", "c é.txt")

    assert (made.status, missing.status, dict(head.header).get("m")) == (200, 404, "1")


def test_many_objects_are_deleted_at_once(obs: ObsClient) -> None:
    """A multi-delete reports every key and counts an absent one as deleted."""
    obs.putContent(BUCKET, "a", "x")
    reply = obs.deleteObjects(BUCKET, DeleteObjectsRequest(quiet=False, objects=[Object("a"), Object("absent")]))

    assert [item.key for item in reply.body.deleted] == ["a", "absent"]
    assert obs.getObjectMetadata(BUCKET, "a").status == 404


def test_parts_are_joined_in_order(obs: ObsClient) -> None:
    """An upload in parts becomes one object whose ETag tells how many parts it had."""
    upload = obs.initiateMultipartUpload(BUCKET, "big", metadata={"m": "1"}).body.uploadId
    tags = [
        obs.uploadPart(BUCKET, "big", number, upload, content=text).body.etag for number, text in ((1, "ab"), (2, "c"))
    ]
    parts = CompleteMultipartUploadRequest([CompletePart(1, tags[0]), CompletePart(2, tags[1])])
    etag = obs.completeMultipartUpload(BUCKET, "big", upload, parts).body.etag

    assert etag.strip('"').endswith("-2")
    assert obs.getObject(BUCKET, "big", loadStreamInMemory=True).body.buffer == b"abc"
    assert obs.abortMultipartUpload(BUCKET, "big", upload).status == 404


def test_an_upload_that_is_given_up_leaves_nothing(obs: ObsClient) -> None:
    """Aborting frees the parts and makes no object."""
    upload = obs.initiateMultipartUpload(BUCKET, "big").body.uploadId
    obs.uploadPart(BUCKET, "big", 1, upload, content="ab")
    statuses = [obs.abortMultipartUpload(BUCKET, "big", upload).status, obs.getObjectMetadata(BUCKET, "big").status]

    assert statuses == [204, 404]


def test_a_link_needs_no_key(obs: ObsClient) -> None:
    """A signed link reads the object until it expires; a link that was changed does not."""
    obs.putContent(BUCKET, "dir/k", "hello")
    link = obs.createSignedUrl("GET", BUCKET, "dir/k", expires=60).signedUrl
    good, bad = httpx.get(link), httpx.get(link.replace("dir/k", "dir/j"))

    assert (good.status_code, good.text, bad.status_code) == (200, "hello", 403)


def test_a_wrong_digest_is_refused(obs: ObsClient) -> None:
    """What arrives damaged is not stored."""
    from obs import PutObjectHeader

    reply = obs.putContent(BUCKET, "k", "hello", headers=PutObjectHeader(md5="XUFAKrxLKna5cZ2REBfFkA=="))

    assert (reply.status, reply.errorCode) == (400, "BadDigest")
    assert obs.getObjectMetadata(BUCKET, "k").status == 404


def test_errors_have_a_code(obs: ObsClient) -> None:
    """Errors carry the code and a request id."""
    missing, nowhere = obs.getObject(BUCKET, "nothing"), obs.listObjects("no-such-bucket")

    assert [missing.errorCode, nowhere.errorCode] == ["NoSuchKey", "NoSuchBucket"]
    assert missing.requestId


def test_a_part_can_come_from_another_object(obs: ObsClient) -> None:
    """An upload in parts takes an object that is there as a part, whatever its name."""
    obs.putContent(BUCKET, "a b+é", "hello")
    upload = obs.initiateMultipartUpload(BUCKET, "joined").body.uploadId
    etag = obs.copyPart(BUCKET, "joined", 1, upload, f"{BUCKET}/a b+é").body.etag
    listed = [part.partNumber for part in obs.listParts(BUCKET, "joined", upload).body.parts]
    pending = [found.key for found in obs.listMultipartUploads(BUCKET).body.upload]
    obs.completeMultipartUpload(BUCKET, "joined", upload, CompleteMultipartUploadRequest([CompletePart(1, etag)]))

    assert ([1], ["joined"]) == (listed, pending)
    assert b"hello" == obs.getObject(BUCKET, "joined", loadStreamInMemory=True).body.buffer


def test_a_page_of_nothing_is_the_end(obs: ObsClient) -> None:
    """Who asks for no keys gets none, and is not told to go on."""
    obs.putContent(BUCKET, "k", "x")
    body = obs.listObjects(BUCKET, max_keys=0).body

    assert ([], False) == (body.contents, body.is_truncated)


def test_what_is_not_implemented_says_so(obs: ObsClient) -> None:
    """An operation outside the sandbox is refused, never pretended."""
    reply = obs.setBucketVersioning(BUCKET, "Enabled")

    assert (reply.status, reply.errorCode) == (501, "NotImplemented")
