"""Where the schema wants text, the source text of a plain scalar is the value: ``1e-4`` and ``1.10`` arrive as written.

The schema is compiled once to the few things that matter here; a document is copied only where it changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fmctl.domain.resource import Written

Schema = Mapping[str, Any]
_ALTERNATIVES: Final = ("allOf", "anyOf", "oneOf")
_NO_TEXTS: Final[Mapping[str | int, str]] = {}
_CONDITIONS: Final = ("then", "else")
_SCALARS: Final = frozenset({"string", "number", "integer", "boolean"})


@dataclass(slots=True)
class Wanted:
    """What is wanted of a value: text itself, or text somewhere in it."""

    text: bool = False
    free: bool = False
    """A value of any scalar type: here ``null`` and nothing are text, too."""
    keys: dict[str, Wanted | None] = field(default_factory=dict)
    other: Wanted | None = None
    items: Wanted | None = None


def wanted(schema: Schema) -> Wanted | None:
    """Where ``schema`` wants text; None if nowhere."""
    return _Compiler(schema).compile([schema])


def with_text(value: Any, wants: Wanted | None, written: Written) -> Any:
    """The map or list ``value`` with the source text of every plain scalar where text is wanted."""
    if wants is None:
        return value
    if value.__class__ is dict:
        return _map(value, wants, written)
    return _list(value, wants.items, written) if wants.items and value.__class__ is list else value


def _map(value: dict[str, Any], wants: Wanted, written: Written) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    texts = written.get(id(value), _NO_TEXTS)
    keys, other = wants.keys, wants.other
    for key, item in value.items():
        if item.__class__ is str:  # as most values are
            continue
        below = keys.get(key, other)
        if below is None:
            continue
        if key in texts:
            if below.text and (item is not None or below.free):
                changed[key] = texts[key]
        elif (new := with_text(item, below, written)) is not item:
            changed[key] = new
    return {**value, **changed} if changed else value


def _list(value: list[Any], wants: Wanted, written: Written) -> list[Any]:
    changed: dict[int, Any] = {}
    texts = written.get(id(value), _NO_TEXTS)
    for index, item in enumerate(value):
        if index in texts:
            if wants.text and (item is not None or wants.free):
                changed[index] = texts[index]
        elif (new := with_text(item, wants, written)) is not item:
            changed[index] = new
    return [changed.get(index, item) for index, item in enumerate(value)] if changed else value


def as_yaml(value: Any) -> Written:
    """How the scalars in ``value`` would be written; for values that come from no file."""
    if not isinstance(value, (dict, list)):
        return {}
    items = dict(value.items() if isinstance(value, dict) else enumerate(value))
    texts = {key: "" if item is None else json.dumps(item) for key, item in items.items() if _is_odd(item)}
    below = [as_yaml(item) for item in items.values()]
    return {id(value): texts, **{key: found for each in below for key, found in each.items()}}


def _is_odd(value: Any) -> bool:
    return not isinstance(value, (str, dict, list))


class _Compiler:
    def __init__(self, root: Schema) -> None:
        self._root = root
        self._known: dict[tuple[int, ...], Wanted] = {}

    def compile(self, schemas: Sequence[Any]) -> Wanted | None:
        """What any of ``schemas``, which all apply to one value, wants."""
        nodes: list[Schema] = []
        for schema in schemas:
            self._flatten(schema, nodes)
        identity = tuple(sorted(map(id, nodes)))
        if identity not in self._known:
            wants = self._known[identity] = Wanted()
            wants.text = any(map(_wants_text, nodes))
            wants.free = any(map(_is_free, nodes))
            for name in {name for node in nodes for name in node.get("properties", ())}:
                wants.keys[name] = self.compile(list(_named(nodes, name)))
            wants.other = self.compile(list(_others(nodes)))
            wants.items = self.compile([node[key] for node in nodes for key in ("items", "contains") if key in node])
        result = self._known[identity]
        return result if result.text or result.other or result.items or any(result.keys.values()) else None

    def _flatten(self, schema: Any, into: list[Schema]) -> None:
        if not isinstance(schema, Mapping) or any(schema is node for node in into):
            return
        into.append(schema)
        if "$ref" in schema:
            self._flatten(self._resolve(schema["$ref"]), into)
        for key in _ALTERNATIVES:
            for branch in schema.get(key, ()):
                self._flatten(branch, into)
        for key in _CONDITIONS:
            self._flatten(schema.get(key), into)

    def _resolve(self, reference: str) -> Any:
        return resolve(self._root, reference)


def resolve(root: Schema, reference: str) -> Any:
    """What a local reference, ``#/$defs/name``, points to."""
    node: Any = root
    for part in reference.lstrip("#").split("/")[1:]:
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def _types(node: Schema) -> set[str]:
    types = node.get("type", ())
    return {types} if isinstance(types, str) else set(types)


def _wants_text(node: Schema) -> bool:
    if "type" in node:
        return "string" in _types(node)
    choices = node.get("enum", [node["const"]] if "const" in node else ())
    return bool(choices) and all(isinstance(choice, str) for choice in choices)


def _is_free(node: Schema) -> bool:
    types = _types(node)
    return "string" in types and len(types & _SCALARS) > 1


def _named(nodes: Sequence[Schema], name: str) -> Iterator[Any]:
    for node in nodes:
        properties = node.get("properties", {})
        yield properties[name] if name in properties else node.get("additionalProperties")


def _others(nodes: Sequence[Schema]) -> Iterator[Any]:
    for node in nodes:
        yield node.get("additionalProperties")
        yield node.get("unevaluatedProperties")
        yield from node.get("patternProperties", {}).values()
