"""History: what the ledger knows of one resource, in the order in which it happened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fmctl.domain.record import Fact
from fmctl.domain.resource import ResourceId
from fmctl.ledger import FACTS, Ledger


def history(id: ResourceId, ledger: Ledger) -> list[Fact]:
    """Every fact about ``id``, oldest first; a resource of another kind may have the same name."""
    facts = list(_facts(id.name, ledger))
    own = {(fact.hash, fact.attempt) for fact in facts if fact.content.get("of") == id.kind}
    return sorted((f for f in facts if (f.hash, f.attempt) in own), key=lambda f: f.at)  # of one time: as they follow


def _facts(name: str, ledger: Ledger) -> Iterator[Fact]:
    for hash in sorted(ledger.hashes(name)):
        for attempt in ledger.attempts(name, hash):
            for kind in FACTS:
                content: Any = ledger.get(name, hash, kind, attempt)
                if content is not None:
                    yield Fact(str(content.get("at") or ""), kind, hash, attempt, content)
