"""Uploads in parts as esdk-obs-python sees them."""

from pathlib import Path

from obs import CompleteMultipartUploadRequest, CompletePart, ListMultipartUploadsRequest, ObsClient

BUCKET = "fmctl-demo"


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


def test_a_part_may_be_a_piece_of_an_object(obs: ObsClient) -> None:
    """A part is copied from a range of an object, first and last byte included; a range beyond its end is refused."""
    obs.putContent(BUCKET, "k", "0123456789")
    upload = obs.initiateMultipartUpload(BUCKET, "joined").body.uploadId
    etag = obs.copyPart(BUCKET, "joined", 1, upload, f"{BUCKET}/k", copySourceRange="2-5").body.etag
    beyond = obs.copyPart(BUCKET, "joined", 2, upload, f"{BUCKET}/k", copySourceRange="20-30")
    obs.completeMultipartUpload(BUCKET, "joined", upload, CompleteMultipartUploadRequest([CompletePart(1, etag)]))

    assert b"2345" == obs.getObject(BUCKET, "joined", loadStreamInMemory=True).body.buffer
    assert 416 == beyond.status


def test_parts_come_in_pages(obs: ObsClient) -> None:
    """A page of parts goes on after the number where the last one ended."""
    upload = obs.initiateMultipartUpload(BUCKET, "big").body.uploadId
    for number in (1, 2, 5):
        obs.uploadPart(BUCKET, "big", number, upload, content="x")
    first = obs.listParts(BUCKET, "big", upload, maxParts=2).body
    rest = obs.listParts(BUCKET, "big", upload, partNumberMarker=first.nextPartNumberMarker).body
    seen = [([part.partNumber for part in page.parts], page.isTruncated) for page in (first, rest)]

    assert [([1, 2], True), ([5], False)] == seen


def test_uploads_come_in_pages(obs: ObsClient) -> None:
    """Unfinished uploads are listed by key, those below a delimiter as one, a page after the other."""
    for key in ("p/a", "p/sub/1", "p/sub/2", "p/z", "q"):
        obs.initiateMultipartUpload(BUCKET, key)
    asked = {"prefix": "p/", "delimiter": "/", "max_uploads": 2}
    first = obs.listMultipartUploads(BUCKET, ListMultipartUploadsRequest(**asked)).body
    markers = {"key_marker": first.nextKeyMarker, "upload_id_marker": first.nextUploadIdMarker}
    rest = obs.listMultipartUploads(BUCKET, ListMultipartUploadsRequest(**asked, **markers)).body
    seen = [([one.key for one in page.upload], [one.prefix for one in page.commonPrefixs]) for page in (first, rest)]

    assert [(["p/a"], ["p/sub/"]), (["p/z"], [])] == seen
    assert [True, False] == [first.isTruncated, rest.isTruncated]


def test_parts_are_nobodys_objects(obs: ObsClient) -> None:
    """Where parts wait cannot be listed, read or copied from."""
    upload = obs.initiateMultipartUpload(BUCKET, "big").body.uploadId
    obs.uploadPart(BUCKET, "big", 1, upload, content="x")
    tried = [
        obs.listObjects(".parts"),
        obs.getObject(".parts", f"{upload}/00001"),
        obs.copyObject(".parts", f"{upload}/00001", BUCKET, "stolen"),
    ]

    assert ["NoSuchBucket"] * 3 == [reply.errorCode for reply in tried]


def test_only_what_has_arrived_can_be_joined(obs: ObsClient) -> None:
    """No parts, a part that never came, one with another ETag and an unknown upload are refused."""
    upload = obs.initiateMultipartUpload(BUCKET, "big").body.uploadId
    etag = obs.uploadPart(BUCKET, "big", 1, upload, content="x").body.etag
    there = [CompletePart(1, etag)]
    tried = [(upload, []), (upload, [CompletePart(2, etag)]), (upload, [CompletePart(1, '"0"')]), ("none", there)]
    seen = [
        obs.completeMultipartUpload(BUCKET, "big", one, CompleteMultipartUploadRequest(parts)).errorCode
        for one, parts in tried
    ]

    assert ["MalformedXML", "InvalidPart", "InvalidPart", "NoSuchUpload"] == seen


def test_a_big_file_travels_in_parallel(obs: ObsClient, tmp_path: Path) -> None:
    """The SDK's resumable upload and download, with checkpoints and several tasks, carry a file unchanged."""
    source, target = tmp_path / "up.bin", tmp_path / "down.bin"
    source.write_bytes(bytes(range(256)) * 1000)
    parts = {"partSize": 100 * 1024, "taskNum": 3, "enableCheckpoint": True}
    obs.uploadFile(BUCKET, "big", str(source), checkSum=True, metadata={"m": "1"}, **parts)
    obs.downloadFile(BUCKET, "big", str(target), **parts)

    assert source.read_bytes() == target.read_bytes()
    assert "1" == dict(obs.getObjectMetadata(BUCKET, "big").header)["m"]


def test_a_folder_is_put_file_by_file(obs: ObsClient, tmp_path: Path) -> None:
    """A folder's files become objects below its name."""
    (tmp_path / "sub é").mkdir()
    (tmp_path / "a b.txt").write_text("1")
    (tmp_path / "sub é" / "c").write_text("2")
    obs.putFile(BUCKET, "folder", str(tmp_path))

    assert {"folder/a b.txt", "folder/sub é/c"} <= {item.key for item in obs.listObjects(BUCKET).body.contents}
