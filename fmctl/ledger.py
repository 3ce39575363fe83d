"""The ledger: append-only facts about runs, one file each, written once and never changed.

``<ledger>/<project id>/<workspace>/<set>/<name>/<hash10>[-rN].<fact>.json``. Nothing is locked or collected; the
ledger answers what the platform forgets: that a run was meant, was created, has ended, and why it was stopped.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Protocol

from fmctl.domain.ports import Clock, Facts, ObjectStore
from fmctl.domain.problem import UsageError
from fmctl.facts import LocalFacts, StoredFacts

FACTS = ("intent", "created", "end", "stopped", "applied")
_FILE = re.compile(
    r"(?P<name>[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)/(?P<hash>[0-9a-f]{10})(?:-r(?P<attempt>[1-9][0-9]*))?\.(?P<fact>"
    + "|".join(FACTS)
    + r")\.json",
    re.ASCII,
)


class FactName(NamedTuple):
    """What a file's name says: whose run (resource name, run hash, attempt), and which fact."""

    name: str
    hash: str
    attempt: int
    fact: str

    def __str__(self) -> str:
        attempt = f"-r{self.attempt}" if self.attempt else ""
        return f"{self.name}/{self.hash}{attempt}.{self.fact}.json"

    @classmethod
    def parse(cls, text: str) -> FactName | None:
        """Read a relative file name; None when it is not the name of a fact."""
        found = _FILE.fullmatch(text)
        if not found:
            return None
        return cls(found["name"], found["hash"], int(found["attempt"] or 0), found["fact"])


class WritableFacts(Facts, Protocol):
    """Facts that can tell beforehand whether writing will work."""

    def check_writable(self) -> None:
        """Raise LedgerError unless a fact could be written now."""


def open_ledger(
    where: str, *, project_id: str, workspace: str, set_name: str, store: ObjectStore | None
) -> WritableFacts:
    """The facts of one set. ``where`` is an ``obs://`` address, which needs ``store``, or a local folder."""
    parts = (project_id, workspace, set_name)
    if any(part in ("", ".", "..") or "/" in part for part in parts):
        msg = f"no ledger for project {project_id!r}, workspace {workspace!r}, set {set_name!r}"
        raise UsageError(msg, hint="none of them may be empty or have a slash")
    if not where.startswith("obs://"):
        return LocalFacts(Path(where).joinpath(*parts))
    if store is None:
        msg = f"the ledger {where} needs object storage"
        raise UsageError(msg, hint="set the OBS endpoint and a key pair, or name a local folder as the ledger")
    return StoredFacts(store, "/".join((where.rstrip("/"), *parts)))


class Ledger:
    """The facts of one set, listed once; contents are read when they are asked for, and kept."""

    def __init__(self, facts: Facts, names: Iterable[FactName], clock: Clock) -> None:
        self._facts = facts
        self._clock = clock
        self._names: dict[str, set[FactName]] = defaultdict(set)
        self._contents: dict[FactName, Mapping[str, Any]] = {}
        self._lock = Lock()
        for name in names:
            self._names[name.name].add(name)

    @classmethod
    def from_facts(cls, facts: Facts, clock: Clock) -> Ledger:
        """Read the names of all facts, in one listing; files with other names are somebody else's."""
        return cls(facts, filter(None, map(FactName.parse, facts.names())), clock)

    def names(self) -> Sequence[str]:
        """The names of all resources that have facts, sorted."""
        with self._lock:
            return sorted(name for name, facts in self._names.items() if facts)

    def hashes(self, name: str) -> frozenset[str]:
        """All run hashes under which ``name`` is known."""
        return frozenset(fact.hash for fact in self._of(name))

    def attempts(self, name: str, hash_: str) -> Sequence[int]:
        """The attempts of a run that have facts, in order; the first is 0."""
        return sorted({fact.attempt for fact in self._of(name) if fact.hash == hash_})

    def has(self, name: str, hash_: str, fact: str, attempt: int = 0) -> bool:
        """Whether the fact is known."""
        return FactName(name, hash_, attempt, fact) in self._of(name)

    def get(self, name: str, hash_: str, fact: str, attempt: int = 0) -> Mapping[str, Any] | None:
        """The content of a fact; None when it is not known."""
        key = FactName(name, hash_, attempt, fact)
        if key not in self._of(name):
            return None
        content = self._contents.get(key)
        if content is None:
            content = self._facts.read(str(key))
            if content is not None:
                self._contents[key] = content
        return content

    def record(self, name: str, hash_: str, fact: str, content: Mapping[str, Any], attempt: int = 0) -> None:
        """Write a fact with its kind and time; one that is known stays as it is."""
        key = FactName(name, hash_, attempt, fact)
        if FactName.parse(str(key)) != key:
            msg = f"{key} is not a name for a fact"
            raise ValueError(msg)
        if key in self._of(name):
            return
        at = datetime.fromtimestamp(self._clock.now(), UTC).isoformat(timespec="milliseconds")
        self._facts.write(str(key), {**content, "kind": fact, "at": at.replace("+00:00", "Z")})
        with self._lock:
            self._names[name].add(key)

    def _of(self, name: str) -> frozenset[FactName]:
        with self._lock:
            return frozenset(self._names.get(name, ()))
