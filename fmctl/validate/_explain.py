"""Explains a document that its schema refused.

Imported for such documents only: jsonschema is slow to start and to run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fmctl.domain.resource import API_VERSION, Path
from fmctl.domain.values import flow
from fmctl.validate import _rules as rules
from fmctl.validate._branches import known_keys, meant, schema_at
from fmctl.validate._elsewhere import elsewhere
from fmctl.validate._faults import Fault, Schema, faults
from fmctl.validate._findings import Finding, distinct
from fmctl.validate._suggest import closest, listed, plain_name
from fmctl.validate._words import name_of, said_of, said_of_type

_NAME: Final = ("metadata", "name")
_LONGEST_NAME: Final = 48
_RULE_OF: Final[Mapping[Path, str]] = {("apiVersion",): rules.API_VERSION, _NAME: rules.NAME}
_MOST_KNOWN_KEYS: Final = 24


def explain(value: Any, schema: Schema) -> Iterator[Finding]:
    """Everything that is wrong with a document, each mistake once."""
    explaining = _Explaining(schema)
    found = [finding for fault in faults(value, schema) for finding in explaining.findings(fault)]
    # The two validators differ in corners such as a line break before `$`; the one that decides is right.
    yield from distinct(found) if found else [Finding((), rules.INVALID, "the document does not satisfy its schema")]


class _Explaining:
    def __init__(self, root: Schema) -> None:
        self._root = root

    def findings(self, fault: Fault, among: frozenset[str] = frozenset()) -> Iterator[Finding]:
        """What one fault means; ``among`` are keys that other branches know."""
        if fault.of_name:
            yield _bad_name(fault)
        elif fault.keyword in ("additionalProperties", "unevaluatedProperties"):
            yield from self._unknown_keys(fault, among)
        elif fault.keyword == "required" and (not fault.message or "properties" in fault.schema):
            yield from self._missing_keys(fault)
        elif fault.keyword == "dependentRequired":
            yield from _dependent(fault)
        elif fault.keyword in ("oneOf", "anyOf"):
            yield from self._alternatives(fault)
        else:
            yield _about_value(fault)

    def _unknown_keys(self, fault: Fault, among: frozenset[str]) -> Iterator[Finding]:
        own = known_keys([fault.schema], self._root)
        patterns = fault.schema.get("patternProperties", ())
        for key in fault.value:
            if key in own or any(re.search(pattern, key) for pattern in patterns):
                continue
            path = (*fault.path, key)
            if key in among:
                others = listed(sorted(own & set(fault.value)) or ["what else is given"], "and")
                yield Finding(path, rules.COMBINATION, f"{key!r} does not go with {others}", at_key=True)
                continue
            guess = closest(key, own)
            meant_here = guess or elsewhere(path, self._root)
            hint = f"did you mean {meant_here}?" if meant_here else _known(own)
            yield Finding(path, rules.UNKNOWN_KEY, f"unknown key {key!r}", hint, at_key=True, key=key, meant=guess)

    def _missing_keys(self, fault: Fault) -> Iterator[Finding]:
        where = f" in {name_of(fault.path)}" if fault.path else ""
        for key in fault.wants:
            if key not in fault.value:
                path = (*fault.path, key)
                known = f"write apiVersion: {API_VERSION}" if path == ("apiVersion",) else fault.hint
                message = f"missing key {key!r}{where}"
                hint = known or _example(path, schema_at(path, self._root))
                yield Finding(fault.path, rules.MISSING_KEY, message, hint, at_key=True, key=key)

    def _alternatives(self, fault: Fault) -> Iterator[Finding]:
        best = meant(fault, self._root)
        deeper = best and any(each.path != fault.path or each.keyword == "additionalProperties" for each in best)
        if best and (deeper or not fault.message):
            among = frozenset(known_keys(fault.wants, self._root))
            for each in best:
                yield from self.findings(each, among)
        else:
            yield from self._unknown_to_all(fault)
            yield _no_branch(fault)

    def _unknown_to_all(self, fault: Fault) -> Iterator[Finding]:
        """Keys that every branch refuses as unknown."""
        strict = [any(each.keyword == "additionalProperties" for each in inner) for inner in fault.branches.values()]
        if strict and all(strict):
            yield from self._unknown_keys(fault, frozenset())


def _no_branch(fault: Fault) -> Finding:
    name = name_of(fault.path)
    types = [kind for inner in fault.branches.values() for kind in _types(fault.path, inner)]
    if types and not fault.message and not isinstance(fault.value, dict):
        return Finding(fault.path, *said_of_type(types, fault.value, fault.path))
    needs = [" and ".join(branch.get("required", ())) if isinstance(branch, Mapping) else "" for branch in fault.wants]
    exactly = "exactly one of " if fault.keyword == "oneOf" else ""
    message = f"{name} needs {exactly}{listed(needs)}" if all(needs) else f"{name} is none of what it can be"
    return Finding(fault.path, rules.COMBINATION, fault.message or message, fault.hint or _given(fault), at_key=True)


def _given(fault: Fault) -> str | None:
    """What of the branches is there, or what the nearest one still needs."""
    if not isinstance(fault.value, dict):
        return None
    forms = [set(branch.get("required", ())) for branch in fault.wants if isinstance(branch, Mapping)]
    given = [key for key in fault.value if any(key in form for form in forms)]
    if not given:
        return _example(fault.path, fault.schema)
    nearest = max(forms, key=lambda form: (len(form.intersection(given)), -len(form)))
    missing = sorted(nearest.difference(given))
    if missing and nearest.issuperset(given):
        return f"{listed(missing, 'and')} is missing" if len(missing) == 1 else f"{listed(missing, 'and')} are missing"
    return f"given are {listed(given, 'and')}" if len(given) > 1 else None


def _types(path: Path, inner: list[Fault]) -> Iterator[str]:
    for fault in inner:
        if fault.keyword == "type" and fault.path == path:
            yield from [fault.wants] if isinstance(fault.wants, str) else fault.wants


def _about_value(fault: Fault) -> Finding:
    rule, message, hint = said_of(fault.keyword, fault.wants, fault.value, fault.path)
    if rule == rules.EMPTY:
        return Finding(fault.path, rule, message, hint)
    if fault.path == ("apiVersion",):
        message, hint = f"apiVersion must be {API_VERSION}", f"write apiVersion: {API_VERSION}"
    if fault.path == _NAME and isinstance(fault.value, str):
        hint = _better(fault.value)
    rule = _RULE_OF.get(fault.path, rule)
    hint = fault.hint or hint or (_example(fault.path, fault.schema) if rule in (rules.FORM, rules.TYPE) else None)
    return Finding(fault.path, rule, fault.message or message, hint)


def _better(name: str) -> str | None:
    """What a name that is none may have meant to be."""
    plain = plain_name(name)
    return f"write {plain}" if 0 < len(plain) <= _LONGEST_NAME else f"it has {len(name)}" if plain else None


def _example(path: Path, schema: Schema) -> str | None:
    """How the value may look, if its schema has an example; of a list its first item."""
    for example in schema.get("examples", ())[:1]:
        first = example[:1] if isinstance(example, list) else example
        return f"for example {f'{path[-1]}: ' if path and isinstance(path[-1], str) else ''}{flow(first)}"
    return None


def _bad_name(fault: Fault) -> Finding:
    wants = f"match {fault.wants}" if fault.keyword == "pattern" else "fit here"
    message = fault.message or f"key {fault.value!r} does not {wants}"
    return Finding((*fault.path, fault.value), rules.FORM, message, fault.hint, at_key=True)


def _dependent(fault: Fault) -> Iterator[Finding]:
    for key, needs in fault.wants.items():
        missing = [need for need in needs if need not in fault.value]
        if key in fault.value and missing:
            message = fault.message or f"{key!r} needs {listed(missing, 'and')}"
            yield Finding((*fault.path, key), rules.COMBINATION, message, fault.hint, at_key=True)


def _known(keys: set[str]) -> str | None:
    return f"known keys: {', '.join(sorted(keys))}" if 0 < len(keys) <= _MOST_KNOWN_KEYS else None
