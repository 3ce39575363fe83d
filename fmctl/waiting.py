"""Waiting for live objects: until they are ready, stopped or deleted, or have ended in any other way.

It is what ``execute`` does with a plan of nothing but looking: each object is waited for by a generator, and one
shared look a kind serves them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from fmctl.connect import Session
from fmctl.domain.event import Ending, Outcome
from fmctl.domain.live import Health, Live
from fmctl.domain.plan import Action, Change, Plan, Reason, Summary
from fmctl.domain.problem import ExitCode, NotReady, RunEnded
from fmctl.domain.resource import ResourceId
from fmctl.domain.values import span
from fmctl.execute import Emit, Limits, execute
from fmctl.kinds import KINDS, RUNS
from fmctl.kinds.base import Steps, Watch, Work
from fmctl.kinds.runs import recovering
from fmctl.kinds.settling import CONCERNING_SECONDS
from fmctl.receipts import write_receipts


class Goal(StrEnum):
    """What is waited for."""

    READY = "ready"
    STOPPED = "stopped"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Waited:
    """How waiting for one resource ended."""

    id: ResourceId
    code: ExitCode
    message: str


def wait_for(
    ids: Sequence[ResourceId], goal: Goal, session: Session, timeout: float | None, emit: Emit
) -> list[Waited]:
    """Wait for the newest object of every address; ends for each on any final phase. ``timeout`` is in seconds."""
    lives = {id: next(reversed(list(KINDS[id.kind].find(id.name, None, session.api))), None) for id in ids}
    done = {id: _absent(id, goal, session) for id, live in lives.items() if live is None}
    found = tuple(Change(id, Action.NOOP, Reason.PROGRESSING, live=live) for id, live in lives.items() if live)
    wait = _Wait(goal, session)
    looking = Plan(session.target, found, Summary(), checksum="")
    for outcome in execute(looking, KINDS, session.work, Limits(timeout=timeout), emit, wait.until):
        done[outcome.change.id] = wait.told(outcome, timeout)
    return [done[id] for id in lives]


def _absent(id: ResourceId, goal: Goal, session: Session) -> Waited:
    if goal is Goal.DELETED:
        return Waited(id, ExitCode.OK, "gone")
    return Waited(id, ExitCode.API, f"is not there (context {session.context.name}); `fmctl apply` makes it")


class _Wait:
    """One goal for many objects, with what was last seen of each."""

    def __init__(self, goal: Goal, session: Session) -> None:
        self._goal, self._session = goal, session
        self._last: dict[ResourceId, Live] = {}

    def until(self, change: Change, work: Work) -> Steps:
        """Look until the goal is reached; RunEnded or NotReady when it never will be."""
        live, degraded_since = change.live, None
        while live is not None:
            self._saw(change.id, live)
            lame = live.health is Health.DEGRADED and live.active
            degraded_since = (degraded_since or work.clock.now()) if lame else None
            patient = degraded_since is not None and work.clock.now() - degraded_since <= CONCERNING_SECONDS
            if not self._goes_on(live, work.clock.now(), patient=patient):
                return self._judge(live)
            live = yield Watch(live.remote_id, live.remote_name, live.phase)
        if self._goal is not Goal.DELETED:
            raise NotReady("gone")
        return None

    def _saw(self, id: ResourceId, live: Live) -> None:
        self._last[id] = live
        write_receipts([live], self._session)

    def _goes_on(self, live: Live, now: float, *, patient: bool) -> bool:
        """Whether it may still change by itself; ``patient`` gives a degraded service time to recover."""
        if self._goal is Goal.DELETED or patient:
            return True
        if live.id.kind in RUNS:
            return live.active or recovering(live, now)
        moving = live.health in (Health.PROGRESSING, Health.UNKNOWN)
        return moving or (live.health is Health.HEALTHY and self._goal is Goal.STOPPED)

    def _judge(self, live: Live) -> Live:
        """The object, when it came to rest as wanted."""
        if live.health is (Health.HEALTHY if self._goal is Goal.READY else Health.SUSPENDED):
            return live
        text = f"{live.phase}: {live.message}" if live.message else live.phase
        raise RunEnded(text) if live.id.kind in RUNS else NotReady(text)

    def told(self, outcome: Outcome, timeout: float | None) -> Waited:
        """How waiting for one object ended, in words."""
        id, text = outcome.change.id, outcome.message
        if outcome.code is ExitCode.TIMEOUT:
            text = f"not {self._goal} after {span(timeout or 0)}: {self._last[id].phase}"
        elif outcome.ending is Ending.DONE and outcome.live and outcome.live.message:
            text = f"{outcome.live.phase}: {outcome.live.message}"
        return Waited(id, outcome.code, text)
