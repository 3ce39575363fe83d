"""Pieces of schema that several kinds share, and the one spelling of what they allow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fmctl.domain.resource import Spec
from fmctl.kinds.base import Schema

_NAME_PATTERN = "^[A-Za-z0-9_-]{1,64}$"
_NAME_RULE = "1 to 64 of A-Z, a-z, 0-9, '_' and '-'"

TEXT: Schema = {"type": ["string", "number", "boolean", "null"]}
TEXTS: Schema = {"type": "array", "items": {"type": "string"}}
IGNORE_DIFFERENCES: Schema = {
    "description": "fields that fmctl does not put back",
    **TEXTS,
    "examples": [["spec.models[].instances"]],
}
OBS: Schema = {
    "type": "string",
    "pattern": "^obs://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?$",
    "x-message": "an address is obs:// and a bucket, which is 3 to 63 of a-z, 0-9, '.' and '-', then the folder",
    "x-hint": "write obs://bucket/folder/",
    "examples": ["obs://my-bucket/out/"],
}
SECRET: Schema = {
    "type": "object",
    "properties": {
        "value": {"description": "the value itself, which is no secret", **TEXT},
        "valueFrom": {
            "type": "object",
            "description": "where the value is",
            "properties": {
                "env": {"type": "string", "minLength": 1, "description": "in this environment variable"},
                "file": {"type": "string", "minLength": 1, "description": "in this file"},
            },
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
        },
    },
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
}
ENV: Schema = {
    "type": "object",
    "maxProperties": 100,
    "propertyNames": {
        "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
        "x-message": "the name of a variable is letters, digits and '_', and does not begin with a digit",
    },
    "additionalProperties": {"anyOf": [{**TEXT, "maxLength": 4096}, SECRET]},
}
PARAMETERS: Schema = {
    "type": "object",
    "description": "each arrives as an argument, `--name=value`, as it is written here",
    "propertyNames": {"pattern": _NAME_PATTERN, "x-message": f"the name of a parameter is {_NAME_RULE}"},
    "additionalProperties": {"anyOf": [TEXT, SECRET]},
    "examples": [{"epochs": 3, "learning_rate": "1e-4"}],
}


def named(of: str) -> Schema:
    """A name as the platform allows it; ``of`` is how the message begins: ``the name of a service``."""
    return {"type": "string", "pattern": _NAME_PATTERN, "x-message": f"{of} is {_NAME_RULE}"}


def one_line(limit: int, forbidden: str = "") -> Schema:
    """A description, which the platform keeps beside the marker."""
    without = f", without {' '.join(forbidden)}" if forbidden else ""
    return {
        "description": f"shown on the platform, in front of fmctl's marker{without}",
        "type": "string",
        "maxLength": limit,
        "pattern": "^[^\\n]*$",
        "x-message": f"a description is one line of at most {limit} characters",
    }


def ignored(spec: Spec) -> frozenset[str]:
    """The fields that ``ignoreDifferences`` names, below ``spec``, which may be left out."""
    return frozenset(path.removeprefix("spec.") for path in spec.get("ignoreDifferences", ()))


def plain(value: Any) -> Any:
    """``{value: x}``, which insists on a literal, is ``x``; ``{valueFrom: …}`` stays a reference."""
    return value["value"] if isinstance(value, Mapping) and "value" in value else value
