"""The plan as the body of a comment on a pull request; its first line is for machines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import accumulate

from fmctl.domain.plan import Change, Plan, Reason
from fmctl.report.text import reasons, value_text, verdict

LIMIT = 65_000
"""Characters: GitHub takes 65,536, GitLab a million."""


def plan_markdown(plan: Plan, limit: int = LIMIT) -> str:
    """Everything that is not a no-op, with its fields; when that is too long, as many rows as fit, and it says so."""
    shown = [change for change in plan.changes if change.reason is not Reason.IN_SYNC]
    fields = [text for change in shown for text in _fields(change)]
    whole = _body(plan, [*_table(shown), *fields], truncated=False)
    if len(whole) <= limit:
        return whole
    frame = len(_body(plan, [_LEFT_OUT], truncated=True))
    rows = _table(shown)
    fits = sum(length <= limit - frame for length in accumulate(len(row) + 1 for row in rows))
    return _body(plan, [*rows[:fits], _LEFT_OUT], truncated=True)


_LEFT_OUT = "\nToo long for a comment: `fmctl diff --full` shows the rest."


def _body(plan: Plan, middle: Sequence[str], *, truncated: bool) -> str:
    target = plan.target
    about = {"set": target.set, "context": target.context, "checksum": plan.checksum, "truncated": truncated}
    header = json.dumps(about, separators=(",", ":"), ensure_ascii=False).replace(">", "\\u003e")
    notes = [f"\n> note: {_cell(note)}" for note in plan.notes[:20]] if not truncated else []
    checksum = f"\nApply exactly this with `--checksum {plan.checksum}`."
    lines = [f"<!-- fmctl {header} -->", f"**{verdict(plan)}** {_cell(str(target))}", *middle, *notes, checksum]
    return "\n".join(lines)


def _table(changes: Sequence[Change]) -> list[str]:
    rows = [f"| `{change.action.symbol}` | `{change.id}` | {_cell(reasons(change))} |" for change in changes]
    return ["\n| | resource | why |", "|---|---|---|", *rows] if rows else []


def _cell(text: str) -> str:
    """Text that neither ends a cell nor begins markup or a mention."""
    for sign in "\\`*_<>|[]#@~":
        text = text.replace(sign, f"\\{sign}" if sign != "@" else "@\u200b")
    return " ".join(text.split())


def _fields(change: Change) -> Iterator[str]:
    """The fields of one change as a coloured difference, folded up."""
    if not change.fields:
        return
    lines = [line for f in change.fields for line in _field(f.path, value_text(f.before), value_text(f.after))]
    yield f"\n<details><summary>{change.action} {change.id}</summary>\n"
    yield "\n".join(["~~~~diff", *lines, "~~~~", "</details>"])


def _field(path: str, before: str, after: str) -> tuple[str, str]:
    return f"- {path}: {before}", f"+ {path}: {after}"
