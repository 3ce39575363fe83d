"""Hyper-parameters: names, and values that fit the constraints that an algorithm or a job puts on them."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from fmctl.sandbox.training.checks import NAME, Fields, invalid, items, mapping
from fmctl.sandbox.wire import WireError

NUMBERS: Mapping[str, Callable[[str], float]] = {"integer": int, "float": float}
TYPES = ("string", "boolean", *NUMBERS)
VALID_TYPES = ("none", "choice", "range")
SWITCH = re.compile("true|false|0|1", re.IGNORECASE)


def check_parameters(source: Fields, *, complete: bool) -> None:
    """Each has a name of its own, and a value that its constraint allows; `complete`: what is required is there."""
    seen: set[str] = set()
    for parameter in items(source, "parameters"):
        name = parameter.get("name")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise invalid(f"parameters: {name!r} is not a name.")
        if name in seen:
            raise WireError(400, "ModelArts.2767", f"Parameter key {name} is repeated.")
        seen.add(name)
        _check(name, mapping(parameter, "constraint"), text_of(parameter.get("value")), complete=complete)


def text_of(value: Any) -> str:
    """A value as a job is given it; empty without one."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value)


def _check(name: str, constraint: Fields, value: str, *, complete: bool) -> None:
    kind = str(constraint.get("type") or "string").lower()
    valid = str(constraint.get("valid_type") or "none").lower()
    if kind not in TYPES or valid not in VALID_TYPES:
        raise WireError(400, "ModelArts.2774", f"Parameter {name}: {kind} with {valid} cannot be parsed.")
    allowed = constraint.get("valid_range") or []
    if valid == "range":
        _check_range(name, kind, allowed)
    if valid == "choice" and not (allowed and all(_has_type(one, kind) for one in allowed)):
        raise WireError(400, "ModelArts.2770", f"Parameter {name}: valid_range must list {kind} values.")
    if complete and constraint.get("required") and not value:
        raise WireError(400, "ModelArts.2766", f"Parameter {name} is required: its value is missing.")
    if value:
        _check_value(name, value, kind, valid, allowed)


def _check_range(name: str, kind: str, allowed: list[str]) -> None:
    fits = kind in NUMBERS and len(allowed) == 2 and all(_has_type(one, kind) for one in allowed)
    if not fits or NUMBERS[kind](allowed[0]) > NUMBERS[kind](allowed[1]):
        raise WireError(400, "ModelArts.2770", f"Parameter {name}: valid_range must be a least and a most number.")


def _check_value(name: str, value: str, kind: str, valid: str, allowed: list[str]) -> None:
    if not _has_type(value, kind):
        raise WireError(400, "ModelArts.2768", f"Parameter {name}: {value!r} is not of type {kind}.")
    if valid == "choice" and value not in allowed:
        code = "ModelArts.2765" if kind == "string" else "ModelArts.2769"
        raise WireError(400, code, f"Parameter {name}: {value!r} must be one of {', '.join(allowed)}.")
    if valid == "range" and not NUMBERS[kind](allowed[0]) <= NUMBERS[kind](value) <= NUMBERS[kind](allowed[1]):
        raise WireError(400, "ModelArts.2769", f"Parameter {name}: {value} is not from {allowed[0]} to {allowed[1]}.")


def _has_type(value: str, kind: str) -> bool:
    if kind == "boolean":
        return SWITCH.fullmatch(value) is not None
    try:
        return kind not in NUMBERS or NUMBERS[kind](value) is not None
    except ValueError:
        return False
