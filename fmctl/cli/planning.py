"""Making and showing a plan, for ``diff`` and ``apply`` alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fmctl.cli.output import say, warn
from fmctl.domain.problem import UsageError

if TYPE_CHECKING:
    from fmctl.connect import Session
    from fmctl.domain.plan import Plan
    from fmctl.sources import Sources


def make(named: Sources, context: str | None, *, prune: bool, parallelism: int) -> tuple[Plan, Session]:
    """Read, connect, observe and decide; manifests are checked before anything is contacted."""
    from fmctl.cli.session import open_session, project_of, read
    from fmctl.workflow import Choice, make_plan

    project = project_of(named)
    resources = read(named, project)
    session = open_session(project, context)
    return make_plan(resources, session, Choice(prune, parallelism)), session


def check_prune(named: Sources) -> Sources:
    """Pruning needs the whole set: the folder of fmctl.yaml, read recursively, and nothing left out."""
    from fmctl.settings import PROJECT_FILE

    folder = Path(named.filenames[0])
    whole = len(named.filenames) == 1 and (folder / PROJECT_FILE).is_file() and not named.partial
    if not whole:
        msg = "--prune needs the whole set"
        raise UsageError(msg, hint="-f the folder of fmctl.yaml, without -l, --target and --exclude")
    return replace(named, recursive=True)


def show(plan: Plan, outputs: Sequence[str], *, full: bool) -> None:
    """The plan in every format that was asked for, to stdout or to files; notes to stderr."""
    from fmctl.report.machine import dumps, plan_json
    from fmctl.report.text import plan_text

    for output in outputs:
        format, _, file = output.partition("=")
        if format not in ("text", "json"):
            msg = f"no output format {format!r}"
            raise UsageError(msg, hint="formats: text, json; FORMAT=FILE writes to a file")
        text = plan_text(plan, full=full) if format == "text" else dumps(plan_json(plan))
        if file:
            Path(file).write_text(text + "\n", "utf-8")
        else:
            say(text, colour=format == "text")
    for note in plan.notes:
        warn(f"note: {note}")
