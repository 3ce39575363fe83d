"""``fmctl events``: what happened to a run or a service, as the platform tells it."""

from __future__ import annotations

from typing import Annotated

import typer

from fmctl.cli.names import address_of
from fmctl.cli.options import Context


def events(
    what: Annotated[
        str,
        typer.Argument(
            metavar="KIND/NAME", help="A TrainingJob or a Service.", autocompletion=address_of("TrainingJob", "Service")
        ),
    ],
    tail: Annotated[int | None, typer.Option("--tail", min=1, help="Only the newest.")] = None,
    context: Context = None,
) -> None:
    """List what happened to a run or a service.

    Of a job it is the newest run; the oldest event comes first.
    """
    from fmctl.addressing import address
    from fmctl.cli.output import columns, say, warn
    from fmctl.cli.session import open_session, project_of
    from fmctl.details import newest
    from fmctl.kinds import records
    from fmctl.report.details import events_lines

    id = address(what, "TrainingJob", "Service")
    session = open_session(project_of(None), context)
    found = records.events(newest(id, session)[-1], session.api)
    if found:
        say("\n".join(events_lines(found[-tail:] if tail else found, columns())))
    else:
        warn(f"{id} has no events")
