"""Which branch of a ``oneOf`` or ``anyOf`` the user meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fmctl.domain.resource import Path
from fmctl.validate._faults import Fault, Schema
from fmctl.validate._text import resolve


def meant(fault: Fault, root: Schema) -> list[Fault] | None:
    """What is wrong with the branch that was probably meant; None if that is anybody's guess."""
    fitting = {index: inner for index, inner in fault.branches.items() if not _wrong_type(fault, inner)}
    if len(fitting) < 2:
        return next(iter(fitting.values()), None)
    scores = {index: _score(fault, index, inner, root) for index, inner in fitting.items()}
    best, second = sorted(scores, key=scores.__getitem__, reverse=True)[:2]
    if scores[best] == scores[second] or (isinstance(fault.value, dict) and not scores[best].present):
        return None
    return fitting[best]


def _wrong_type(fault: Fault, inner: Sequence[Fault]) -> bool:
    return any(each.keyword == "type" and each.path == fault.path for each in inner)


class _Score(NamedTuple):
    """Higher is likelier."""

    discriminators: int
    """Constants that do not agree, as a negative number."""
    present: int
    """Keys that the branch knows."""
    faults: int
    """As a negative number."""


def _score(fault: Fault, index: int, inner: Sequence[Fault], root: Schema) -> _Score:
    own = known_keys([fault.wants[index]], root)
    present = len(own & set(fault.value)) if isinstance(fault.value, dict) else 0
    return _Score(-sum(each.keyword == "const" for each in inner), present, -len(inner))


def known_keys(schemas: Sequence[Any], root: Schema) -> set[str]:
    """Every key that any of ``schemas`` speaks of, whatever their composition."""
    keys: set[str] = set()
    for node in nodes(schemas, root):
        keys.update(node.get("properties", ()))
        keys.update(node.get("required", ()))
    return keys


def nodes(schemas: Sequence[Any], root: Schema) -> Iterator[Schema]:
    """``schemas`` and all that they are composed of, for the same value."""
    waiting = list(schemas)
    seen: list[Schema] = []
    while waiting:
        node = waiting.pop()
        if not isinstance(node, Mapping) or any(node is other for other in seen):
            continue
        seen.append(node)
        yield node
        waiting += [branch for key in ("allOf", "anyOf", "oneOf") for branch in node.get(key, ())]
        waiting += [node.get("then"), node.get("else")]
        waiting += [resolve(root, node["$ref"])] if "$ref" in node else []


def schema_at(path: Path, root: Schema) -> Schema:
    """What the schema says of the value at ``path``, outside of its alternatives; nothing where it says nothing."""
    node: Any = root
    for part in path:
        node = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, {})
    return node if isinstance(node, Mapping) else {}
