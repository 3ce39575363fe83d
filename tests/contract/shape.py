"""What an answer has to look like: which fields, of which type, out of which words. Never equal bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Rule = type | tuple[type, ...] | frozenset[Any]
Shape = Mapping[str, Rule]
"""By the dotted path of a field: its types, or all that it may be. Numbers in paths count the items of lists."""


def at(data: Any, path: str) -> Any:
    """The value at a dotted path; None where the path ends early."""
    for key in path.split("."):
        if isinstance(data, Mapping):
            data = data.get(key)
        elif isinstance(data, Sequence) and key.isdecimal() and int(key) < len(data):
            data = data[int(key)]
        else:
            return None
    return data


def misfits(shape: Shape, data: Any) -> list[str]:
    """The fields that are missing or something else, with what is there instead."""
    found = {path: at(data, path) for path in shape}
    return [f"{path}: {value!r}" for path, value in found.items() if not _fits(shape[path], value)]


def _fits(rule: Rule, value: Any) -> bool:
    if isinstance(rule, frozenset):
        return value in rule
    if isinstance(value, bool):  # which is an int to Python
        return rule is bool
    return isinstance(value, rule)


def one_of(*values: Any) -> frozenset[Any]:
    """Out of a few words."""
    return frozenset(values)
