"""The JSON Schema of whole documents, and what is compiled from it once per kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, Final

import jsonschema_rs

from fmctl.domain.resource import API_VERSION
from fmctl.kinds.base import Kind
from fmctl.validate._text import Wanted, wanted

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_METADATA: Final = {
    "type": "object",
    "examples": [{"name": "digits"}],
    "required": ["name"],
    "properties": {
        "name": {
            "type": "string",
            "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
            "maxLength": 48,
            "description": "with the kind it is the address, `Kind/name`",
            "x-message": "a name is 1 to 48 of a-z, 0-9 and '-', and begins and ends with a letter or a digit",
        },
        "labels": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "for `-l key=value`",
            "examples": [{"team": "vision"}],
        },
    },
    "additionalProperties": False,
}


def document_schema(kind: Kind) -> dict[str, Any]:
    """The schema of a whole manifest of ``kind``, for editors and review."""
    spec = dict(kind.spec_schema)
    definitions = spec.pop("$defs", None)  # so that `#/$defs/…` means the same here as there
    schema = _document(kind.name, spec)
    return {**schema, "$defs": definitions} if definitions else schema


def _document(kind: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "$schema": _DRAFT,
        "$id": f"urn:{API_VERSION.replace('/', ':')}:{kind}",
        "title": kind,
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"const": kind},
            "metadata": _METADATA,
            "spec": spec,
        },
        "additionalProperties": False,
    }


class Compiled:
    """A document schema with what decides by it, what explains by it, and where it wants text."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema

    @cached_property
    def wants(self) -> Wanted | None:
        """Where the schema wants text."""
        return wanted(self.schema)

    @cached_property
    def is_valid(self) -> Callable[[Any], bool]:
        """Whether a document satisfies the schema."""
        return jsonschema_rs.Draft202012Validator(dict(self.schema)).is_valid


def envelope(kinds: Iterable[str]) -> Compiled:
    """For documents of an unknown kind: all but the kind and the spec."""
    schema = _document("", {})
    schema["properties"] |= {"kind": {"examples": list(kinds)}}
    return Compiled(schema)
