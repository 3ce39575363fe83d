"""Objects, whoever stores them."""

from __future__ import annotations

import hashlib

import pytest

from .door import Stored
from .objects import NAMES
from .pieces import PIECES
from .talk import Talk


def test_what_was_written_is_listed(about_objects: Talk) -> None:
    """By its whole name, whatever its letters, with its size and the MD5 of its content."""
    expected = {name: Stored(len(name.encode()), _md5(name.encode())) for name in NAMES}

    assert expected == about_objects["listed"].data


def test_what_was_written_can_be_read(about_objects: Talk) -> None:
    """The newest content of a name counts at once."""
    assert {name: name.encode() for name in NAMES} == about_objects["read"].data
    assert b"second" == about_objects["read again"].data


def test_what_is_absent_is_no_error(about_objects: Talk) -> None:
    """An object that is not there is None, a folder that is not there is empty; and so is one that was emptied."""
    found = [about_objects[step].data for step in ("absent", "elsewhere", "left")]

    assert [None, {}, {}] == found


def test_pieces_become_one_object(about_pieces: Talk) -> None:
    """In their order; its ETag is made of theirs and counts them, and is no MD5 of the content."""
    completed, head = about_pieces["completed"], about_pieces["head"].data
    digests = b"".join(hashlib.md5(piece).digest() for piece in PIECES)
    expected = f'"{hashlib.md5(digests).hexdigest()}-{len(PIECES)}"'

    assert (200, expected) == (completed.status, completed.data.etag)
    assert (sum(map(len, PIECES)), expected) == (head.contentLength, head.etag)


@pytest.mark.parametrize("step", ["sent in vain", "sent late"])
def test_an_upload_ends_once(about_pieces: Talk, step: str) -> None:
    """Given up or completed: afterwards nobody knows it."""
    assert (200, 204) == (about_pieces["begun"].status, about_pieces["given up"].status)
    assert (404, "NoSuchUpload") == about_pieces[step].refusal


def test_a_part_of_an_object_can_be_read(about_pieces: Talk) -> None:
    """206 with the bytes from the first to the last, both included: here, across the seam of two pieces."""
    assert (206, b"cdefthe") == (about_pieces["part"].status, about_pieces["seam"].data)


def test_a_delimiter_shows_folders(about_pieces: Talk) -> None:
    """What lies below one is not listed by itself."""
    page = about_pieces["folders"].data

    assert ["big"] == [item.key.rpartition("/")[2] for item in page.contents]
    assert ["sub"] == [folder.prefix.split("/")[-2] for folder in page.commonPrefixs]


def test_a_listing_goes_on_behind_its_marker(about_pieces: Talk) -> None:
    """Each page says whether there is more."""
    first, second = about_pieces["first page"].data, about_pieces["second page"].data

    assert (True, False) == (first.is_truncated, second.is_truncated)
    assert ["big", "small"] == [item.key.rpartition("/")[2] for page in (first, second) for item in page.contents]


def test_an_object_can_be_deleted_twice(about_pieces: Talk) -> None:
    """204 both times; to read it is 404 with a code."""
    assert [204, 204] == [about_pieces[step].status for step in ("deleted", "deleted twice")]
    assert (404, "NoSuchKey") == about_pieces["absent"].refusal


def test_a_bucket_that_is_not_there_is_404(about_pieces: Talk) -> None:
    """Whatever is asked for in it."""
    assert (404, "NoSuchBucket") == about_pieces["no bucket"].refusal


@pytest.mark.parametrize(
    ("step", "code"), [("another secret", "SignatureDoesNotMatch"), ("another key", "InvalidAccessKeyId")]
)
def test_a_wrong_key_pair_opens_no_object(about_pieces: Talk, step: str, code: str) -> None:
    """403, before it is told whether the object is there."""
    assert (403, code) == about_pieces[step].refusal


def _md5(content: bytes) -> str:
    return f'"{hashlib.md5(content).hexdigest()}"'
