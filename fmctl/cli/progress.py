"""What apply shows while it works: a live table on a terminal, plain lines elsewhere, or JSON events."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from fmctl.cli.output import say, warn
from fmctl.domain.event import Ending, Event, EventType, Outcome
from fmctl.domain.plan import Plan, Summary
from fmctl.domain.problem import FmctlError, ManifestError
from fmctl.domain.resource import ResourceId
from fmctl.domain.values import span

if TYPE_CHECKING:
    from fmctl.connect import Session

FIRST_BEAT, SLOWEST_BEAT = 10.0, 300.0
MOST_HINTS = 3
_Object = tuple[ResourceId, str]


class Printer:
    """Plain lines: a line per phase, and a heartbeat that gets rarer, 10 s to 5 min."""

    def __init__(self, full: bool = False) -> None:
        self._full = full
        self._phases: dict[_Object, str] = {}
        self._beats: dict[_Object, tuple[float, float]] = {}
        self._met: set[ResourceId] = set()
        self._options = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        return None

    def attach(self, session: Session) -> None:
        """What a printer may ask while it waits; plain lines only need to know where they are."""
        from fmctl.cli.session import pasted

        self._options = pasted(session)

    def plan(self, plan: Plan) -> None:
        """Show what will be done."""
        from fmctl.report.text import plan_text

        say(plan_text(plan, full=self._full), prose=True)
        for note in plan.notes:
            warn(f"note: {note}")

    def event(self, event: Event) -> None:
        """Show what happens."""
        if event.type is EventType.PROGRESS:
            self._met.add(event.change.id)
        self._show(event)

    def _show(self, event: Event) -> None:
        if event.type is EventType.START:
            self._line(f"{event.change.action} ({event.message})", event)
        elif event.type is EventType.ERRORED and event.change.id in self._met:
            reason = event.message.partition("\n")[0]  # the whole of it is told with the results
            self._line(f"failed: {reason}", event)
        elif event.type is EventType.PROGRESS and self._is_news(event):
            self._line(event.message, event)

    def _is_news(self, event: Event) -> bool:
        live, now = event.change.live, event.elapsed
        one = event.change.id, live.remote_id if live else ""  # the runs of a job are deleted side by side
        last, beat = self._beats.get(one, (0.0, FIRST_BEAT))
        if self._phases.get(one) != event.message or now < last:  # a second change of one object counts anew
            self._phases[one] = event.message
            self._beats[one] = (now, FIRST_BEAT)
            return True
        if now - last >= beat:
            self._beats[one] = (now, min(beat * 2, SLOWEST_BEAT))
            return True
        return False

    def _line(self, message: str, event: Event) -> None:
        warn(f"  {event.change.id}: {message} [{span(event.elapsed)}]")

    @contextmanager
    def telling_errors(self) -> Iterator[None]:
        """Tell also what stops the whole apply, where the reader of stdout would miss it; others read stderr."""
        yield

    def results(self, outcomes: list[Outcome], summary: Summary) -> None:
        """Show how it ended: results on stdout, the logs of failed runs and how to resume on stderr."""
        from fmctl.cli.session import placed
        from fmctl.report.table import legible
        from fmctl.report.text import results_text

        for outcome in outcomes:
            if outcome.log:
                lines = map(legible, outcome.log.split("\n"))
                warn("\n".join([f"--- the last lines of {outcome.change.id}", *lines, "---"]), prose=False)
        text = placed(results_text(outcomes, summary), self._options)
        if text:
            say(text, prose=True)
        for hint in (*self._closer(outcomes), resume_hint(outcomes)):
            if hint:
                warn(f"  hint: {hint}")

    def _closer(self, outcomes: list[Outcome]) -> list[str]:
        """How to look closer at what failed and is there to be looked at."""
        failed = [outcome.change for outcome in outcomes if outcome.ending is Ending.FAILED]
        there = [change.id for change in failed if change.live or change.id in self._met]
        return [f"look closer: fmctl describe {id}{self._options}" for id in there[:MOST_HINTS]]


def resume_hint(outcomes: list[Outcome]) -> str | None:
    """How to pick up what was left running."""
    import shlex
    import sys

    if not any(outcome.ending is Ending.LEFT for outcome in outcomes):
        return None
    arguments = [each for each in sys.argv[1:] if each != "--no-wait"]
    if any(each.startswith(("--plan", "--checksum")) for each in arguments):  # it has been carried out in part
        return "runs go on by themselves; to resume, review `fmctl diff` again and apply that"
    return "runs go on by themselves; to wait for them: fmctl " + shlex.join(arguments)


class JsonPrinter(Printer):
    """Events only, one JSON object a line: the first is the version, the last the counts of the apply."""

    def __init__(self) -> None:
        super().__init__()
        say(self._stream().version())

    @contextmanager
    def telling_errors(self) -> Iterator[None]:
        """Every problem as a diagnostic, and the counts of an apply that did nothing as the last line."""
        try:
            yield
        except FmctlError as error:
            stream = self._stream()
            for problem in error.problems if isinstance(error, ManifestError) else ():
                source = problem.source._asdict()
                say(stream.diagnostic(problem.message, rule=problem.rule, hint=problem.hint or "", source=source))
            if not isinstance(error, ManifestError):
                say(stream.diagnostic(error.message, hint=error.hint or "", exit_code=int(error.code)))
            say(stream.summary(Summary(), "apply"))
            raise

    def plan(self, plan: Plan) -> None:
        """Every decision, the counts."""
        stream = self._stream()
        for change in plan.changes:
            say(stream.planned(change))
        say(stream.summary(plan.summary, "plan"))

    def _show(self, event: Event) -> None:
        """One event."""
        if event.type is not EventType.PROGRESS or self._is_news(event):
            say(self._stream().event(event))

    def results(self, outcomes: list[Outcome], summary: Summary) -> None:
        """Problems, addresses, and the counts as the last line."""
        stream = self._stream()
        for outcome in outcomes:
            if outcome.ending is not Ending.DONE:
                id, action = str(outcome.change.id), str(outcome.change.action)
                severity = "error" if outcome.code else "warning"
                say(stream.diagnostic(outcome.message, severity, id=id, action=action, log=outcome.log))
        say(stream.outputs(outcomes))
        say(stream.summary(summary, "apply"))

    def _stream(self) -> Any:
        from fmctl.report.machine import Stream

        return Stream(time.time())
