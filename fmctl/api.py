"""The Python API, for notebooks and programs: typed functions that return objects, print nothing and never exit.

    import fmctl

    plan = fmctl.diff("manifests/")
    done = fmctl.apply("manifests/", on_event=print)
    answer = fmctl.predict("Service/digits", {"data": {"req_data": [...]}})

``filenames`` are files, directories or globs. ``context`` is where to act (else FMCTL_CONTEXT, the project file, the
environment, the sandbox, as the command line does). ``on_event`` is called with every ``Event``; ``print`` will do.

Every function raises ``fmctl.FmctlError`` or a subclass: its ``code`` is the command line's exit code, its ``hint``
says what to do. ManifestError has the ``problems`` of manifests; the others are drawn in ``fmctl.domain.problem``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmctl import copying, host
from fmctl.acting import for_owner, plan_deletion, plan_start, plan_stop, require_all
from fmctl.addressing import STOPPABLE, address, newest_run, service_address
from fmctl.clock import SystemClock
from fmctl.connect import Session, connect
from fmctl.domain.event import Event, Outcome
from fmctl.domain.plan import Plan, Summary, summarize
from fmctl.domain.ports import Clock
from fmctl.domain.problem import (
    Conflict,
    ExitCode,
    FmctlError,  # noqa: F401, a name of the package
    NotReady,
    Refused,
    UsageError,
    worst,
)
from fmctl.domain.resource import Resource
from fmctl.execute import Limits
from fmctl.following import follow_log
from fmctl.guards import asks, guard
from fmctl.kinds import RUNS, parse
from fmctl.listing import Entry, entries
from fmctl.secrets import reader
from fmctl.settings import Project, context_name, find_context, find_project
from fmctl.sources import Sources, for_pruning, read
from fmctl.waiting import Goal, Waited, wait_for
from fmctl.workflow import Choice, make_plan
from fmctl.workflow import apply as carry_out

File = str | os.PathLike[str]
"""A file, a directory or a glob, also as ``pathlib.Path``."""


def _quiet(_: object) -> None:
    """The callback of who wants to hear nothing."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply did: the plan, how every change ended, the counts of what was written."""

    plan: Plan
    outcomes: tuple[Outcome, ...]

    @property
    def summary(self) -> Summary:
        """The counts of what was written."""
        return summarize(tuple(outcome.change for outcome in self.outcomes if outcome.written), RUNS)

    @property
    def code(self) -> ExitCode:
        """What the command line exits with."""
        codes = [outcome.code for outcome in self.outcomes]
        return ExitCode.INTERNAL if ExitCode.INTERNAL in codes else worst(codes)

    @property
    def ok(self) -> bool:
        """Whether everything ended as wanted."""
        return self.code is ExitCode.OK

    @property
    def urls(self) -> Mapping[str, str]:
        """The addresses of the services that are up, by ``Kind/name``."""
        return {str(o.change.id): o.live.url for o in self.outcomes if o.live and o.live.url}

    def __repr__(self) -> str:
        lines = [f"  {outcome!r}" for outcome in self.outcomes if outcome.written or outcome.code]
        return "\n".join([f"<Applied {self.code.name}: {self.summary.done}", *lines]) + ">"


# ------------------------------------------------------------------- opening


def open_session(
    project: Project,
    context: str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    notify: Callable[[str], None] = _quiet,
    clock: Clock | None = None,
) -> Session:
    """Connect a set to the context that applies; the sandbox is started when it is that, which is notified."""
    environ = os.environ if environ is None else environ
    name = context_name(context, project, environ)
    found = find_context(name, environ, lambda: host.context(host.state_dir(environ), environ, notify))
    return connect(found, project, clock or SystemClock(), reader(environ, project.root))


def open_here(context: str | None = None, *, notify: Callable[[str], None] = _quiet) -> Session:
    """Connect the set of the working directory, or none, to the context that applies."""
    return open_session(find_project(["."], Path.cwd()), context, notify=notify)


