"""OBS as esdk-obs-python, its official client, sees it."""

import hashlib
from pathlib import Path

import pytest
from obs import (
    AppendObjectContent,
    CopyObjectHeader,
    DateTime,
    DeleteObjectsRequest,
    GetObjectHeader,
    GetObjectRequest,
    Object,
    ObsClient,
    PutObjectHeader,
    SetObjectMetadataHeader,
)

BUCKET = "fmctl-demo"


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


@pytest.mark.parametrize("name", ["ab", "a" * 64, "Upper", "under_score", "-a-", "a..b", "a.-b", "1.2.3.4"])
def test_a_bucket_needs_a_good_name(obs: ObsClient, name: str) -> None:
    """From 3 to 63 small letters, digits, dots and hyphens, as a host has them, and no address."""
    reply = obs.createBucket(name)

    assert (400, "InvalidBucketName") == (reply.status, reply.errorCode)


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


def test_a_wrong_digest_is_refused(obs: ObsClient) -> None:
    """What arrives damaged is not stored."""
    reply = obs.putContent(BUCKET, "k", "hello", headers=PutObjectHeader(md5="XUFAKrxLKna5cZ2REBfFkA=="))

    assert (reply.status, reply.errorCode) == (400, "BadDigest")
    assert obs.getObjectMetadata(BUCKET, "k").status == 404


def test_errors_have_a_code(obs: ObsClient) -> None:
    """Errors carry the code and a request id."""
    missing, nowhere = obs.getObject(BUCKET, "nothing"), obs.listObjects("no-such-bucket")

    assert [missing.errorCode, nowhere.errorCode] == ["NoSuchKey", "NoSuchBucket"]
    assert missing.requestId


def test_a_page_of_nothing_is_the_end(obs: ObsClient) -> None:
    """Who asks for no keys gets none, and is not told to go on."""
    obs.putContent(BUCKET, "k", "x")
    body = obs.listObjects(BUCKET, max_keys=0).body

    assert ([], False) == (body.contents, body.is_truncated)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("-3", (206, b"789")),
        ("7-", (206, b"789")),
        ("8-99", (206, b"89")),
        ("0-9", (200, b"0123456789")),
    ],
)
def test_ranges_may_be_open(obs: ObsClient, asked: str, expected: tuple[int, bytes]) -> None:
    """The end or the start of a range may be left out, and it may reach beyond the end of the object."""
    obs.putContent(BUCKET, "k", "0123456789")
    reply = obs.getObject(BUCKET, "k", loadStreamInMemory=True, headers=GetObjectHeader(range=asked))

    assert expected == (reply.status, reply.body.buffer)


def test_times_are_conditions_too(obs: ObsClient) -> None:
    """An object that has not changed since is not sent again; one that has changed since is not what was expected."""
    obs.putContent(BUCKET, "k", "x")
    future, past = DateTime(2099, 1, 1), DateTime(2020, 1, 1)
    asked = [GetObjectHeader(if_modified_since=future), GetObjectHeader(if_unmodified_since=past)]

    assert [304, 412] == [obs.getObject(BUCKET, "k", headers=headers).status for headers in asked]


def test_an_answer_can_be_told_its_headers(obs: ObsClient) -> None:
    """Type, language, cache and disposition of an answer are those that its request asks for."""
    obs.putContent(BUCKET, "k", "x")
    wanted = GetObjectRequest(content_type="text/plain", content_disposition='attachment; filename="ü.txt"')
    body = obs.getObject(BUCKET, "k", getObjectRequest=wanted, loadStreamInMemory=True).body

    assert ("text/plain", 'attachment; filename="ü.txt"') == (body.contentType, body.contentDisposition)


def test_metadata_may_be_in_any_script(obs: ObsClient) -> None:
    """Metadata comes back as it went, its names in lower case."""
    obs.putContent(BUCKET, "k", "x", metadata={"Team": "視覚 é"})

    assert "視覚 é" == dict(obs.getObjectMetadata(BUCKET, "k").header)["team"]


def test_what_is_said_of_an_object_can_be_changed(obs: ObsClient) -> None:
    """New metadata and headers come to the old ones, or take their place when the rest is to go."""
    obs.putContent(BUCKET, "k", "x", metadata={"a": "1"}, headers=PutObjectHeader(contentType="text/plain"))
    added = SetObjectMetadataHeader(cacheControl="no-cache")
    obs.setObjectMetadata(BUCKET, "k", metadata={"b": "2"}, headers=added)
    both = dict(obs.getObjectMetadata(BUCKET, "k").header)
    obs.setObjectMetadata(BUCKET, "k", metadata={"c": "3"}, headers=SetObjectMetadataHeader(removeUnset=True))
    left = dict(obs.getObjectMetadata(BUCKET, "k").header)

    assert ("1", "2", "no-cache", "text/plain") == (both["a"], both["b"], both["cache-control"], both["content-type"])
    assert {"c": "3"} == {name: left[name] for name in ("a", "b", "c", "cache-control") if name in left}


