"""Making and showing a plan, for ``diff`` and ``apply`` alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fmctl.cli.formats import PLANS
from fmctl.cli.output import say, warn
from fmctl.domain.problem import UsageError

if TYPE_CHECKING:
    from fmctl.cli.options import Planning
    from fmctl.connect import Session
    from fmctl.domain.plan import Plan
    from fmctl.domain.resource import Resource
    from fmctl.settings import Project


def make(options: Planning) -> tuple[Plan, Session, tuple[Resource, ...]]:
    """Read, connect, observe and decide; manifests are checked before anything is contacted."""
    from fmctl.cli.session import open_session, project_of, sources, stdin
    from fmctl.sources import for_pruning, read
    from fmctl.workflow import Choice, make_plan

    o = options
    named = sources(o.filename, o.recursive, o.overlay, o.selector, o.target, o.exclude)
    if o.prune:
        named = for_pruning(named)
    project = project_of(named.filenames)
    resources = read(named, project, stdin)
    session = open_session(project, o.context)
    return make_plan(resources, session, Choice(o.prune, o.parallelism, named.whole)), session, resources


def remake(file: Path, options: Planning) -> tuple[Plan, Session]:
    """Make a saved plan again; a world that is not as it was then is a Conflict."""
    from fmctl.cli.session import open_session
    from fmctl.domain.problem import Conflict
    from fmctl.saved import read
    from fmctl.workflow import Choice, make_plan

    saved = read(file, Path.cwd(), Path(options.filename[0]) if options.filename else None)
    session = open_session(saved.project, options.context or saved.context)
    plan = make_plan(saved.resources, session, Choice(saved.prune, options.parallelism))
    if plan.checksum != saved.checksum:
        msg = f"{file} is stale: the remote side is not as it was when the plan was made"
        raise Conflict(msg, hint="review `fmctl diff` again")
    return plan, session


def save(file: Path, plan: Plan, resources: Sequence[Resource], project: Project, *, prune: bool) -> None:
    """Write a plan for ``apply --plan``."""
    from fmctl.report.machine import dumps
    from fmctl.saved import dump

    write(file, dumps(dump(plan, resources, project, prune=prune)))


def write(file: Path, text: str) -> None:
    """A file that was asked for."""
    try:
        file.write_text(text + "\n", "utf-8")
    except OSError as error:
        msg = f"cannot write {file}: {error.strerror}"
        raise UsageError(msg) from error


def show(plan: Plan, outputs: Sequence[str], *, full: bool) -> None:
    """The plan in every format that was asked for, to stdout or to files; notes to stderr."""
    for output in outputs:
        format, _, file = output.partition("=")
        if format not in PLANS:
            msg = f"no output format {format!r}"
            raise UsageError(msg, hint=f"formats: {', '.join(PLANS)}; FORMAT=FILE writes to a file")
        text = _text(plan, format, full=full)
        if file:
            write(Path(file), text)
        else:
            say(text, prose=format == "text")
    for note in plan.notes:
        warn(f"note: {note}")


def _text(plan: Plan, format: str, *, full: bool) -> str:
    """The plan in one format."""
    from fmctl.report.machine import dumps, plan_json
    from fmctl.report.markdown import plan_markdown
    from fmctl.report.text import plan_text

    match format:
        case "json":
            return dumps(plan_json(plan))
        case "markdown":
            return plan_markdown(plan)
    return plan_text(plan, full=full)
