"""Reads a script: JSON, checked to the last key, all mistakes in one go.

{
  "jobs": {"digits-*": [{"outcome": "lost", "duration": 3600}, {"duration": 172800, "log": "step 1\n"}]},
  "models": {"digits 2.*": {"outcome": "building_failed", "duration": 600, "message": "no such wheel"}},
  "services": {"digits": {"start": 120, "answers": {"predictions": [7]}, "crash_after": 86400}}
}
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from fmctl.sandbox.script.cases import (
    JobCase,
    ModelCase,
    ModelOutcome,
    Script,
    ServiceCase,
    ServiceOutcome,
)

JsonObject = Mapping[str, Any]
LOST, CREATE_FAILED = "lost", "create_failed"


class BadScript(Exception):
    """What is wrong with a script, one line for each mistake."""


def read_file(path: Path) -> Script:
    """The script in a file, or BadScript, which names the file."""
    try:
        return read(path.read_text("utf-8"))
    except (OSError, UnicodeError) as error:
        raise BadScript(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8 text'}") from error
    except BadScript as error:
        raise BadScript("\n".join(f"{path}: {mistake}" for mistake in str(error).splitlines())) from error


def read(text: str) -> Script:
    """The script that a text holds, or BadScript."""
    try:
        given = json.loads(text)
    except ValueError as error:
        raise BadScript(f"this is no JSON: {error}") from error
    mistakes = list(_mistakes(given))
    if mistakes:
        raise BadScript("\n".join(mistakes))
    return Script(
        {pattern: [_job(case) for case in cases] for pattern, cases in _entries(given, "jobs")},
        {pattern: [_model(case) for case in cases] for pattern, cases in _entries(given, "models")},
        {pattern: [_service(case) for case in cases] for pattern, cases in _entries(given, "services")},
    )


def _job(case: JsonObject) -> JobCase:
    outcome, log = case.get("outcome", 0), case.get("log", "")
    return JobCase(
        duration=case.get("duration", 1.0),
        exit_code=outcome if isinstance(outcome, int) else None,
        log=log if not log or log.endswith("\n") else log + "\n",
        pending=case.get("pending", 0.0),
        create_error="as the script says" if outcome == CREATE_FAILED else "",
        lost_at=case.get("lost_at", math.inf),
        lost_for=case.get("lost_for", 0.0),
    )


def _model(case: JsonObject) -> ModelCase:
    return ModelCase(
        ModelOutcome(case.get("outcome", ModelOutcome.PUBLISHED)), case.get("duration", 0.0), case.get("message", "")
    )


def _service(case: JsonObject) -> ServiceCase:
    return ServiceCase(
        start=case.get("start", 0.0),
        outcome=ServiceOutcome(case.get("outcome", ServiceOutcome.RUNNING)),
        crash_after=case.get("crash_after", math.inf),
        answer=json.dumps(case["answers"], ensure_ascii=False).encode() if "answers" in case else None,
        message=case.get("message", ""),
    )


# What each key takes: whether a value is right, and what to say when it is not.
_Rule = tuple[Callable[[Any], bool], str]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_seconds(value: Any) -> bool:
    return _is_number(value) and 0 <= value < math.inf


def _is_job_outcome(value: Any) -> bool:
    is_code = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255
    return is_code or value in (LOST, CREATE_FAILED)


def _one_of(words: type[StrEnum]) -> _Rule:
    return (lambda value: value in list(words)), " or ".join(repr(str(word)) for word in words)


SECONDS: _Rule = (_is_seconds, "seconds, 0 or more")
TEXT: _Rule = (lambda value: isinstance(value, str), "text")
ANYTHING: _Rule = (lambda _: True, "JSON")
KEYS: Mapping[str, Mapping[str, _Rule]] = {
    "jobs": {
        "duration": SECONDS,
        "outcome": (_is_job_outcome, f"an exit code from 0 to 255, {LOST!r} or {CREATE_FAILED!r}"),
        "log": TEXT,
        "pending": SECONDS,
        "lost_at": SECONDS,
        "lost_for": SECONDS,
    },
    "models": {
        "outcome": _one_of(ModelOutcome),
        "duration": SECONDS,
        "message": TEXT,
    },
    "services": {
        "start": SECONDS,
        "outcome": _one_of(ServiceOutcome),
        "crash_after": SECONDS,
        "answers": ANYTHING,
        "message": TEXT,
    },
}


TOGETHER: Mapping[str, str] = {"lost_for": "lost_at"}


def _entries(given: JsonObject, part: str) -> Iterator[tuple[str, list[Any]]]:
    """Patterns and their cases; a single case is a list of one."""
    for pattern, cases in given.get(part, {}).items():
        yield pattern, cases if isinstance(cases, list) else [cases]


def _mistakes(given: Any) -> Iterator[str]:
    if not isinstance(given, dict):
        yield f"an object is expected, with {', '.join(KEYS)}"
        return
    yield from (f"{part}: unknown; there are {', '.join(KEYS)}" for part in given if part not in KEYS)
    for part in KEYS:
        if not isinstance(given.get(part, {}), dict):
            yield f"{part}: an object is expected, with a case for every pattern"
            continue
        for pattern, cases in _entries(given, part):
            if not cases:
                yield f"{part} {pattern!r}: an empty list says nothing"
            for number, case in enumerate(cases):
                where = f"{part} {pattern!r}" + (f" [{number}]" if len(cases) > 1 else "")
                yield from (f"{where}: {mistake}" for mistake in _mistakes_of(case, KEYS[part]))


def _mistakes_of(case: Any, keys: Mapping[str, _Rule]) -> Iterator[str]:
    if not isinstance(case, dict):
        yield f"an object is expected, with {', '.join(keys)}"
        return
    for key, value in case.items():
        if key not in keys:
            yield f"{key}: unknown; there are {', '.join(keys)}"
        elif not keys[key][0](value):
            yield f"{key}: {json.dumps(value)} is not {keys[key][1]}"
        elif key in TOGETHER and TOGETHER[key] not in case:
            yield f"{key}: needs {TOGETHER[key]}"
