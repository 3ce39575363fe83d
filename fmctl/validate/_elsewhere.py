"""Where a key that is unknown at one place is known: the right key at the wrong level."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from fmctl.domain.resource import Path
from fmctl.validate._branches import nodes
from fmctl.validate._faults import Schema


def elsewhere(path: Path, root: Schema) -> str | None:
    """The place nearest to the root, other than ``path``, that has its last key: ``spec.models[].flavor``."""
    here = _dotted(path)
    waiting: deque[tuple[str, Any]] = deque([("", root)])
    seen: set[int] = set()
    while waiting:
        place, schema = waiting.popleft()
        for below, inner in _below(place, schema, root):
            if below.rpartition(".")[2] == path[-1] and below != here:
                return below
            if id(inner) not in seen:
                seen.add(id(inner))
                waiting.append((below, inner))
    return None


def _below(place: str, schema: Any, root: Schema) -> Iterator[tuple[str, Any]]:
    for node in nodes([schema], root):
        for key, inner in node.get("properties", {}).items():
            yield f"{place}.{key}" if place else key, inner
        if isinstance(node.get("items"), Mapping):
            yield f"{place}[]", node["items"]


def _dotted(path: Path) -> str:
    return "".join("[]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
