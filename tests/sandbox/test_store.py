"""The store: documents that survive, transactions that hold, and a memory of who wrote."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fmctl.sandbox.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "store.sqlite")
    yield made
    made.close()


def test_documents_survive_a_restart(tmp_path: Path) -> None:
    """What was put is there after the file is opened again."""
    first = Store(tmp_path / "store.sqlite")
    first.put("jobs", "1", {"name": "é"}, project="p", name="é", state="on")
    first.close()
    second = Store(tmp_path / "store.sqlite")
    found = second.get("jobs", "1")
    second.close()

    assert {"name": "é"} == found


def test_collections_are_apart(store: Store) -> None:
    """The same id in two collections is two documents."""
    store.put("jobs", "1", {"a": 1})
    store.put("models", "1", {"a": 2})
    store.delete("jobs", "1")

    assert (None, {"a": 2}) == (store.get("jobs", "1"), store.get("models", "1"))


def test_documents_are_found_by_their_columns(store: Store) -> None:
    """Project, name, part of a name and states narrow down; the order is that of creation, also after a change."""
    for number, state in enumerate(("on", "off", "on")):
        document = {"n": number}
        store.put("jobs", f"{9 - number}", document, project="p", name=f"job-{number}", state=state)
    store.put("jobs", "other", {"n": 9}, project="q", name="job-0", state="on")
    store.put("jobs", "9", {"n": 0, "changed": True}, project="p", name="job-0", state="on")

    assert [0, 2] == [found["n"] for found in store.find("jobs", project="p", states=["on"])]
    assert [1] == [found["n"] for found in store.find("jobs", project="p", name="job-1")]
    assert [0, 1, 2] == [found["n"] for found in store.find("jobs", project="p", name_contains="job")]
    assert (4, 1, 0) == (store.count("jobs"), store.count("jobs", project="q"), store.count("jobs", states=[]))


def test_names_are_text_not_patterns(store: Store) -> None:
    """Percent signs, underscores and quotes in a searched name mean themselves."""
    store.put("jobs", "1", {}, name="a_b")
    store.put("jobs", "2", {}, name="axb")

    assert 1 == len(store.find("jobs", name_contains="a_b"))
    assert 0 == len(store.find("jobs", name_contains="%"))
    assert 0 == len(store.find("jobs", name="' OR 1=1 --"))


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    """When a block fails, neither its documents nor its writes remain, also those of a block within it."""

    def fail() -> None:
        with store.transaction():
            store.put("jobs", "1", {})
            with store.transaction():
                store.put("jobs", "2", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert (0, []) == (store.count("jobs"), store.writes)


def test_writes_remember_what_requests_changed(store: Store) -> None:
    """Changes are listed in order; deleting nothing is no change, and neither is what happens in the background."""
    store.put("jobs", "1", {})
    store.delete("jobs", "1")
    store.delete("jobs", "1")
    with store.background():
        store.put("jobs", "2", {})

    assert ["put jobs/1", "delete jobs/1"] == store.writes


def test_threads_do_not_lose_each_others_changes(store: Store) -> None:
    """Read, change and put in a transaction is one step, however many threads do it."""
    store.put("counters", "c", {"n": 0})

    def increase(_: int) -> None:
        with store.transaction():
            document = store.get("counters", "c")
            assert document
            store.put("counters", "c", {"n": document["n"] + 1})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(increase, range(200)))

    assert {"n": 200} == store.get("counters", "c")
