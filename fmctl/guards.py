"""Guards: small functions over a plan, each with a name and a reason to refuse.

A guard returns what it refuses in words, or None. ``guard`` runs them all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from fmctl.domain.plan import Action, Change, Plan, Reason
from fmctl.domain.problem import ExitCode
from fmctl.domain.values import seconds

CONFLICTS = frozenset({Reason.NOT_OURS, Reason.LOST})
"""What is not ours to decide: a foreign owner, a run that nobody saw end."""
ASKS = frozenset({Action.REPLACE, Action.DELETE, Action.STOP})


class Refusal(NamedTuple):
    """Why a plan, or a part of it, is refused, and the exit code it asks for."""

    code: ExitCode
    message: str


def guard(plan: Plan, policy: Mapping[str, Any] | None = None) -> tuple[Refusal, ...]:
    """Everything that stops the whole apply before its first write: errors and policy."""
    return tuple(_errors(plan)) + tuple(Refusal(ExitCode.REFUSED, text) for text in _policy(plan, policy or {}))


def refusals(plan: Plan) -> tuple[Refusal, ...]:
    """What is refused of single resources; the rest is applied."""
    return tuple(
        Refusal(ExitCode.CONFLICT if change.reason in CONFLICTS else ExitCode.REFUSED, _text(change))
        for change in plan.changes
        if change.action is Action.REFUSE
    )


def asks(plan: Plan) -> tuple[Change, ...]:
    """Changes that stop, destroy or replace something of value: they want a yes."""
    return tuple(change for change in plan.changes if _destroys(change))


def _destroys(change: Change) -> bool:
    if change.reason is Reason.NEVER_PUBLISHED:
        return False  # it never was a version, so nothing is lost
    stops = any(field.path == "spec.state" and field.after == "stopped" for field in change.fields)
    return change.action in ASKS or (change.action is Action.UPDATE and stops)


def _errors(plan: Plan) -> Iterator[Refusal]:
    for change in plan.changes:
        if change.action is Action.ERROR:
            yield Refusal(ExitCode.REFUSED, _text(change))


def _text(change: Change) -> str:
    return f"{change.id}: {change.message or change.reason}"


def _policy(plan: Plan, policy: Mapping[str, Any]) -> Iterator[str]:
    for change in asks(plan):
        pattern = protected(change, policy.get("protected", ()))
        if pattern:
            yield f"{change.id}: protected by policy ({pattern}); {change.action} is not allowed"
    hours, allowed = sum(map(device_hours, plan.changes)), policy.get("maxDeviceHours")
    if allowed is not None and hours > allowed:
        used = "an unlimited number of" if math.isinf(hours) else f"up to {hours:g}"
        yield f"{used} device hours would be started; the policy of this set allows {allowed:g} (maxDeviceHours)"
    limits = (
        ("maxStarts", plan.summary.start, "runs would be started"),
        ("maxStops", plan.summary.stop, "runs would be stopped"),
        ("maxDestroy", plan.summary.destroy, "objects would be destroyed"),
    )
    for name, count, what in limits:
        if name in policy and count > policy[name]:
            yield f"{count} {what}; the policy of this set allows {policy[name]} ({name})"


def device_hours(change: Change) -> float:
    """What a run that starts may use at most: accelerators, or nodes without any, times hours; maybe without limit."""
    if change.action is not Action.CREATE or change.desired is None or "resources" not in change.desired.spec:
        return 0.0
    spec = change.desired.spec
    devices = spec["resources"].get("devices", 1) * spec["resources"].get("nodes", 1)
    return devices * seconds(spec["maxDuration"]) / 3600 if "maxDuration" in spec else math.inf


def protected(change: Change, patterns: Sequence[str]) -> str | None:
    """The pattern (``Service/prod-*``) that protects what ``change`` would destroy."""
    return next((pattern for pattern in patterns if fnmatchcase(str(change.id), pattern)), None)
