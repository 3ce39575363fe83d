"""What the options of ``fmctl sandbox serve`` ask for, or what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fmctl.domain.problem import UsageError
from fmctl.sandbox.faults import FaultPlan, LostAnswers
from fmctl.sandbox.script.cases import Script
from fmctl.sandbox.script.reading import BadScript, read_file
from fmctl.sandbox.timelapse import Pace
from fmctl.sandbox.timelapse import pace as pace_of


def faults(list_lag: float, lose_answers: Sequence[str], latency: float, throttle: int) -> FaultPlan:
    """The trouble to make; ``latency`` is in milliseconds."""
    return FaultPlan(list_lag, [_lost(text) for text in lose_answers], latency / 1000, throttle)


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
