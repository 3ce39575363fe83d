"""What the options of ``fmctl sandbox serve`` ask for, or what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fmctl.domain.problem import UsageError
from fmctl.sandbox.faults import FaultPlan, LostAnswers, Refusals
from fmctl.sandbox.refusals import STATUSES
from fmctl.sandbox.script.cases import Script
from fmctl.sandbox.script.reading import BadScript, read_file
from fmctl.sandbox.timelapse import Pace
from fmctl.sandbox.timelapse import pace as pace_of


def faults(
    *,
    list_lag: float,
    lose_answers: Sequence[str],
    fail: Sequence[str],
    latency: float,
    throttle: int,
    retry_after: float,
) -> FaultPlan:
    """The trouble to make; ``latency`` is in milliseconds."""
    lost, refused = [_lost(text) for text in lose_answers], [_refused(text) for text in fail]
    return FaultPlan(list_lag, lost, latency / 1000, throttle, refused, retry_after)


def pace(clock: str, rate: float, start: str) -> Pace:
    """How time passes."""
    try:
        return pace_of(virtual=clock == "virtual", rate=rate, start=start)
    except ValueError as error:
        raise UsageError(str(error)) from error


def script(path: Path | None) -> Script:
    """What is played; without a file all is real."""
    try:
        return read_file(path) if path else Script()
    except BadScript as error:
        raise UsageError(str(error)) from error


def _lost(text: str) -> LostAnswers:
    """``POST /v2/*/training-jobs 1`` as the fault it asks for."""
    parts = text.split()
    if len(parts) != 3 or not parts[2].isdigit():
        msg = f"--lose-answers {text!r}: not METHOD PATH-GLOB N"
        raise UsageError(msg, hint="for example 'POST /v2/*/training-jobs 1'")
    return LostAnswers(parts[0].upper(), parts[1], int(parts[2]))


def _refused(text: str) -> Refusals:
    """``GET /v1/*/services* 3 503`` as the fault it asks for."""
    parts = text.split()
    if len(parts) != 4 or not parts[2].isdigit() or parts[3] not in map(str, STATUSES):
        msg = f"--fail {text!r}: not METHOD PATH-GLOB N STATUS, with a status of {', '.join(map(str, STATUSES))}"
        raise UsageError(msg, hint="for example 'GET /v1/*/services* 3 503'")
    return Refusals(parts[0].upper(), parts[1], int(parts[2]), int(parts[3]))
