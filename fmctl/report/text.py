"""Plans and results for people: one line per resource, destructive ones last, then the summary."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from fmctl.domain.event import Ending, Outcome
from fmctl.domain.plan import Action, Change, FieldChange, Plan, Reason, Summary
from fmctl.guards import asks

NOTHING = "No changes."
_SHOWN_NAMES = 3


def plan_text(plan: Plan, *, full: bool = False) -> str:
    """The whole plan; resources in sync only when ``full``."""
    lines = [str(plan.target), *change_lines(plan, full=full)]
    return "\n".join([*lines, verdict(plan)])


def verdict(plan: Plan) -> str:
    """What it comes to: the counts, or that there is nothing to do, and what is not as wanted all the same."""
    if not plan.empty:
        return f"Plan: {plan.summary.text}"
    wrong = [str(change.id) for change in left_as_it_is(plan)]
    return f"{NOTHING} Not as wanted: {_listed(wrong)}." if wrong else NOTHING


def left_as_it_is(plan: Plan) -> list[Change]:
    """What is not as wanted, and nothing will be done about it."""
    return [change for change in plan.changes if not change.writes and _is_wrong(change)]


def _is_wrong(change: Change) -> bool:
    return change.drift or change.reason is Reason.DEGRADED


def change_lines(plan: Plan, *, full: bool = False) -> Iterator[str]:
    """One line a change, what asks for a yes last; with ``full`` a line a field below it."""
    last = {id(change) for change in asks(plan)}
    ordered = sorted(plan.changes, key=lambda change: id(change) in last)
    for change in ordered:
        if full or not (change.action is Action.NOOP and change.reason is Reason.IN_SYNC):
            yield line(change)
            if full:
                yield from (f"    {text}" for text in map(field_text, change.fields))


def line(change: Change) -> str:
    """``~ Service/chat  # manifest_changed, drift: spec.models[0].weight``."""
    return f"{change.action.symbol} {change.id}  # {reasons(change)}"


def reasons(change: Change) -> str:
    """Why, in what way, and which fields: all that is said of a change on its line."""
    drift = "drift" if change.drift and change.reason is not Reason.DRIFT else ""
    return ", ".join(part for part in (str(change.reason), drift, change.message, _names(change.fields)) if part)


def _names(fields: Sequence[FieldChange]) -> str:
    """The fields that differ, the first few by name."""
    return _listed([field.path for field in fields])


def _listed(names: Sequence[str]) -> str:
    """The first few names, and how many there are more."""
    more = len(names) - _SHOWN_NAMES
    return ", ".join(names[:_SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")


def field_text(field: FieldChange) -> str:
    """``spec.models[0].weight: 100 -> 90``."""
    return f"{field.path}: {value_text(field.before)} -> {value_text(field.after)}"


def value_text(value: Any) -> str:
    """A value as JSON, nothing as ``(none)``."""
    if value is None:
        return "(none)"
    if isinstance(value, str) and value.startswith("(") and value.endswith(")"):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def outcome_line(outcome: Outcome) -> str:
    """One result: the symbol, the resource, how it ended."""
    change = outcome.change
    symbol = change.action.symbol if outcome.ending is Ending.DONE else _SIGNS[outcome.ending]
    first, *rest = outcome.message.split("\n")
    word = f"{outcome.ending}: " if outcome.ending in (Ending.FAILED, Ending.SKIPPED) else ""
    return "\n".join([f"{symbol} {change.id}: {word}{first}", *rest])


_SIGNS = {Ending.FAILED: "x", Ending.SKIPPED: "!", Ending.LEFT: "…"}


def results_text(outcomes: Sequence[Outcome], summary: Summary) -> str:
    """The result lines of all that was done, waited for, left, skipped or failed, the summary, and addresses."""
    shown = [o for o in outcomes if o.change.writes or _was_waited_for(o) or o.ending is not Ending.DONE]
    lines = [outcome_line(outcome) for outcome in shown]
    if not all(o.ending is Ending.DONE for o in outcomes) or any(o.written for o in outcomes):
        lines.append(f"Applied: {summary.done}")
    lines += [f"{o.change.id}: {o.live.url}" for o in outcomes if o.live and o.live.url and o.live.active]
    return "\n".join(lines)


def _was_waited_for(outcome: Outcome) -> bool:
    """Whether nothing had to be written, and something was still on its way."""
    return outcome.change.reason is Reason.PROGRESSING
