"""``fmctl describe``: everything about one resource."""

from __future__ import annotations

from typing import Annotated

import typer

from fmctl.cli.names import complete_address
from fmctl.cli.options import Context


def describe(
    what: Annotated[str, typer.Argument(metavar="KIND/NAME", help="Which one.", autocompletion=complete_address)],
    context: Context = None,
) -> None:
    """Tell all about one resource.

    What it is, how it is doing and why, what it came from, who uses it, and what to do next.
    """
    from fmctl.addressing import address
    from fmctl.cli.output import columns, say
    from fmctl.cli.session import open_session, pasted, project_of
    from fmctl.details import details
    from fmctl.report.details import details_text

    id = address(what)
    session = open_session(project_of(None), context)
    say(details_text(details(id, session), session.target, session.clock.now(), columns(), pasted(session)))
