"""Which branch of a ``oneOf`` or ``anyOf`` the user meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fmctl.validate._faults import Fault, Schema
from fmctl.validate._text import resolve


def meant(fault: Fault, root: Schema) -> list[Fault] | None:
    """What is wrong with the branch that was probably meant; None if that is anybody's guess."""
    scored = sorted(
        ((_score(fault, index, inner, root), inner) for index, inner in fault.branches.items()),
        key=lambda pair: pair[0],
        reverse=True,
    )
    if not scored or scored[0][0][0] == 0 or (len(scored) > 1 and scored[0][0] == scored[1][0]):
        return None
    return scored[0][1]


def _score(fault: Fault, index: int, inner: Sequence[Fault], root: Schema) -> tuple[int, ...]:
    """Higher is likelier: of the right type, right discriminators, more keys that the branch knows, fewer faults."""
    right_type = not any(each.keyword == "type" and each.path == fault.path for each in inner)
    discriminators = sum(each.keyword == "const" for each in inner)
    own = known_keys([fault.wants[index]], root)
    present = len(own & set(fault.value)) if isinstance(fault.value, dict) else 0
    return int(right_type), -discriminators, present, -len(inner)


def known_keys(schemas: Sequence[Any], root: Schema) -> set[str]:
    """Every key that any of ``schemas`` speaks of, whatever their composition."""
    keys: set[str] = set()
    for node in _nodes(schemas, root):
        keys.update(node.get("properties", ()))
        keys.update(node.get("required", ()))
    return keys


def _nodes(schemas: Sequence[Any], root: Schema) -> Iterator[Schema]:
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
