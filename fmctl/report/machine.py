"""Plans and events as JSON; the shapes are a public interface."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fmctl.domain.event import Event, Outcome
from fmctl.domain.plan import FORMAT_VERSION, Change, Plan, Summary

UI_VERSION = "1.0"


def plan_json(plan: Plan) -> dict[str, Any]:
    """The plan as ``-o json`` prints it."""
    target = plan.target
    return {
        "formatVersion": FORMAT_VERSION,
        "set": target.set,
        "context": target.context,
        "host": target.host,
        "project": target.project,
        "workspace": target.workspace,
        "checksum": plan.checksum,
        "summary": plan.summary._asdict(),
        "changes": [change_json(change) for change in plan.changes],
        "notes": list(plan.notes),
    }


def change_json(change: Change) -> dict[str, Any]:
    """One entry of ``changes``."""
    return {
        "id": str(change.id),
        "action": str(change.action),
        "reason": str(change.reason),
        "drift": change.drift,
        "message": change.message,
        "fields": [field._asdict() for field in change.fields],
    }


def dumps(value: Any) -> str:
    """JSON for people and pipelines alike."""
    return json.dumps(value, ensure_ascii=False, indent=2)


class Stream:
    """The lines of ``apply --json``; each method returns one line."""

    def __init__(self, now: float) -> None:
        self.now = now

    def _line(self, type: str, message: str, /, **more: Any) -> str:
        at = datetime.fromtimestamp(self.now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return json.dumps({"type": type, "@timestamp": at, "@message": message, **more}, ensure_ascii=False)

    def version(self) -> str:
        """The first line."""
        return self._line("version", f"fmctl apply, UI {UI_VERSION}", ui=UI_VERSION)

    def planned(self, change: Change) -> str:
        """One decision."""
        entry = change_json(change)
        return self._line("planned_change", f"{change.id}: {change.action} ({change.reason})", **entry)

    def summary(self, summary: Summary, operation: str) -> str:
        """The counts, of the plan or, as the last line, of the apply."""
        text = f"Plan: {summary.text}" if operation == "plan" else f"Applied: {summary.done}"
        return self._line("change_summary", text, operation=operation, changes=summary._asdict())

    def event(self, event: Event) -> str:
        """Something that happened to one change."""
        more = {"phase": event.phase} if event.phase else {}
        change = event.change
        return self._line(
            str(event.type),
            f"{change.id}: {event.message}",
            id=str(change.id),
            action=str(change.action),
            elapsed=round(event.elapsed, 3),
            **more,
        )

    def diagnostic(self, message: str, severity: str = "error", **more: Any) -> str:
        """A problem in words."""
        return self._line("diagnostic", message, severity=severity, **more)

    def outputs(self, outcomes: list[Outcome]) -> str:
        """The addresses of what is up."""
        values: Mapping[str, Any] = {str(o.change.id): {"url": o.live.url} for o in outcomes if o.live and o.live.url}
        count = f"{len(values)} address{'' if len(values) == 1 else 'es'}"
        return self._line("outputs", count, outputs=values)
