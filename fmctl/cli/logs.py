"""``fmctl logs``: what a run wrote."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from fmctl.cli.options import Context
from fmctl.domain.problem import ExitCode, FmctlError, UsageError

if TYPE_CHECKING:
    from fmctl.connect import Session
    from fmctl.domain.live import Live

FOLLOW_SECONDS = 1.0


def logs(
    what: Annotated[str, typer.Argument(metavar="TrainingJob/NAME", help="Whose log.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run has ended.")] = False,
    tail: Annotated[int | None, typer.Option("--tail", min=0, help="Only the last lines.")] = None,
    task: Annotated[str, typer.Option("--task", help="The node's task: worker-0 …")] = "worker-0",
    context: Context = None,
) -> int:
    """Print the log of a job's newest run."""
    from fmctl.cli.session import open_session, project_of, sources

    session = open_session(project_of(sources(["."])), context)
    run = _newest(what, session)
    _print(run, session, task, tail, follow=follow)
    return ExitCode.OK


def _newest(what: str, session: Session) -> Live:
    from fmctl.domain.resource import ResourceId
    from fmctl.kinds.training_job import TrainingJob

    try:
        id = ResourceId.parse(what if "/" in what else f"TrainingJob/{what}")
    except ValueError as error:
        raise UsageError(str(error)) from error
    if id.kind.lower().rstrip("s") != "trainingjob":
        msg = f"{what}: only training jobs have logs here"
        raise UsageError(msg)
    runs = TrainingJob().runs_of(id.name, session.api)
    if not runs:
        msg = f"no run of {what}"
        raise FmctlError(msg, hint="see `fmctl get TrainingJob -A`")
    return runs[-1]


def _print(run: Live, session: Session, task: str, tail: int | None, *, follow: bool) -> None:
    """Print what there is; with ``follow`` what is added, until the run has ended."""
    import sys

    from fmctl.kinds.training_job import TrainingJob

    kind, shown, current = TrainingJob(), "", run
    while True:
        text = kind.log(current, session.api, task)
        new = text[len(shown) :] if text.startswith(shown) else text
        if tail is not None and not shown:
            new = "".join(new.splitlines(keepends=True)[-tail:] if tail else [])
        sys.stdout.write(new)
        sys.stdout.flush()
        shown = text
        if not follow or not current.active:
            return
        time.sleep(FOLLOW_SECONDS)
        seen = kind.find_id(current.remote_id, session.api)
        if seen is None:
            return
        current = seen
