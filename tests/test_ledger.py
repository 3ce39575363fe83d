"""The ledger: names that read back, facts that are written once, folders and object storage alike."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from faketime import FakeClock
from hypothesis import given
from hypothesis import strategies as st

from fmctl.domain.ports import StoredObject
from fmctl.domain.problem import ExitCode, LedgerError, StorageError, UsageError
from fmctl.ledger import FACTS, FactName, Ledger, WritableFacts, open_ledger

HASH, OTHER = "0123456789", "abcdef0123"


class Memory:
    """An object store in a dict; implements as much of ``domain.ports.ObjectStore`` as a ledger needs."""

    def __init__(self, fail: StorageError | None = None) -> None:
        self.objects: dict[str, bytes] = {}
        self.listings = 0
        self.reads: list[str] = []
        self.fail = fail

    def list(self, url: str) -> Sequence[StoredObject]:
        self.listings += 1
        if self.fail:
            raise self.fail
        bucket = url.split("/")[2]
        found = sorted(address for address in self.objects if address.startswith(url))
        return [StoredObject(at.removeprefix(f"obs://{bucket}/"), len(self.objects[at]), '""') for at in found]

    def read(self, url: str) -> bytes | None:
        self.reads.append(url)
        return self.objects.get(url)

    def write(self, url: str, content: bytes) -> None:
        if self.fail:
            raise self.fail
        self.objects[url] = content

    def upload(self, url: str, files: Any) -> None:
        raise NotImplementedError

    def download(self, url: str, folder: str) -> int:
        raise NotImplementedError

    def ensure_bucket(self, bucket: str) -> None:
        raise NotImplementedError


def opened(where: str, store: Memory | None = None) -> WritableFacts:
    return open_ledger(where, project_id="p1", workspace="0", set_name="demo", store=store)


def ledger(facts: WritableFacts, clock: FakeClock | None = None) -> Ledger:
    return Ledger.from_facts(facts, clock or FakeClock())


@pytest.fixture(params=["local", "stored"])
def facts(request: pytest.FixtureRequest, tmp_path: Path) -> WritableFacts:
    """Facts in each place where they may be kept."""
    return opened(str(tmp_path)) if request.param == "local" else opened("obs://bucket/fmctl/ledger/", Memory())


names = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,46}[a-z0-9])?", fullmatch=True)
hashes = st.text("0123456789abcdef", min_size=10, max_size=10)


@given(names, hashes, st.integers(0, 999), st.sampled_from(FACTS))
def test_the_name_of_a_fact_reads_back(name: str, digest: str, attempt: int, fact: str) -> None:
    """A file's name says everything about its fact."""
    written = FactName(name, digest, attempt, fact)

    assert written == FactName.parse(str(written))


@given(st.from_regex(r"[a-z./-]{1,3}/[0-9a-fA]{9,11}(-r[0-9]{1,2})?\.(end|applied|gossip)\.json", fullmatch=True))
def test_other_names_are_no_facts(text: str) -> None:
    """A name that is not written exactly so is not read."""
    assert FactName.parse(text) is None or text == str(FactName.parse(text))


@pytest.mark.parametrize(
    "name",
    [
        ".probe",
        "README.md",
        f"job/{HASH}.other.json",
        f"job/{HASH}-r0.end.json",
        f"job/{HASH}-r01.end.json",
        f"job/{HASH}.end.json~",
        f"job/{HASH[:9]}.end.json",
        f"job/{HASH.replace('0', 'G')}.end.json",
        f"job/x/{HASH}.end.json",
        f"../{HASH}.end.json",
        f"/{HASH}.end.json",
        f"job/{HASH}.end.json\n",
    ],
)
def test_foreign_files_are_ignored(name: str) -> None:
    """Whatever else lies in the ledger's folder is not a fact."""
    assert FactName.parse(name) is None


def test_what_is_recorded_is_known(facts: WritableFacts) -> None:
    """A fact is known to who wrote it and to who comes later."""
    first = ledger(facts)
    first.record("job", HASH, "created", {"remoteId": "1"})
    first.record("job", HASH, "end", {"phase": "Failed"}, attempt=2)
    first.record("job", OTHER, "intent", {})
    later = ledger(facts)

    for known in (first, later):
        assert (["job"], {HASH, OTHER}, [0, 2]) == (known.names(), known.hashes("job"), known.attempts("job", HASH))
        assert known.has("job", HASH, "created")
        assert not known.has("job", HASH, "created", attempt=2)
        assert "Failed" == (known.get("job", HASH, "end", attempt=2) or {})["phase"]
        assert known.get("job", HASH, "stopped") is None


def test_a_fact_says_what_it_is_and_when(tmp_path: Path) -> None:
    """Facts are JSON with sorted keys, their kind and the time in UTC, where the design says."""
    ledger(opened(str(tmp_path)), FakeClock(0.5)).record("job", HASH, "end", {"phase": "Completed"}, attempt=1)
    text = (tmp_path / "p1" / "0" / "demo" / "job" / f"{HASH}-r1.end.json").read_text()

    expected = {"at": "1970-01-01T00:00:00.500Z", "kind": "end", "phase": "Completed"}
    assert expected == json.loads(text)
    assert sorted(expected) == list(json.loads(text))


