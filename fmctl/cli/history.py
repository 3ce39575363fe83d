"""``fmctl history``: what the ledger knows of one resource, also when the platform has forgotten it."""

from __future__ import annotations

from typing import Annotated

import typer

from fmctl.cli.names import complete_address
from fmctl.cli.options import Context, Files
from fmctl.domain.problem import FmctlError


def history(
    what: Annotated[str, typer.Argument(metavar="KIND/NAME", help="Whose.", autocompletion=complete_address)],
    filename: Files = None,
    context: Context = None,
) -> None:
    """List what the ledger knows of a resource.

    When its runs were started, ended or stopped, and what was applied, also when the platform has forgotten it.
    """
    from fmctl import history as ledger
    from fmctl.addressing import address
    from fmctl.cli.output import columns, say
    from fmctl.cli.session import open_session, project_of
    from fmctl.report.history import history_text

    id = address(what)
    session = open_session(project_of(filename), context)
    facts = ledger.history(id, session.ledger)
    if not facts:
        msg = f"the ledger of set {session.project.set} has nothing about {id}"
        hint = f"each set has its own ledger: `fmctl history {id} -f FOLDER` reads that of the fmctl.yaml there"
        raise FmctlError(msg, hint=hint)
    say(history_text(facts, columns()))
