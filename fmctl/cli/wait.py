"""``fmctl wait``: until things are as wanted, or have ended in another way."""

from __future__ import annotations

from typing import Annotated

import typer

from fmctl.cli.choices import complete_goal
from fmctl.cli.names import complete_address
from fmctl.cli.options import Context, NoColor
from fmctl.domain.problem import UsageError


def wait(
    what: Annotated[
        list[str], typer.Argument(metavar="KIND/NAME...", help="One or more.", autocompletion=complete_address)
    ],
    goal: Annotated[
        str, typer.Option("--for", help="ready, stopped, deleted.", autocompletion=complete_goal)
    ] = "ready",
    timeout: Annotated[str | None, typer.Option("--timeout", help="At most this long: 30s, 10m, 2h.")] = None,
    context: Context = None,
    no_color: NoColor = False,
) -> int:
    """Wait until things are ready, stopped or deleted.

    It ends on any final state: 0 as wanted, 7 when a run ended otherwise, 4 when something failed, 9 when the time
    is over.
    """
    from fmctl.addressing import address
    from fmctl.cli.output import disable_colour, say, warn
    from fmctl.cli.printers import printer
    from fmctl.cli.session import open_session, pasted, project_of, seconds_of
    from fmctl.domain.problem import ExitCode, worst
    from fmctl.waiting import Goal, wait_for

    if no_color:
        disable_colour()
    if goal not in list(Goal):
        msg = f"--for {goal}: not something to wait for"
        raise UsageError(msg, hint=f"it is one of {', '.join(Goal)}")
    kinds = ("TrainingJob", "Service") if goal == Goal.STOPPED else ()
    ids = [address(name, *kinds) for name in what]
    limit = seconds_of("--timeout", timeout)
    session = open_session(project_of(None), context)
    out = printer(False, full=False)
    out.attach(session)
    with out:
        done = wait_for(ids, Goal(goal), session, limit, out.event)
    for one in done:
        say(f"{one.id}: {one.message}", prose=True)
    for one in done:
        if one.code in (ExitCode.RUN_ENDED, ExitCode.TIMEOUT):
            warn(f"  hint: look closer: fmctl describe {one.id}{pasted(session)}")
    return worst([one.code for one in done])
