"""Turns: what must end before each change of a plan starts, and why one never will. Data in, data out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from fmctl.domain.event import Ending, Outcome
from fmctl.domain.live import Health
from fmctl.domain.plan import Action, Change, Reason
from fmctl.domain.problem import ExitCode
from fmctl.domain.resource import ResourceId


def before(changes: Sequence[Change]) -> Mapping[int, list[Change]]:
    """What must end before each change starts: its needs, an earlier change of its own, and for pruning the rest.

    Deletes of one kind go side by side, since objects of one kind do not use each other.
    """
    by_id: dict[ResourceId, list[Change]] = {}
    result: dict[int, list[Change]] = {}
    others = [change for change in changes if change.action is not Action.DELETE]
    deletes: list[Change] = []
    for change in changes:
        if change.action is Action.DELETE:
            users = [other for other in deletes if other.id.kind != change.id.kind]
            result[id(change)] = [*(others if change.reason is Reason.NOT_DECLARED else ()), *users]
            deletes.append(change)
        else:
            result[id(change)] = [other for need in (*change.waits_for, change.id) for other in by_id.get(need, ())]
        by_id.setdefault(change.id, []).append(change)
    return result


def verdict(
    change: Change, before: Sequence[Change], outcomes: Mapping[int, Outcome], runs: Set[str]
) -> tuple[str, ExitCode] | None:
    """None: not yet. Without a text: start it. Else why it is skipped, and its code where nothing else has one.

    ``runs`` are the names of the kinds whose objects are runs.
    """
    last = {other.id: other for other in before}
    for other in before:
        outcome = outcomes.get(id(other))
        if outcome is None:
            return None
        if outcome.ending is not Ending.DONE:
            return _held_up(change, outcome), ExitCode.OK
        if other.id in change.waits_for and other is last[other.id] and not _ready(outcome, runs):
            return f"needs {other.id}, which has not completed", ExitCode.API
    return "", ExitCode.OK


def _held_up(change: Change, by: Outcome) -> str:
    """Why a change is skipped after another that was not done."""
    other = by.change.id
    if change.action is Action.DELETE:
        return f"kept, since {other} is not as wanted"  # it may still be what works
    return f"needs {other}, which is still going on" if by.ending is Ending.LEFT else f"needs {other}: {by.ending}"


def _ready(outcome: Outcome, runs: Set[str]) -> bool:
    """Whether what was done gives others what they need: a run that was stopped, or never started, does not."""
    is_run = outcome.change.id.kind in runs
    return not is_run or (outcome.live is not None and outcome.live.health is Health.HEALTHY)