def test_a_storage_class_is_kept(obs: ObsClient) -> None:
    """An object says its storage class, in the words of the client, when it is not the usual one."""
    obs.putContent(BUCKET, "k", "x", headers=PutObjectHeader(storageClass="WARM"))
    obs.putContent(BUCKET, "l", "x")
    listed = [item.storageClass for item in obs.listObjects(BUCKET).body.contents]
    shown = [obs.getObjectMetadata(BUCKET, key).body.storageClass for key in ("k", "l")]

    assert [listed[0], None] == shown
    assert listed in (["WARM", "STANDARD"], ["STANDARD_IA", "STANDARD"])


def test_a_copy_may_say_something_else(obs: ObsClient) -> None:
    """With REPLACE the copy has the metadata and type of the request alone; so an object is described anew in place."""
    obs.putContent(BUCKET, "k", "x", metadata={"old": "1"})
    pointless = obs.copyObject(BUCKET, "k", BUCKET, "k")
    replaced = CopyObjectHeader(directive="REPLACE", contentType="text/plain")
    obs.copyObject(BUCKET, "k", BUCKET, "k", metadata={"new": "2"}, headers=replaced)
    head = dict(obs.getObjectMetadata(BUCKET, "k").header)

    assert (400, "InvalidRequest") == (pointless.status, pointless.errorCode)
    assert ("2", "text/plain", False) == (head["new"], head["content-type"], "old" in head)


def test_a_copy_has_conditions(obs: ObsClient) -> None:
    """A copy is refused when its source is not what was expected, or is what the client has."""
    etag = obs.putContent(BUCKET, "k", "x").body.etag
    wanted = [
        CopyObjectHeader(if_match=etag),
        CopyObjectHeader(if_match="other"),
        CopyObjectHeader(if_none_match=etag),
        CopyObjectHeader(if_modified_since=DateTime(2099, 1, 1)),
        CopyObjectHeader(if_unmodified_since=DateTime(2020, 1, 1)),
    ]

    assert [200, 412, 412, 412, 412] == [obs.copyObject(BUCKET, "k", BUCKET, "l", headers=one).status for one in wanted]


def test_an_object_grows_by_appending(obs: ObsClient) -> None:
    """What is appended where the object ends belongs to it; another place, or another kind of object, is a conflict."""
    obs.putContent(BUCKET, "plain", "x")
    first = obs.appendObject(BUCKET, "log", AppendObjectContent("ab", position=0)).body
    second = obs.appendObject(BUCKET, "log", AppendObjectContent("c", position=first.nextPosition)).body
    late = obs.appendObject(BUCKET, "log", AppendObjectContent("d", position=0))
    plain = obs.appendObject(BUCKET, "plain", AppendObjectContent("d", position=1))
    head = obs.getObjectMetadata(BUCKET, "log").body

    assert (2, 3, True, 3) == (first.nextPosition, second.nextPosition, head.isAppendable, head.nextPosition)
    assert b"abc" == obs.getObject(BUCKET, "log", loadStreamInMemory=True).body.buffer
    assert ["PositionNotEqualToLength", "ObjectNotAppendable"] == [late.errorCode, plain.errorCode]


def test_a_key_has_1024_bytes_at_most(obs: ObsClient) -> None:
    """The limit is one of bytes, not of characters."""
    tried = [obs.putContent(BUCKET, key, "x") for key in ("é" * 512, "é" * 512 + "x")]

    assert [(200, None), (400, "KeyTooLong")] == [(reply.status, reply.errorCode) for reply in tried]


def test_names_in_a_listing_can_be_encoded(obs: ObsClient) -> None:
    """With `encoding-type=url` names that XML cannot hold come through, in every kind of list."""
    for key in ("bell\x07x", "dir é/k"):
        obs.putContent(BUCKET, key, "x")
    plain = obs.listObjects(BUCKET, delimiter="/").body
    page = obs.listObjects(BUCKET, delimiter="/", encoding_type="url").body

    assert [["bell?x"], ["bell\x07x"]] == [[item.key for item in one.contents] for one in (plain, page)]
    assert ["dir é/"] == [one.prefix for one in page.commonPrefixs]