def _read(sources: Sources, *, prune: bool = False) -> tuple[Project, tuple[Resource, ...], Choice]:
    if not sources.filenames:
        msg = "say what to read: files, directories or globs"
        raise UsageError(msg, hint='for example "manifests/"')
    if prune:
        sources = for_pruning(sources)
    project = find_project(sources.filenames, Path.cwd())
    return project, read(sources, project, sys.stdin.read), Choice(prune, whole=sources.whole)


def _sources(
    filenames: Sequence[File],
    recursive: bool,
    overlay: str | None,
    selector: str | None,
    target: str | Sequence[str] = (),
    exclude: str | Sequence[str] = (),
) -> Sources:
    names = tuple(os.fspath(name) for name in filenames)
    return Sources(names, recursive, overlay, selector, _patterns(target), _patterns(exclude))


def _patterns(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


# --------------------------------------------------------------- the verbs


def diff(
    *filenames: File,
    context: str | None = None,
    prune: bool = False,
    recursive: bool = False,
    overlay: str | None = None,
    selector: str | None = None,
    target: str | Sequence[str] = (),
    exclude: str | Sequence[str] = (),
) -> Plan:
    """What ``apply`` would do with these files; never writes.

    ``prune`` considers what the set owns and no longer declares. ``overlay`` is a name of fmctl.yaml, ``selector``
    is ``key=value,…`` of labels, ``target`` and ``exclude`` are ``Kind/name`` with globs: one or several.

    The Plan has ``changes`` (each with ``id``, ``action``, ``reason``, ``message``, ``fields``), ``summary``,
    ``checksum``, ``notes``, and ``empty`` where there is nothing to do. What would be refused is in it, not raised.
    """
    named = _sources(filenames, recursive, overlay, selector, target, exclude)
    project, resources, choice = _read(named, prune=prune)
    return make_plan(resources, open_session(project, context), choice)


def apply(
    *filenames: File,
    context: str | None = None,
    yes: bool = False,
    checksum: str | None = None,
    wait: bool = True,
    timeout: float | None = None,
    on_event: Callable[[Event], None] = _quiet,
    prune: bool = False,
    recursive: bool = False,
    overlay: str | None = None,
    selector: str | None = None,
    target: str | Sequence[str] = (),
    exclude: str | Sequence[str] = (),
) -> Applied:
    """Make the remote side match these files, and wait, for ``timeout`` seconds at most.

    ``yes`` allows what stops, destroys or replaces. ``checksum``, of a plan that ``diff`` has returned, allows exactly
    that plan and raises Conflict where the plan is another one by now. The other options are those of ``diff``.

    Raises Refused, before the first write, for errors, policy and a missing ``yes``. What fails while it is carried
    out is in the result: ``Applied.ok``, and ``outcomes``, each with ``change``, ``ending``, ``message`` and ``log``.
    """
    named = _sources(filenames, recursive, overlay, selector, target, exclude)
    project, resources, choice = _read(named, prune=prune)
    session = open_session(project, context)
    plan = make_plan(resources, session, choice)
    require_reviewed(plan, checksum)
    yes = yes or checksum is not None
    return _carry_out(plan, session, Limits(wait=wait, timeout=timeout), on_event, yes=yes)


def require_reviewed(plan: Plan, checksum: str | None) -> None:
    """Conflict when a checksum is given that is not the plan's. An empty one, of a variable not set, is none."""
    if checksum is not None and checksum != plan.checksum:
        msg = f"the plan is not the reviewed one: {plan.checksum}, not {checksum or 'an empty checksum'}"
        raise Conflict(msg, hint="review `fmctl diff` again")


def _carry_out(
    plan: Plan, session: Session, limits: Limits, on_event: Callable[[Event], None], *, yes: bool
) -> Applied:
    refused = [refusal.message for refusal in guard(plan, session.project.policy)]
    if not yes:
        refused += [f"{change.action} {change.id} needs yes=True" for change in asks(plan)]
    if refused:
        raise Refused("; ".join(refused), hint="nothing was changed")
    return Applied(plan, tuple(carry_out(plan, session, limits, on_event)))


def get(
    what: str | None = None,
    *filenames: File,
    context: str | None = None,
    every: bool = False,
    recursive: bool = False,
    overlay: str | None = None,
    selector: str | None = None,
) -> list[Entry]:
    """Live resources: everything with a marker, one kind (``"Service"``), or one resource (``"Service/digits"``).

    With ``filenames`` what they declare, also where ``entry.live`` is None; ``every`` adds what has no marker.
    An Entry has ``id``, ``live`` (``phase``, ``health``, ``url``, ``message`` …) and ``runs``, the oldest first.
    """
    kind, name = parse(what) if what else (None, None)
    if not filenames:
        session = open_here(context)
        return entries(session, kind, name, every=every)
    project, resources = _read(_sources(filenames, recursive, overlay, selector))[:2]
    return entries(open_session(project, context), kind, name, declared=resources, every=every)


def logs(what: str, *, context: str | None = None, follow: bool = False, task: str = "worker-0") -> Iterator[str]:
    """The log of a training job's newest run, in pieces; with ``follow`` until it and later attempts have ended."""
    session = open_here(context)
    return follow_log(newest_run(what, session), session, task, follow=follow)


def predict(what: str, data: Any, *, context: str | None = None, path: str = "") -> Any:
    """Ask a service: ``data`` is sent as JSON, the answer is decoded when it is JSON, and else is text.

    ``path`` is below the service's address. Raises NotReady on a status of 400 or more, with the answer in its message.
    """
    session = open_here(context)
    url = service_address(what, session, path)
    answer = session.api.predict(url, json.dumps(data).encode(), "application/json")
    text = answer.content.decode("utf-8", errors="replace")
    if answer.status >= 400:
        msg = f"{what} answered HTTP {answer.status}: {text[:500]}"
        raise NotReady(msg)
    try:
        return json.loads(text)
    except ValueError:
        return text


def stop(what: str, *, context: str | None = None, on_event: Callable[[Event], None] = _quiet) -> Applied:
    """Stop what runs of a training job, or a service. A later apply of a manifest that wants it running starts it."""
    id = address(what, *STOPPABLE)
    session = for_owner([what], open_here(context))
    return _carry_out(plan_stop(id, session), session, Limits(), on_event, yes=True)


def start(what: str, *, context: str | None = None, on_event: Callable[[Event], None] = _quiet) -> Applied:
    """Start a service that was stopped, by hand or by its schedule."""
    id = address(what, "Service")
    session = for_owner([what], open_here(context))
    return _carry_out(plan_start(id, session), session, Limits(), on_event, yes=True)


def wait(
    *what: str,
    goal: str = "ready",
    timeout: float | None = None,
    context: str | None = None,
    on_event: Callable[[Event], None] = _quiet,
) -> list[Waited]:
    """Wait until each of ``what`` is ``ready``, ``stopped`` or ``deleted``, for ``timeout`` seconds at most.

    The list has a Waited for each, with ``id``, ``code`` and ``message``; ``code`` is not 0 where it ended otherwise.
    """
    if goal not in list(Goal):
        msg = f"no goal {goal!r}"
        raise UsageError(msg, hint=f"goals: {', '.join(Goal)}")
    return wait_for([address(one) for one in what], Goal(goal), open_here(context), timeout, on_event)


def copy(what: str, folder: File, *, context: str | None = None, force: bool = False) -> int:
    """Download an output (``"TrainingJob/digits:train_url/model"``) of the newest completed run; the number of files.

    Raises Refused where ``folder`` is not empty, unless ``force``; NotReady where no run has completed.
    """
    return copying.copy(what, Path(folder), open_here(context), force=force).files


def delete(
    *what: str, context: str | None = None, yes: bool = False, on_event: Callable[[Event], None] = _quiet
) -> Applied:
    """Delete live objects by address (``"Service/digits"``), users before what they use; it needs ``yes``."""
    session = for_owner(what, open_here(context))
    plan = plan_deletion((), what, session)
    require_all(plan, what)
    return _carry_out(plan, session, Limits(), on_event, yes=yes)
