"""OBS objects as the runner and the services use them, without HTTP."""

import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmctl.sandbox import Sandbox, VirtualClock
from fmctl.sandbox.object_info import PLAIN, Listing
from fmctl.sandbox.objects import Objects, ObsError, split_url
from fmctl.sandbox.store import Store

BUCKET = "fmctl-demo"
KEYS = st.lists(st.text("ab/é\U0001f600", min_size=1, max_size=5), unique=True, max_size=12)


@pytest.mark.parametrize("url", ["obs://b/k/x", "/b/k/x"])
def test_both_spellings_of_an_address_are_one(url: str) -> None:
    """`obs://bucket/key` and `/bucket/key` name the same object."""
    assert ("b", "k/x") == split_url(url)


def test_a_reader_keeps_what_it_opened(sandbox: Sandbox) -> None:
    """Replacing or deleting an object does not disturb who is reading it, and leaves no file behind."""
    objects = sandbox.objects
    objects.put(BUCKET, "k", b"old")
    with objects.open(BUCKET, "k") as reader:
        objects.put(BUCKET, "k", io.BytesIO(b"new"))
        old, new = reader.read(), objects.get(BUCKET, "k")
    objects.delete(BUCKET, "k")

    assert (b"old", b"new") == (old, new)
    assert [] == list((sandbox.state_dir / "objects").iterdir())


def test_trees_travel_both_ways(sandbox: Sandbox, tmp_path: Path) -> None:
    """Folders come back with the same files; markers of folders are no files."""
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "sub").mkdir(parents=True)
    (source / "a").write_bytes(b"1")
    (source / "sub" / "b").write_bytes(b"2")
    objects = sandbox.objects
    sent = objects.upload_tree(source, BUCKET, "tree")
    objects.put(BUCKET, "tree/empty/", b"")
    objects.put(BUCKET, "treehouse", b"x")
    fetched = objects.download_tree(BUCKET, "tree/", target)
    names = sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())

    assert (2, 2, ["a", "sub/b"]) == (sent, fetched, names)


def test_a_name_that_is_no_text_is_sent_all_the_same(sandbox: Sandbox, tmp_path: Path) -> None:
    """What cannot be read of it is replaced."""
    (tmp_path / "out").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path / "out") + b"/a\xff")).write_text("1")
    sandbox.objects.upload_tree(tmp_path / "out", BUCKET, "o/")

    assert "o/a\ufffd" == sandbox.objects.need(BUCKET, "o/a\ufffd").key


def test_only_changes_are_sent_again(sandbox: Sandbox, tmp_path: Path) -> None:
    """With a memory of what was sent, files that stayed the same stay where they are."""
    known: dict[str, tuple[int, int]] = {}
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_text("1")
    counts = [sandbox.objects.upload_tree(tmp_path / "out", BUCKET, "o/", known) for _ in range(2)]
    (tmp_path / "out" / "b").write_text("2")
    counts.append(sandbox.objects.upload_tree(tmp_path / "out", BUCKET, "o/", known))

    assert [1, 0, 1] == counts


def test_a_key_cannot_leave_the_folder(sandbox: Sandbox, tmp_path: Path) -> None:
    """An object whose name climbs out of the tree is not written outside it."""
    sandbox.objects.put(BUCKET, "tree/../../escaped", b"x")
    sandbox.objects.put(BUCKET, "tree/good", b"x")
    count = sandbox.objects.download_tree(BUCKET, "tree/", tmp_path / "deep" / "target")

    assert 1 == count
    assert not (tmp_path / "escaped").exists()


def test_what_is_not_there_says_so(sandbox: Sandbox) -> None:
    """Missing buckets and keys are told apart; deleting what is not there is no error."""
    with pytest.raises(ObsError, match="NoSuchBucket"):
        sandbox.objects.get("no-such-bucket", "k")
    with pytest.raises(ObsError, match="NoSuchKey"):
        sandbox.objects.get(BUCKET, "k")

    assert not sandbox.objects.delete(BUCKET, "k")


@given(
    keys=KEYS,
    prefix=st.sampled_from(["", "a", "a/", "é"]),
    delimiter=st.sampled_from(["", "/"]),
    limit=st.integers(1, 4),
)
def test_pages_add_up_to_the_whole(
    tmp_path_factory: pytest.TempPathFactory, keys: list[str], prefix: str, delimiter: str, limit: int
) -> None:
    """Whatever the keys: pages of any size hold each key and each common prefix once, in byte order."""
    folder = tmp_path_factory.mktemp("objects")
    store = Store(folder / "store.sqlite")
    objects = Objects(store, folder / "content", VirtualClock())
    objects.create_bucket(BUCKET)
    for key in keys:
        objects.put(BUCKET, key, b"")
    listings: list[Listing] = []
    while not listings or listings[-1].truncated:
        marker = listings[-1].next_marker if listings else ""
        listings.append(objects.list(BUCKET, prefix, delimiter=delimiter, marker=marker, limit=limit))
    store.close()
    fitting = sorted((key for key in keys if key.startswith(prefix)), key=str.encode)
    tails = [(key, key[len(prefix) :].partition("/")) for key in fitting]
    rolled = [prefix + head + "/" if delimiter and slash else key for key, (head, slash, _) in tails]
    expected = list(dict.fromkeys(rolled))
    found = [sorted([*(info.key for info in page.objects), *page.prefixes], key=str.encode) for page in listings]

    assert expected == [entry for page in found for entry in page]
    assert all(len(page) <= limit for page in found)


def test_of_two_appends_at_one_place_one_is_late(sandbox: Sandbox) -> None:
    """However many append at the same moment, each place of the object is written once."""
    sandbox.objects.append(BUCKET, "log", 0, io.BytesIO(b"begin"), PLAIN)

    def append(text: str) -> str:
        try:
            sandbox.objects.append(BUCKET, "log", 5, io.BytesIO(text.encode()), PLAIN)
        except ObsError as error:
            return error.code
        return text

    with ThreadPoolExecutor(4) as threads:
        seen = sorted(threads.map(append, "1234"))

    assert ["PositionNotEqualToLength"] * 3 == seen[1:]
    assert f"begin{seen[0]}".encode() == sandbox.objects.get(BUCKET, "log")
