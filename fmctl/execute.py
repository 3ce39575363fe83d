"""Execute: carry a plan out, in the order of its needs, in parallel, waiting together.

A change is a generator of its kind (``Kind.verb``) that yields whenever it has to wait. The loop here advances
generators on a bounded pool of threads and looks at what they wait for with one shared poller per kind. It reads the
plan, the folders that the plan names, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from fmctl import turns
from fmctl.domain.event import Ending, Event, EventType, Outcome
from fmctl.domain.live import Live
from fmctl.domain.plan import Action, Change, Plan
from fmctl.domain.ports import Clock
from fmctl.domain.problem import PRECEDENCE, ExitCode, FmctlError, RunEnded
from fmctl.domain.resource import ResourceId
from fmctl.domain.values import span
from fmctl.guards import refusals
from fmctl.kinds.base import Kind, Steps, Watch, Work
from fmctl.polling import Poller

DETACH_SECONDS = 5.0
RANKED = frozenset(PRECEDENCE) - {ExitCode.DIFFERENCES}
"""The codes that a change may ask for; what else goes wrong with one is that it failed to apply."""
Emit = Callable[[Event], None]
Latest = Callable[[ResourceId], Live | None]
"""The latest that is known of a resource of the plan."""
Verb = Callable[[Change, Work], Steps]
"""What carries one change out."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How to carry out: threads, whether to wait for runs, and for how long at most (seconds)."""

    parallelism: int = 10
    wait: bool = True
    timeout: float | None = None


def execute(
    plan: Plan,
    kinds: Mapping[str, Kind],
    work: Callable[[Latest], Work],
    limits: Limits,
    emit: Emit,
    verb: Verb | None = None,
) -> list[Outcome]:
    """Carry ``plan`` out and say how every change ended. Ctrl-C detaches: runs are left running.

    ``verb`` is what is done instead of that which the kind of a change would do.
    """
    latest: dict[ResourceId, Live] = {}
    tools = work(latest.get)
    pool = ThreadPoolExecutor(max_workers=limits.parallelism, thread_name_prefix="fmctl")
    try:
        return _Execution(plan, kinds, tools, limits, emit, latest, pool, verb or _verb_of(kinds)).run()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # nothing is in flight, but what hangs after a detach


@dataclass(slots=True)
class _Task:
    """One change in progress."""

    change: Change
    steps: Steps
    started: float
    watch: Watch | None = None
    phase: str = ""


