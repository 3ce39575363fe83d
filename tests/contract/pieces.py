"""The conversation about objects that fmctl leaves to the library: sent in pieces, read in part, deleted, refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .objects import empty
from .sdk_door import obs_client
from .talk import Talk

PIECES = (b"0123456789abcdef" * 6400, b"the end")
"""The first piece has the least size that a piece may have which is not the last."""


def hold(talk: Talk) -> Talk:
    """One object of two pieces from its first to its end, and another below a folder."""
    site, folder = talk.site, f"pieces-{talk.door.name}/"
    obs, key = obs_client(site), f"{site.folder}{folder}big"
    try:
        _upload(talk, obs, key)
        _read(talk, obs, key)
        obs.putContent(site.bucket, f"{site.folder}{folder}sub/small", b"small")
        _list(talk, obs, f"{site.folder}{folder}")
        keep(talk, "deleted", obs.deleteObject(site.bucket, key))
        keep(talk, "deleted twice", obs.deleteObject(site.bucket, key))
        keep(talk, "absent", obs.getObject(site.bucket, key, loadStreamInMemory=True))
        keep(talk, "no bucket", obs.getObject(f"contract-{site.tag}-none", "big", loadStreamInMemory=True))
        _ask_as_others(talk, key)
    finally:
        empty(site, folder)
        obs.close()
    return talk


def _upload(talk: Talk, obs: Any, key: str) -> None:
    bucket = talk.site.bucket
    given_up = keep(talk, "begun", obs.initiateMultipartUpload(bucket, key)).body.uploadId
    keep(talk, "given up", obs.abortMultipartUpload(bucket, key, given_up))
    keep(talk, "sent in vain", obs.uploadPart(bucket, key, 1, given_up, PIECES[0]))
    upload = obs.initiateMultipartUpload(bucket, key).body.uploadId
    try:
        sent = [obs.uploadPart(bucket, key, number, upload, piece) for number, piece in enumerate(PIECES, 1)]
        keep(talk, "completed", obs.completeMultipartUpload(bucket, key, upload, _completion(sent)))
        keep(talk, "sent late", obs.uploadPart(bucket, key, 1, upload, PIECES[1]))
    finally:
        obs.abortMultipartUpload(bucket, key, upload)


def _completion(sent: list[Any]) -> Any:
    from obs import CompleteMultipartUploadRequest, CompletePart

    return CompleteMultipartUploadRequest([CompletePart(number, one.body.etag) for number, one in enumerate(sent, 1)])


def _read(talk: Talk, obs: Any, key: str) -> None:
    from obs import GetObjectHeader

    bucket, seam = talk.site.bucket, len(PIECES[0])
    part = GetObjectHeader(range=f"{seam - 4}-{seam + 2}")
    talk.keep("head", obs.getObjectMetadata(bucket, key).body)
    keep(talk, "part", obs.getObject(bucket, key, headers=part, loadStreamInMemory=True))
    talk.keep("seam", bytes(talk["part"].data.buffer))


def _list(talk: Talk, obs: Any, prefix: str) -> None:
    bucket = talk.site.bucket
    keep(talk, "folders", obs.listObjects(bucket, prefix=prefix, delimiter="/"))
    first = keep(talk, "first page", obs.listObjects(bucket, prefix=prefix, max_keys=1))
    keep(talk, "second page", obs.listObjects(bucket, prefix=prefix, max_keys=1, marker=first.body.next_marker))


def _ask_as_others(talk: Talk, key: str) -> None:
    site = talk.site
    wrong = {"secret_key": site.secret_key[::-1]}, {"access_key": site.access_key[::-1]}
    for step, changes in zip(("another secret", "another key"), wrong, strict=True):
        obs = obs_client(replace(site, **changes))
        keep(talk, step, obs.getObject(site.bucket, key, loadStreamInMemory=True))
        obs.close()


def keep(talk: Talk, step: str, answer: Any) -> Any:
    """Keep an answer of the library as all others are kept."""
    talk.keep(step, answer.body, answer.status, answer.errorCode or "")
    return answer
