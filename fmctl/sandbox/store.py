"""The sandbox's memory: JSON documents by collection in one SQLite file.

One connection and one lock serve all threads: the store is local, its transactions take microseconds, and a reader
never sees half a change. `find` and `scan` hand out fresh copies; whoever changes one puts it back.
"""

import json
import sqlite3
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    collection TEXT NOT NULL, id TEXT NOT NULL,
    project TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL, body TEXT NOT NULL,
    UNIQUE (collection, id)
);
CREATE INDEX IF NOT EXISTS by_name ON documents (collection, project, name);
CREATE INDEX IF NOT EXISTS by_state ON documents (collection, state);
"""

UPSERT = """
INSERT INTO documents (collection, id, project, name, state, body) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (collection, id) DO UPDATE SET
    project = excluded.project, name = excluded.name, state = excluded.state, body = excluded.body
"""

REMEMBERED_WRITES = 10_000


class Store:
    """Documents that survive a restart, and a list of who wrote what."""

    def __init__(self, path: Path) -> None:
        self.writes: list[str] = []
        """What requests changed, as `put training_jobs/<id>`; what time alone changes is not in it."""
        self._lock = threading.RLock()
        self._depth = 0
        self._silent = threading.local()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @property
    def changes(self) -> int:
        """A number that every change raises."""
        with self._lock:
            return self._db.total_changes

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block or nothing; other threads wait. A transaction inside another one joins it."""
        with self._lock:
            if self._depth:
                yield
                return
            written = len(self.writes)
            self._db.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                del self.writes[written:]
                raise
            else:
                self._db.execute("COMMIT")
            finally:
                self._depth = 0

    @contextmanager
    def background(self) -> Iterator[None]:
        """Changes that nobody asked for now (time passed, a process ended) are not counted in `writes`."""
        before, self._silent.on = getattr(self._silent, "on", False), True
        try:
            yield
        finally:
            self._silent.on = before

    def put(
        self, collection: str, id: str, document: Document, *, project: str = "", name: str = "", state: str = ""
    ) -> None:
        """Insert or replace; a replaced document keeps its place in the order of `find`."""
        body = json.dumps(document, ensure_ascii=False)
        with self.transaction():
            self._db.execute(UPSERT, (collection, id, project, name, state, body))
            self._note("put", collection, id)

    def get(self, collection: str, id: str) -> Document | None:
        rows = self._select("collection = ? AND id = ?", [collection, id])
        return rows[0] if rows else None

    def delete(self, collection: str, id: str) -> bool:
        with self.transaction():
            found = self._db.execute("DELETE FROM documents WHERE collection = ? AND id = ?", (collection, id)).rowcount
            if found:
                self._note("delete", collection, id)
        return bool(found)

    def find(
        self,
        collection: str,
        *,
        project: str | None = None,
        name: str | None = None,
        name_contains: str | None = None,
        states: Collection[str] | None = None,
    ) -> list[Document]:
        """All documents that fit, in the order of their creation."""
        where, values = _conditions(collection, project, name, name_contains, states)
        return self._select(where, values)

    def count(
        self,
        collection: str,
        *,
        project: str | None = None,
        name: str | None = None,
        states: Collection[str] | None = None,
    ) -> int:
        where, values = _conditions(collection, project, name, None, states)
        with self._lock:
            row = self._db.execute(f"SELECT count(*) FROM documents WHERE {where}", values).fetchone()  # noqa: S608
        return int(row[0])

    def scan(self, collection: str, start: str, stop: str, limit: int) -> list[Document]:
        """Up to `limit` documents with start <= id < stop, in the byte order of their ids."""
        return self._select("collection = ? AND id >= ? AND id < ?", [collection, start, stop], f"id LIMIT {limit:d}")

    def _select(self, where: str, values: list[str], order: str = "seq") -> list[Document]:
        with self._lock:
            query = f"SELECT body FROM documents WHERE {where} ORDER BY {order}"  # noqa: S608 (no outside text in it)
            rows = self._db.execute(query, values).fetchall()
        return [json.loads(body) for (body,) in rows]

    def _note(self, verb: str, collection: str, id: str) -> None:
        if getattr(self._silent, "on", False):
            return
        if len(self.writes) >= REMEMBERED_WRITES:
            del self.writes[: REMEMBERED_WRITES // 2]
        self.writes.append(f"{verb} {collection}/{id}")


def _conditions(
    collection: str, project: str | None, name: str | None, part: str | None, states: Collection[str] | None
) -> tuple[str, list[str]]:
    where, values = ["collection = ?"], [collection]
    for column, value in (("project", project), ("name", name)):
        if value is not None:
            where.append(f"{column} = ?")
            values.append(value)
    if part is not None:
        where.append("instr(name, ?) > 0")
        values.append(part)
    if states is not None:
        where.append(f"state IN ({', '.join('?' for _ in states)})")
        values.extend(states)
    return " AND ".join(where), values
