"""``fmctl stop``: stop what runs."""

from __future__ import annotations

from typing import Annotated

import typer

from fmctl.cli.names import address_of
from fmctl.cli.options import Context, NoColor, Yes


def stop(
    what: Annotated[
        str,
        typer.Argument(
            metavar="KIND/NAME", help="A TrainingJob or a Service.", autocompletion=address_of("TrainingJob", "Service")
        ),
    ],
    yes: Yes = False,
    context: Context = None,
    no_color: NoColor = False,
) -> int:
    """Stop a training job's runs, or a service.

    The next apply of a manifest that wants it running starts it again: set `state: stopped` to keep it stopped.
    """
    from fmctl.acting import for_owner, plan_stop
    from fmctl.addressing import STOPPABLE, address
    from fmctl.cli.apply import run
    from fmctl.cli.output import disable_colour, say
    from fmctl.cli.printers import printer
    from fmctl.cli.session import confirm, open_session, project_of
    from fmctl.details import newest
    from fmctl.execute import Limits

    if no_color:
        disable_colour()
    id = address(what, *STOPPABLE)
    session = for_owner([str(id)], open_session(project_of(None), context))
    plan = plan_stop(id, session)
    if not plan.changes:
        say(f"{id} is {newest(id, session)[-1].phase}: nothing to stop.")
        return 0
    out = printer(False, full=False)
    out.plan(plan)
    if any(change.writes for change in plan.changes):
        confirm("Stop this?", "stopping needs a yes", yes=yes)
    return run(plan, session, Limits(), out)