def test_stored_facts_have_the_same_layout() -> None:
    """In object storage the names are those of a folder."""
    store = Memory()
    ledger(opened("obs://bucket/ledger", store)).record("job", HASH, "intent", {})

    assert [f"obs://bucket/ledger/p1/0/demo/job/{HASH}.intent.json"] == list(store.objects)


def test_a_fact_is_written_once(facts: WritableFacts) -> None:
    """What was stated stays, whatever is stated later, by the same process or another."""
    first, second = ledger(facts), ledger(facts)
    for writer, text in ((first, "original"), (first, "changed"), (second, "changed")):
        writer.record("job", HASH, "end", {"text": text})

    assert ["original"] * 2 == [(known.get("job", HASH, "end") or {})["text"] for known in (first, second)]


def test_of_many_writers_one_wins(tmp_path: Path) -> None:
    """Concurrent writers of one fact leave one whole fact and no litter."""

    def write(number: int) -> None:
        ledger(opened(str(tmp_path))).record("job", HASH, "end", {"text": str(number) * 5000})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    text = (ledger(opened(str(tmp_path))).get("job", HASH, "end") or {})["text"]

    assert text == text[0] * len(text)
    assert [f"job/{HASH}.end.json"] == list(opened(str(tmp_path)).names())


def test_local_facts_are_private(tmp_path: Path) -> None:
    """Only the owner may read the ledger's files and folders."""
    where = tmp_path / "new" / "ledger"
    ledger(opened(str(where))).record("job", HASH, "intent", {})
    modes = {stat.S_IMODE(path.stat().st_mode) for path in where.rglob("*") if path.is_dir()}
    files = {stat.S_IMODE(path.stat().st_mode) for path in where.rglob("*") if path.is_file()}

    assert ({0o700}, {0o600}) == (modes, files)


def test_a_ledger_that_was_never_written_is_empty(facts: WritableFacts) -> None:
    """No folder, no facts, no error."""
    assert [] == ledger(facts).names()


def test_one_listing_serves_a_command() -> None:
    """However much is asked, the ledger is listed once and each fact read once."""
    store = Memory()
    ledger(opened("obs://b/l", store)).record("job", HASH, "end", {})
    store.listings, store.reads = 0, []
    known = ledger(opened("obs://b/l", store))
    for _ in range(3):
        known.hashes("job")
        known.has("job", HASH, "intent")
        known.get("job", HASH, "end")

    assert (1, 1) == (store.listings, len(store.reads))


def test_a_damaged_fact_is_an_error(tmp_path: Path) -> None:
    """A file that cannot be read as a fact is named, not guessed about."""
    damaged = tmp_path / "p1" / "0" / "demo" / "job" / f"{HASH}.end.json"
    damaged.parent.mkdir(parents=True)
    damaged.write_text('{"half')
    with pytest.raises(LedgerError, match=rf"job/{HASH}\.end\.json is not a fact"):
        ledger(opened(str(tmp_path))).get("job", HASH, "end")


def test_a_writable_ledger_is_writable(facts: WritableFacts) -> None:
    """The check passes where facts can be written, and leaves no fact."""
    facts.check_writable()

    assert [] == ledger(facts).names()


def test_an_unwritable_ledger_says_so(tmp_path: Path) -> None:
    """A ledger that cannot be written is found before anything is created."""
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError) as caught:
        opened(str(tmp_path / "file")).check_writable()

    assert str(tmp_path) in caught.value.message


def test_a_ledger_that_cannot_be_listed_is_not_empty(tmp_path: Path) -> None:
    """What cannot be read is an error: an empty ledger would start runs again."""
    (tmp_path / "p1").write_text("in the way")
    with pytest.raises(LedgerError):
        ledger(opened(str(tmp_path)))


@pytest.mark.parametrize(("status", "code"), [(403, ExitCode.AUTH), (503, ExitCode.API)])
def test_failing_storage_is_a_failing_ledger(status: int, code: ExitCode) -> None:
    """The ledger's error keeps what storage said, and its exit code."""
    failure = StorageError("denied", status=status, hint="ask")
    failure.code = code
    for ask in (WritableFacts.check_writable, WritableFacts.names):
        with pytest.raises(LedgerError, match="denied") as caught:
            getattr(opened("obs://b/l", Memory(failure)), ask.__name__)()

        assert (code, "ask") == (caught.value.code, caught.value.hint)


@pytest.mark.parametrize("name", ["", "..", "a/b"])
def test_a_ledger_stays_where_it_is(name: str, tmp_path: Path) -> None:
    """No project, workspace or set leads out of the ledger."""
    with pytest.raises(UsageError):
        open_ledger(str(tmp_path), project_id="p", workspace="0", set_name=name, store=None)


def test_a_ledger_in_object_storage_needs_object_storage() -> None:
    """An obs:// ledger without a store is the user's mistake."""
    with pytest.raises(UsageError, match="obs://b/l"):
        opened("obs://b/l")


@pytest.mark.parametrize("key", [("job", "short", "end"), ("job", HASH, "gossip"), ("a/b", HASH, "end")])
def test_only_facts_are_recorded(key: tuple[str, str, str], facts: WritableFacts) -> None:
    """What would not be read back is not written."""
    content: Mapping[str, Any] = {}
    with pytest.raises(ValueError, match="not a name"):
        ledger(facts).record(*key, content)
