"""Waiting for live objects: until they are ready, stopped or deleted, or have ended in any other way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fmctl.connect import Session
from fmctl.domain.event import Event, EventType
from fmctl.domain.live import Health, Live
from fmctl.domain.plan import Action, Change, Reason
from fmctl.domain.problem import ExitCode, NoAnswer
from fmctl.domain.resource import ResourceId
from fmctl.domain.values import span
from fmctl.execute import FIRST_LOOK, GROWTH, POLL_TROUBLE_SECONDS, SLOWEST_LOOK
from fmctl.kinds import KINDS, RUNS
from fmctl.kinds.base import Watch
from fmctl.kinds.runs import recovering
from fmctl.kinds.settling import CONCERNING_SECONDS
from fmctl.receipts import write_receipts

Emit = Callable[[Event], None]


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


@dataclass(slots=True)
class _Waiting:
    """One object that is waited for."""

    id: ResourceId
    live: Live
    degraded_since: float | None = None


def wait_for(
    ids: Sequence[ResourceId], goal: Goal, session: Session, timeout: float | None, emit: Emit
) -> list[Waited]:
    """Wait for the newest object of every address; ends for each on any final phase. One look serves them all."""
    return _Wait(goal, session, timeout, emit).run(ids)


class _Wait:
    """The loop; strictly private."""

    def __init__(self, goal: Goal, session: Session, timeout: float | None, emit: Emit) -> None:
        self._goal, self._session, self._emit, self._clock = goal, session, emit, session.clock
        self._started = self._clock.now()
        self._timeout, self._deadline = timeout, None if timeout is None else self._started + timeout
        self._done: dict[ResourceId, Waited] = {}
        self._open: list[_Waiting] = []

    def run(self, ids: Sequence[ResourceId]) -> list[Waited]:
        for id in dict.fromkeys(ids):
            self._begin(id)
        interval, trouble = FIRST_LOOK, None
        while self._open:
            now = self._clock.now()
            if self._deadline is not None and now >= self._deadline:
                self._give_up()
                break
            self._clock.sleep(interval if self._deadline is None else min(interval, self._deadline - now))
            interval = min(interval * GROWTH, SLOWEST_LOOK)
            try:
                self._look()
                trouble = None
            except NoAnswer:  # trouble with looking is not trouble of what is looked at
                trouble = trouble or self._clock.now()
                if self._clock.now() - trouble > POLL_TROUBLE_SECONDS:
                    raise
        return [self._done[id] for id in dict.fromkeys(ids)]

    def _begin(self, id: ResourceId) -> None:
        found = list(KINDS[id.kind].find(id.name, None, self._session.api))
        if found:
            self._seen(_Waiting(id, found[-1]), found[-1])
        elif self._goal is Goal.DELETED:
            self._done[id] = Waited(id, ExitCode.OK, "gone")
        else:
            context = self._session.context.name
            self._done[id] = Waited(id, ExitCode.API, f"is not there (context {context}); `fmctl apply` makes it")

    def _look(self) -> None:
        seen: dict[tuple[str, str], Live | None] = {}
        for kind in {one.id.kind for one in self._open}:
            watches = [Watch(o.live.remote_id, o.live.remote_name) for o in self._open if o.id.kind == kind]
            found: Mapping[str, Live | None] = KINDS[kind].poll(watches, self._session.api)
            seen.update({(kind, name): live for name, live in found.items()})
        waiting, self._open = self._open, []
        for one in waiting:
            self._seen(one, seen.get((one.id.kind, one.live.remote_name)))

    def _seen(self, one: _Waiting, live: Live | None) -> None:
        """Take in what an object is like now: it has ended, or it is waited for further."""
        verdict = self._judge(one, live)
        if live and live.id.kind in RUNS:
            write_receipts([live], self._session)
        one.live = live or one.live
        if verdict:
            self._done[one.id] = verdict
        else:
            self._open.append(one)
        self._tell(one, EventType.COMPLETE if verdict else EventType.PROGRESS)

    def _judge(self, one: _Waiting, live: Live | None) -> Waited | None:
        """How it ended, None while it goes on."""
        if live is None:
            gone = ExitCode.OK if self._goal is Goal.DELETED else ExitCode.API
            return Waited(one.id, gone, "gone")
        if self._goal is Goal.DELETED:
            return None
        return self._judge_run(one, live) if live.id.kind in RUNS else self._judge_object(one, live)

    def _judge_run(self, one: _Waiting, live: Live) -> Waited | None:
        if live.active or recovering(live, self._clock.now()):
            return None
        wanted = Health.HEALTHY if self._goal is Goal.READY else Health.SUSPENDED
        code = ExitCode.OK if live.health is wanted else ExitCode.RUN_ENDED
        return Waited(one.id, code, f"{live.phase}: {live.message}" if live.message else live.phase)

    def _judge_object(self, one: _Waiting, live: Live) -> Waited | None:
        """A model version or a service; degraded is final only when it has stopped or lasts too long."""
        if live.health in (Health.PROGRESSING, Health.UNKNOWN):
            return None
        wanted = Health.HEALTHY if self._goal is Goal.READY else Health.SUSPENDED
        if live.health is Health.DEGRADED and live.active:
            one.degraded_since = one.degraded_since or self._clock.now()
            if self._clock.now() - one.degraded_since <= CONCERNING_SECONDS:
                return None
        if live.health is Health.HEALTHY and self._goal is Goal.STOPPED:
            return None
        code = ExitCode.OK if live.health is wanted else ExitCode.API
        return Waited(one.id, code, f"{live.phase}: {live.message}" if live.message else live.phase)

    def _give_up(self) -> None:
        for one in self._open:
            text = f"not {self._goal} after {span(self._timeout or 0)}: {one.live.phase}"
            self._done[one.id] = Waited(one.id, ExitCode.TIMEOUT, text)

    def _tell(self, one: _Waiting, type: EventType) -> None:
        change = Change(one.id, Action.NOOP, Reason.PROGRESSING, live=one.live)
        message = f"{one.live.remote_name}: {one.live.phase}"
        self._emit(Event(type, change, message, one.live.phase, self._clock.now() - self._started))
