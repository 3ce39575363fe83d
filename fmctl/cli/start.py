"""``fmctl start``: start a stopped service."""

from __future__ import annotations

from typing import Annotated

import typer

from fmctl.cli.names import address_of
from fmctl.cli.options import Context, NoColor


def start(
    what: Annotated[
        str, typer.Argument(metavar="Service/NAME", help="Which one.", autocompletion=address_of("Service"))
    ],
    context: Context = None,
    no_color: NoColor = False,
) -> int:
    """Start a service that was stopped, by hand or by its schedule."""
    from fmctl.acting import for_owner, plan_start
    from fmctl.addressing import address
    from fmctl.cli.apply import run
    from fmctl.cli.output import disable_colour, say
    from fmctl.cli.printers import printer
    from fmctl.cli.session import open_session, project_of
    from fmctl.domain.problem import UsageError
    from fmctl.execute import Limits
    from fmctl.kinds import RUNS, parse

    if no_color:
        disable_colour()
    if parse(what)[0] in RUNS:
        msg = f"{what} is a job, and a job is started by its manifest"
        raise UsageError(msg, hint="`fmctl apply` starts it; change `rerun` in the manifest to run it again")
    id = address(what, "Service")
    session = for_owner([str(id)], open_session(project_of(None), context))
    plan = plan_start(id, session)
    if plan.empty:
        say(f"{id} is {plan.changes[0].message}: nothing to start.")
        return 0
    out = printer(False, full=False)
    out.plan(plan)
    return run(plan, session, Limits(), out)
