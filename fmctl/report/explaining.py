"""Fields of manifests in words, read from the schemas: type, choices, default, form, what is below; and rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from fmctl.domain.problem import UsageError
from fmctl.domain.values import flow
from fmctl.report.table import table
from fmctl.rules import Rule

Schema = Mapping[str, Any]
_INDEX = re.compile(r"\[\d*\]")
_PLAIN_WORD = re.compile(r"[a-z]+[ ,]")  # the name of a field stays as it is
_LIMITS = {
    "minimum": "at least",
    "maximum": "at most",
    "minLength": "characters, at least",
    "maxLength": "characters, at most",
    "minItems": "items, at least",
    "maxItems": "items, at most",
}


def told(code: str, rule: Rule) -> str:
    """A rule with its cause, what to do, and its examples."""
    lines = [f"{code}  {rule.says}", "", f"Cause:    {rule.cause}", f"Remedy:   {rule.remedy}"]
    for head, example in (("Wrong:", rule.wrong), ("Right:", rule.right)):
        lines += ["", head, *(f"  {line}" for line in example.splitlines())] if example else []
    return "\n".join(lines)


def explained(kind: str, path: str, document: Schema, columns: int | None = None) -> str:
    """The field of ``kind`` at ``path`` (``spec.inputs[0].name``; ``spec`` and indices may be left out)."""
    names = _names(path)
    if names and names[0] not in _fields(document):
        names.insert(0, "spec")
    schema, required = document, True
    for depth, name in enumerate(names):
        fields = _fields(schema)
        if name not in fields:
            raise _unknown(kind, names[:depth], name, fields)
        required = name in _required(schema)
        schema = fields[name]
    lines = [f"KIND:     {kind}"]
    if names:
        lines.append(f"FIELD:    {'.'.join(names)} <{type_of(schema)}>{' required' if required else ''}")
    elif "spec" in _fields(document):
        schema = _fields(document)["spec"]
        lines.append("FIELD:    spec <object> required, beside apiVersion, kind and metadata (name, labels)")
    return "\n".join([*lines, *_about(schema), *_example(names, schema), *_below(schema, columns)])


def found(path: str, documents: Mapping[str, Schema]) -> list[str]:
    """Where a field is, of which only the end of its path is known: ``bootFile``, ``spec.models[0].weight``."""
    names = _names(path)
    return [
        f"{kind}.{'.'.join(place)}"
        for kind, document in documents.items()
        for place in _places(document, ())
        if list(place[-len(names) :]) == names
    ]


def _places(schema: Schema, at: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The paths of all fields below ``schema``."""
    for name, below in _fields(schema).items():
        yield (*at, name)
        yield from _places(below, (*at, name))


def _names(path: str) -> list[str]:
    return [name for name in _INDEX.sub("", path).split(".") if name]


def field_names(document: Schema, path: str) -> Sequence[str]:
    """The names of the fields below ``path``; nothing for a path that is not there."""
    schema = document
    for name in _names(path):
        schema = _fields(schema).get(name, {})
    return list(_fields(schema))


def _unknown(kind: str, at: Sequence[str], name: str, fields: Mapping[str, Any]) -> UsageError:
    where = ".".join([kind, *at])
    near = get_close_matches(name.lower(), {field.lower(): field for field in fields}, n=1)
    guess = next((field for field in fields if [field.lower()] == near), None)
    has = f"it has {', '.join(sorted(fields))}" if fields else f"{where} has no fields"
    hint = f"did you mean {guess}? {has}" if guess else has
    return UsageError(f"{where} has no field {name!r}", hint=hint)


def _fields(schema: Schema) -> Mapping[str, Any]:
    """The fields of a map, or of the maps in a list."""
    inner = schema.get("items", schema)
    found: dict[str, Any] = dict(inner.get("properties", {}))
    for branch in inner.get("anyOf", ()):
        found.update(branch.get("properties", {}))
    return found


def _required(schema: Schema) -> Sequence[str]:
    found: Sequence[str] = schema.get("items", schema).get("required", ())
    return found


def type_of(schema: Schema) -> str:
    """``string``, ``[]object``, ``map``, or the types that a value can have."""
    if "const" in schema:
        return "string"
    if "enum" in schema:
        return "integer" if all(isinstance(value, int) for value in schema["enum"]) else "string"
    if "valueFrom" in schema.get("properties", {}):
        return "{valueFrom: {env: NAME} or {file: PATH}}"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(type_of(branch) for branch in schema["anyOf"]))
    type = schema.get("type", "any")
    if isinstance(type, list):
        return "text" if "string" in type else " or ".join(type)
    if type == "array":
        return f"[]{type_of(schema.get('items', {}))}"
    return "map" if type == "object" and "properties" not in schema else str(type)


def _about(schema: Schema) -> Iterator[str]:
    inner = schema.get("items", schema)
    texts = [schema.get("description"), schema.get("x-message"), inner.get("x-message")]
    for text in dict.fromkeys(filter(None, texts)):
        yield f"\n{text[0].upper()}{text[1:]}" if _PLAIN_WORD.match(text) else f"\n{text}"
    facts = [*_facts(schema), *(_facts(inner) if inner is not schema else ())]
    if facts:
        yield ""
        yield from facts


def _facts(schema: Schema) -> Iterator[str]:
    if "const" in schema:
        yield f"Always:   {schema['const']}"
    if "enum" in schema:
        yield f"One of:   {', '.join(map(str, schema['enum']))}"
    if "default" in schema:
        yield f"Default:  {flow(schema['default'])}"
    if "pattern" in schema and "x-message" not in schema:
        yield f"Form:     {schema['pattern']}"
    if isinstance(schema.get("propertyNames"), dict):
        yield f"Keys:     {schema['propertyNames'].get('pattern', 'any')}"
    if isinstance(schema.get("additionalProperties"), dict):
        yield f"Values:   {type_of(schema['additionalProperties'])}"
    for keyword, words in _LIMITS.items():
        if keyword in schema:
            what, _, limit = words.rpartition(", ")
            yield f"{limit.capitalize() + ':':<10}{schema[keyword]} {what}".rstrip()


def _example(names: Sequence[str], schema: Schema) -> Iterator[str]:
    """How the field may look in a manifest: the schema's first example, a line for each item of a list."""
    for example in schema.get("examples", ())[:1]:
        key = names[-1] if names else "spec"
        one_line = not isinstance(example, list) or not any(isinstance(item, Mapping) for item in example)
        yield "\nEXAMPLE:"
        yield from [f"  {key}: {flow(example)}"] if one_line else [f"  {key}:", *(f"    - {flow(i)}" for i in example)]


def _below(schema: Schema, columns: int | None) -> Iterator[str]:
    """The fields one level further down, the required ones marked."""
    fields = _fields(schema)
    if not fields:
        return
    required = _required(schema)
    rows = [(name, f"<{type_of(below)}>", _short(below, name in required)) for name, below in fields.items()]
    head, *lines = table(("FIELDS", "", ""), rows, columns)
    yield f"\n{head.strip()}:"
    yield from (f"  {line}" for line in lines)


def _short(schema: Schema, required: bool) -> str:
    parts = ["required"] if required else []
    if "default" in schema:
        parts.append(f"default {flow(schema['default'])}")
    if "enum" in schema:
        parts.append(" | ".join(map(str, schema["enum"])))
    if schema.get("description"):
        parts.append(str(schema["description"]))
    return "; ".join(parts)