class _Execution:
    """The loop; strictly private. Only ``_advance`` and ``_look`` run on the pool."""

    def __init__(
        self,
        plan: Plan,
        kinds: Mapping[str, Kind],
        work: Work,
        limits: Limits,
        emit: Emit,
        latest: dict[ResourceId, Live],
        pool: ThreadPoolExecutor,
        verb: Verb,
    ) -> None:
        self._plan, self._kinds, self._work, self._limits, self._emit = plan, kinds, work, limits, emit
        self._latest, self._pool, self._verb = latest, pool, verb
        self._clock: Clock = work.clock
        self._deadline = None if limits.timeout is None else self._clock.now() + limits.timeout
        self._waiting: list[Change] = []
        self._tasks: list[_Task] = []
        self._outcomes: dict[int, Outcome] = {}
        self._futures: dict[Future[Any], _Task | str] = {}
        self._pollers = {name: Poller() for name in kinds}
        self._before = turns.before(plan.changes)
        self._runs = frozenset(name for name, kind in kinds.items() if kind.is_run)

    def run(self) -> list[Outcome]:
        """Until every change has an outcome."""
        for change in self._plan.changes:
            if change.live:
                self._latest[change.id] = change.live
        self._refuse()
        self._waiting = [change for change in self._plan.changes if id(change) not in self._outcomes]
        try:
            while self._start_ready() or self._tasks:
                self._step()
        except KeyboardInterrupt:
            self._leave(ExitCode.CANCELLED, "left running")
        return [self._outcomes[id(change)] for change in self._plan.changes]

    # ------------------------------------------------------------ starting

    def _refuse(self) -> None:
        texts = iter(refusals(self._plan))
        for change in self._plan.changes:
            if change.action is Action.REFUSE:
                refusal = next(texts)
                self._end(change, Ending.SKIPPED, change.message or str(change.reason), refusal.code)

    def _start_ready(self) -> bool:
        """Start what has all it needs, skip what never will; True while anything is left to start."""
        progress = True
        while progress:
            progress = False
            for change in list(self._waiting):
                verdict = turns.verdict(change, self._before[id(change)], self._outcomes, self._runs)
                if verdict is None:
                    continue
                self._waiting.remove(change)
                progress = True
                why, code = verdict
                if why:
                    self._end(change, Ending.SKIPPED, why, code)
                else:
                    self._start(change)
        return bool(self._waiting)

    def _start(self, change: Change) -> None:
        task = _Task(change, self._verb(change, self._work), self._clock.now())
        self._tasks.append(task)
        if change.writes:
            self._tell(EventType.START, task, str(change.reason))
        self._submit(task, None, first=True)

    # ------------------------------------------------------------ stepping

    def _step(self) -> None:
        """Wait for the next thing to happen, and take it in."""
        now = self._clock.now()
        if self._deadline is not None and now >= self._deadline:
            self._leave(ExitCode.TIMEOUT, f"not ready after {span(self._limits.timeout or 0)}, left running")
            return
        self._look_where_due(now)
        due = [p.due for name, p in self._pollers.items() if not p.busy and self._watching(name)]
        until = min([*due, *([self._deadline] if self._deadline is not None else [])], default=None)
        if not self._futures:
            self._clock.sleep(max(0.0, (until or now) - now))
            return
        done, _ = wait(
            self._futures, timeout=None if until is None else max(0.0, until - now), return_when=FIRST_COMPLETED
        )
        for future in done:
            owner = self._futures.pop(future)
            if isinstance(owner, str):
                self._looked(owner, future)
            else:
                self._advanced(owner, future)

    def _submit(self, task: _Task, seen: Live | None, *, first: bool = False) -> None:
        task.watch = None
        self._futures[self._pool.submit(_advance, task.steps, seen, first)] = task

    def _advanced(self, task: _Task, future: Future[Any]) -> None:
        """A generator has yielded, returned or raised."""
        try:
            watch, live = future.result()
        except RunEnded as error:
            text = error.message
            self._finish(task, Ending.FAILED, text, error.code, log=error.log, hint=error.hint, written=True)
        except FmctlError as error:
            code = error.code if error.code in RANKED else ExitCode.API  # what is wrong here failed to apply
            self._finish(task, Ending.FAILED, error.message, code, hint=error.hint)
        except Exception as error:  # a bug of ours fails one change, and the others go on
            text = f"internal error: {type(error).__name__}: {error}"
            self._finish(task, Ending.FAILED, text, ExitCode.INTERNAL, hint="FMCTL_LOG=debug shows where")
        else:
            if watch is None:
                self._finish(task, Ending.DONE, live.phase if live else "gone", live=live)
            else:
                self._wait_for(task, watch)

    def _wait_for(self, task: _Task, watch: Watch) -> None:
        kind = self._kinds[task.change.id.kind]
        ends = task.change.action in (Action.STOP, Action.DELETE)  # soon over, and the next run may wait for it
        task.watch = watch
        if kind.is_run and not self._limits.wait and watch.remote_id and not ends:
            self._finish(task, Ending.LEFT, f"{watch.remote_name} is {watch.message}, not waited for")
            return
        moved = watch.message != task.phase
        if moved:
            task.phase = watch.message
            self._tell(EventType.PROGRESS, task, f"{watch.remote_name}: {watch.message}")
        self._pollers[kind.name].wake(self._clock.now(), moved=moved)

    # ------------------------------------------------------------ looking

    def _watching(self, kind: str) -> list[_Task]:
        return [task for task in self._tasks if task.watch and task.change.id.kind == kind]

    def _look_where_due(self, now: float) -> None:
        for name, poller in self._pollers.items():
            watched = self._watching(name)
            if watched and not poller.busy and poller.due <= now:
                poller.busy = True
                watches = [task.watch for task in watched if task.watch]
                self._futures[self._pool.submit(self._kinds[name].poll, watches, self._work.api)] = name

    def _looked(self, name: str, future: Future[Any]) -> None:
        """A look has come back: wake what waits; trouble with looking is not trouble of what is looked at."""
        poller, now = self._pollers[name], self._clock.now()
        poller.looked(now)
        try:
            seen: Mapping[str, Live | None] = future.result()
        except FmctlError as error:
            if poller.gives_up(error, now):
                for task in self._watching(name):
                    self._finish(task, Ending.LEFT, f"cannot be watched: {error.message}", error.code, hint=error.hint)
            return
        except Exception as error:  # a bug of ours in looking must not take the other kinds down
            for task in self._watching(name):
                self._finish(task, Ending.LEFT, f"internal error: {error!r}", ExitCode.INTERNAL)
            return
        poller.well()
        for task in self._watching(name):
            if task.watch and task.watch.remote_name in seen:
                live = seen[task.watch.remote_name]
                if live:
                    deleting = task.change.action is Action.DELETE  # its phase is still that from before
                    says = task.watch.message if deleting else live.phase
                    self._tell(EventType.PROGRESS, task, f"{live.remote_name}: {says}", live.phase)
                self._submit(task, live)

    # ------------------------------------------------------------ ending

    def _finish(
        self,
        task: _Task,
        ending: Ending,
        message: str,
        code: ExitCode = ExitCode.OK,
        *,
        live: Live | None = None,
        log: str = "",
        hint: str | None = None,
        written: bool = False,
    ) -> None:
        if live:
            self._latest[task.change.id] = live
        elif ending is Ending.DONE:
            self._latest.pop(task.change.id, None)
        text = f"{message}\n  hint: {hint}" if hint else message
        written = written or ending is Ending.DONE or (ending is Ending.LEFT and not (task.watch and task.watch.before))
        self._end(task.change, ending, text, code, live=live, log=log, written=written)
        self._tasks.remove(task)
        if task.change.writes or task.phase or ending is not Ending.DONE:
            type = EventType.ERRORED if ending is Ending.FAILED else EventType.COMPLETE
            self._tell(type, task, text, live.phase if live else "")

    def _end(
        self,
        change: Change,
        ending: Ending,
        message: str,
        code: ExitCode = ExitCode.OK,
        *,
        live: Live | None = None,
        log: str = "",
        written: bool = False,
    ) -> None:
        """``written`` says that what the change does was done, though it may have failed: a run that ran and failed."""
        self._outcomes[id(change)] = Outcome(change, ending, message, code, live, written and change.writes, log)

    def _leave(self, code: ExitCode, message: str) -> None:
        """Detach: let calls in flight come back for a while, then leave everything as it is."""
        wait(self._futures, timeout=DETACH_SECONDS)
        for task in list(self._tasks):
            if id(task.change) not in self._outcomes:
                self._finish(task, Ending.LEFT, message, code)
        for change in self._plan.changes:
            if id(change) not in self._outcomes:
                self._end(change, Ending.SKIPPED, "not started", code)
        self._waiting, self._tasks = [], []

    def _tell(self, type: EventType, task: _Task, message: str, phase: str = "") -> None:
        self._emit(Event(type, task.change, message, phase or task.phase, self._clock.now() - task.started))


def _verb_of(kinds: Mapping[str, Kind]) -> Verb:
    """What the kind of each change does."""
    return lambda change, work: kinds[change.id.kind].verb(change, work)


def _advance(steps: Steps, seen: Live | None, first: bool) -> tuple[Watch | None, Live | None]:
    """Resume a generator until it yields (the watch) or returns (the object)."""
    try:
        return (next(steps) if first else steps.send(seen)), None
    except StopIteration as stop:
        return None, stop.value


def outcome_codes(outcomes: Sequence[Outcome]) -> list[ExitCode]:
    """The exit codes that outcomes ask for."""
    return [outcome.code for outcome in outcomes if outcome.code is not ExitCode.OK]
