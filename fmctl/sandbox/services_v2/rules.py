"""Rules for JSON values, as data: a rule returns what is kept of a value, or says which parameter breaks it.

Objects keep the fields that are known and not null, so that what reads them later need not ask for types again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fmctl.sandbox.models.checks import MISSING, invalid
from fmctl.sandbox.wire import WireError

Rule = Callable[[Any, str], Any]


def missing(*path: str) -> WireError:
    """A parameter that has to be there is not."""
    return WireError(400, MISSING, f"Required parameter {'.'.join(filter(None, path))} is missing.")


def text(pattern: str = "", rule: str = "", *, most: int | None = None, without: str = "") -> Rule:
    """A string; `rule` says in words what `pattern` demands."""

    def check(value: Any, name: str) -> Any:
        if not isinstance(value, str) or "\0" in value:
            raise invalid(name, "a string is expected")
        if pattern and not re.fullmatch(pattern, value):
            raise invalid(name, rule)
        if (most is not None and len(value) > most) or set(without) & set(value):
            raise invalid(name, f"at most {most} characters" + (f", none of {' '.join(without)}" if without else ""))
        return value

    return check


def whole(low: int, high: int) -> Rule:
    """An integer in a range."""

    def check(value: Any, name: str) -> Any:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise invalid(name, f"a whole number from {low} to {high}")
        return value

    return check


def floored(low: int, high: int) -> Rule:
    """A number in a range, of which the whole part is kept."""
    inner = whole(low, high)

    def check(value: Any, name: str) -> Any:
        is_finite = isinstance(value, float) and math.isfinite(value)
        return inner(math.floor(value) if is_finite else value, name)

    return check


def number(low: float, high: float) -> Rule:
    """A number in a range, kept with two decimals."""

    def check(value: Any, name: str) -> Any:
        if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
            raise invalid(name, f"a number from {low:g} to {high:g}")
        return round(value, 2)

    return check


def digits(low: int, high: int) -> Rule:
    """A number that comes as a string in one request and as a number in another; kept as a string."""

    def check(value: Any, name: str) -> Any:
        plain = isinstance(value, int | str) and not isinstance(value, bool)
        if not plain or not str(value).isdecimal() or not low <= int(value) <= high:
            raise invalid(name, f"a whole number from {low} to {high}")
        return str(value)

    return check


def flag(value: Any, name: str) -> Any:
    """true or false."""
    if not isinstance(value, bool):
        raise invalid(name, "true or false is expected")
    return value


def one_of(*values: str, any_case: bool = False) -> Rule:
    """One of some words; where the case does not matter it is kept as it is written here."""

    def check(value: Any, name: str) -> Any:
        found = value.upper() if any_case and isinstance(value, str) else value
        if found not in values:
            raise invalid(name, f"one of {', '.join(values)}")
        return found

    return check


def many(rule: Rule, *, most: int | None = None) -> Rule:
    """A list."""

    def check(value: Any, name: str) -> Any:
        if not isinstance(value, list):
            raise invalid(name, "a list is expected")
        if most is not None and len(value) > most:
            raise invalid(name, f"at most {most} entries")
        return [rule(entry, f"{name}[{at}]") for at, entry in enumerate(value)]

    return check


def table(key: str, rule: str) -> Rule:
    """A map of strings to strings whose keys fit a pattern."""

    def check(value: Any, name: str) -> Any:
        if not isinstance(value, dict) or not all(isinstance(one, str) and "\0" not in one for one in value.values()):
            raise invalid(name, "a map of strings to strings is expected")
        for one in value:
            if not re.fullmatch(key, one):
                raise invalid(f"{name}.{one}", rule)
        return value

    return check


@dataclass(frozen=True, slots=True)
class Fields:
    """An object with these fields, `defaults` for what is left out, and `checks`, which are rules between them."""

    fields: Mapping[str, Rule]
    required: Collection[str] = ()
    checks: Collection[Callable[[Mapping[str, Any], str], None]] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, value: Any, name: str = "") -> dict[str, Any]:
        if not isinstance(value, dict):
            raise invalid(name or "body", "an object is expected")
        prefix = f"{name}." if name else ""
        for key in self.required:
            if value.get(key) in (None, ""):
                raise missing(name, key)
        kept = {
            **self.defaults,
            **{key: rule(value[key], prefix + key) for key, rule in self.fields.items() if value.get(key) is not None},
        }
        for check in self.checks:
            check(kept, name)
        return kept

    def but(self, *, required: Collection[str] | None = None, **fields: Rule) -> Fields:
        """The same with other rules for some fields, or other ones required."""
        return replace(self, fields={**self.fields, **fields}, required=self.required if required is None else required)
