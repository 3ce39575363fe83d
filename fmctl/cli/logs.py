"""``fmctl logs``: what a run wrote."""

from __future__ import annotations

from typing import Annotated

import typer

from fmctl.cli.names import address_of
from fmctl.cli.options import Context


def logs(
    what: Annotated[
        str, typer.Argument(metavar="TrainingJob/NAME", help="Whose log.", autocompletion=address_of("TrainingJob"))
    ],
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the run has ended, and with its retries.")
    ] = False,
    tail: Annotated[int | None, typer.Option("--tail", min=0, help="Only the last lines.")] = None,
    task: Annotated[str, typer.Option("--task", help="The node's task: worker-0 …")] = "worker-0",
    context: Context = None,
) -> None:
    """Print the log of a job's newest run."""
    import sys

    from fmctl.addressing import address, newest_run
    from fmctl.cli.output import warn
    from fmctl.cli.session import open_session, project_of
    from fmctl.following import follow_log

    id = address(what if "/" in what else f"TrainingJob/{what}", "TrainingJob")
    session = open_session(project_of(None), context)
    run, wrote = newest_run(str(id), session), False
    for number, text in enumerate(follow_log(run, session, task, follow=follow, notify=warn)):
        wrote = wrote or bool(text)
        lines = text.splitlines(keepends=True)
        kept = lines if tail is None or number else lines[len(lines) - min(tail, len(lines)) :]
        sys.stdout.write("".join(kept))
        sys.stdout.flush()
    if not wrote:
        warn(f"{run.remote_name} is {run.phase} and has written nothing that there is a record of")
