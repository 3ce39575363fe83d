"""Decisions: one change per considered resource, and the plan that holds them all in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from fmctl.domain.live import Live
from fmctl.domain.resource import Resource, ResourceId

FORMAT_VERSION = "1.0"
AFTER_APPLY = "(known after apply)"


class Action(StrEnum):
    """What will be done. The words are a public interface."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    STOP = "stop"
    START = "start"
    REUSE = "reuse"
    ADOPT = "adopt"
    NOOP = "noop"
    REFUSE = "refuse"
    ERROR = "error"

    @property
    def symbol(self) -> str:
        """The sign in front of a line; colour is never the only signal."""
        return _SYMBOLS[self]


_SYMBOLS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "±",
    Action.DELETE: "-",
    Action.STOP: "■",
    Action.START: "▶",
    Action.REUSE: "=",
    Action.ADOPT: "=",
    Action.NOOP: " ",
    Action.REFUSE: "!",
    Action.ERROR: "!",
}
QUIET = frozenset({Action.NOOP, Action.REUSE})
"""Actions that write nothing to the remote side."""


class Reason(StrEnum):
    """Why. The words are a public interface."""

    ABSENT = "absent"
    SPEC_CHANGED = "spec_changed"
    RERUN = "rerun"
    RETRY = "retry"
    STOPPED_BY_FMCTL = "stopped_by_fmctl"
    MANIFEST_CHANGED = "manifest_changed"
    DRIFT = "drift"
    IMMUTABLE_VERSION = "immutable_version"
    NEVER_PUBLISHED = "never_published"
    NOT_OURS = "not_ours"
    OLDER_RUN_ACTIVE = "older_run_active"
    LOST = "lost"
    NOT_DECLARED = "not_declared"
    REQUESTED = "requested"
    IN_SYNC = "in_sync"
    PROGRESSING = "progressing"
    DEGRADED = "degraded"
    RECORD_GONE = "record_gone"


class FieldChange(NamedTuple):
    """One field that differs, by its manifest path (``spec.models[0].weight``)."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """One decision about one resource, with its reason, and all that the executor needs to carry it out."""

    id: ResourceId
    action: Action
    reason: Reason
    message: str = ""
    drift: bool = False
    fields: tuple[FieldChange, ...] = ()
    desired: Resource | None = None
    live: Live | None = None
    attempt: int = 0
    """For runs: the attempt that this change starts or watches."""
    failures: Mapping[str, int] = field(default_factory=dict)
    """For runs: attempts that already failed, by class."""
    needs: tuple[ResourceId, ...] = ()
    """What must be ready (creates) or gone (deletes) before this is done."""

    def __repr__(self) -> str:
        why = f"{self.reason}, {self.message}" if self.message else self.reason
        return f"<{self.action} {self.id}: {why}>"

    @property
    def writes(self) -> bool:
        """Whether carrying this out changes the remote side."""
        return self.action not in QUIET and not self.blocked

    @property
    def waits_for(self) -> tuple[ResourceId, ...]:
        """What must have succeeded before this is done; deciding not to act waits for nothing."""
        return self.needs if self.writes else ()

    @property
    def blocked(self) -> bool:
        """Whether this is a decision not to act."""
        return self.action in (Action.REFUSE, Action.ERROR)


class Target(NamedTuple):
    """Where a set is applied, as every plan and result names it."""

    set: str
    context: str
    host: str
    project: str
    workspace: str

    def __str__(self) -> str:
        return (
            f"Set {self.set}, context {self.context} ({self.host}), project {self.project}, workspace {self.workspace}"
        )


class Summary(NamedTuple):
    """The counts of a plan or of an apply; the grammar of its text is a public interface."""

    add: int = 0
    change: int = 0
    destroy: int = 0
    start: int = 0
    stop: int = 0

    @property
    def text(self) -> str:
        """``2 to add, 1 to change, 0 to destroy. Runs: 1 to start, 0 to stop.``"""
        return (
            f"{self.add} to add, {self.change} to change, {self.destroy} to destroy. "
            f"Runs: {self.start} to start, {self.stop} to stop."
        )

    @property
    def done(self) -> str:
        """The same in the past tense."""
        return (
            f"{self.add} added, {self.change} changed, {self.destroy} destroyed. "
            f"Runs: {self.start} started, {self.stop} stopped."
        )


def summarize(changes: tuple[Change, ...], runs: frozenset[str]) -> Summary:
    """Count ``changes``; ``runs`` are the names of the kinds whose objects are runs."""
    count: Counter[str] = Counter()
    for change in changes:
        is_run = change.id.kind in runs
        match change.action:
            case Action.CREATE:
                count.update(["add"] + (["start"] if is_run else []))
            case Action.REPLACE:
                count.update(["add", "destroy"])
            case Action.DELETE:
                count.update(["destroy"])
            case Action.STOP if is_run:
                count.update(["stop"])
            case Action.UPDATE | Action.START | Action.STOP:
                count.update(["change"])
    return Summary(**count)


@dataclass(frozen=True, slots=True)
class Plan:
    """Every decision, in the order of doing; two equal plans do the same thing."""

    target: Target
    changes: tuple[Change, ...]
    summary: Summary
    checksum: str
    notes: tuple[str, ...] = ()
    runs: tuple[Live, ...] = field(default=(), compare=False)
    """Runs of the declared resources that were seen and are in no change: apply writes their receipts, too."""

    def __repr__(self) -> str:
        lines = [f"  {change!r}" for change in self.changes if change.writes or change.blocked]
        head = f"<Plan of set {self.target.set} on {self.target.context}: {self.summary.text}"
        return "\n".join([head, *lines]) + ">"

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do and nothing that is refused."""
        return not any(change.writes or change.blocked for change in self.changes)
