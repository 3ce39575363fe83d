"""What a schema keyword says about a value, in the user's words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from fmctl.domain.resource import Path
from fmctl.domain.values import dotted
from fmctl.validate import _rules as rules
from fmctl.validate._suggest import did_you_mean, is_hidden, listed, shown

_NOUNS: Final = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a map",
    "array": "a list",
    "null": "empty",
}
_NUMBER: Final = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?")
_YES_NO: Final = frozenset({"yes", "no", "on", "off", "y", "n"})
_BOUNDS: Final = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
    "multipleOf": "a multiple of",
}
_COUNTS: Final = {
    "minItems": ("at least", "item"),
    "maxItems": ("at most", "item"),
    "minProperties": ("at least", "key"),
    "maxProperties": ("at most", "key"),
    "minLength": ("at least", "character"),
    "maxLength": ("at most", "character"),
}

Words = tuple[str, str, str | None]
"""Rule, message, hint."""


def name_of(path: Path) -> str:
    """How a value is called in messages."""
    return dotted(path) or "the document"


def said_of(keyword: str, wants: Any, value: Any, path: Path) -> Words:
    """What is wrong with ``value`` by ``keyword: wants``."""
    name = name_of(path)
    if keyword == "type":
        return said_of_type([wants] if isinstance(wants, str) else wants, value, path)
    if keyword in ("enum", "const"):
        return _choice([wants] if keyword == "const" else wants, value, path)
    if keyword == "pattern":
        return rules.FORM, f"{name} {_quoted(value, path)}does not match {wants}", None
    if keyword in _BOUNDS:
        given = shown(value, path)
        return rules.SIZE, f"{name} must be {_BOUNDS[keyword]} {wants}{f', not {given}' if given else ''}", None
    if keyword in _COUNTS:
        return rules.SIZE, _count(keyword, wants, value, name), None
    if keyword in ("not", "None"):  # None: a schema that is just `false`
        return rules.COMBINATION, f"{name} cannot be given like this", None
    if keyword == "uniqueItems":
        return rules.SIZE, f"{name} lists the same thing twice", None
    return rules.INVALID, f"{name} is not valid ({keyword})", None


def said_of_type(types: Iterable[str], value: Any, path: Path) -> Words:
    """What is wrong with a value of another type."""
    wanted = list(types)
    name = name_of(path)
    if value is None:
        return rules.EMPTY, f"{name} is empty", f"{_advice(wanted)}, or leave the key out"
    if "string" in wanted:  # any scalar is text as it is written
        wanted = [kind for kind in wanted if kind in ("string", "object", "array")]
    nouns = [noun for kind, noun in _NOUNS.items() if kind in wanted and kind != "null"]
    return rules.TYPE, f"{name} must be {listed(nouns)}, not {_noun(value)}", _type_hint(wanted, value, path)


def _advice(wanted: list[str]) -> str:
    """What to do about a value that is missing."""
    if "string" in wanted:
        return 'quote it ("null", "") if that text is meant'
    return "indent its keys below it" if wanted == ["object"] else "give it a value"


def _noun(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    return "text" if isinstance(value, str) else "a map" if isinstance(value, dict) else "a list"


def _type_hint(wanted: list[str], value: Any, path: Path) -> str | None:
    if not isinstance(value, str) or is_hidden(path):
        return None
    if "boolean" in wanted and value.lower() in _YES_NO:
        return "YAML 1.2 knows true and false only"
    number = _NUMBER.fullmatch(value) and {"integer", "number"} & set(wanted)
    if value.endswith("%") and {"integer", "number"} & set(wanted):
        return f"write {value.rstrip('% ')}"
    if number or ("boolean" in wanted and value in ("true", "false")):
        return f"write {value} without quotes"
    return None


def _choice(choices: list[Any], value: Any, path: Path) -> Words:
    given = shown(value, path)
    verb = "be" if len(choices) == 1 else "be one of"
    message = f"{name_of(path)} must {verb} {listed(choices)}{f', not {given}' if given else ''}"
    if value is None:
        return rules.EMPTY, f"{name_of(path)} is empty", f"choose {listed(choices)}"
    return rules.CHOICE, message, did_you_mean(value, [c for c in choices if isinstance(c, str)]) if given else None


def _quoted(value: Any, path: Path) -> str:
    given = shown(value, path)
    return f"{given} " if given else ""


def _count(keyword: str, limit: int, value: Any, name: str) -> str:
    if limit == 1 and keyword == "minLength":
        return f"{name} must not be empty"
    bound, noun = _COUNTS[keyword]
    return f"{name} has {len(value)} {noun}{'s' * (len(value) != 1)}; {bound} {limit}"
