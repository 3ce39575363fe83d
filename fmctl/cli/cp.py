"""``fmctl cp``: fetch what a run wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fmctl.cli.names import complete_output
from fmctl.cli.options import Context


def cp(
    what: Annotated[
        str,
        typer.Argument(
            metavar="TrainingJob/NAME[:OUTPUT[/PATH]]",
            help="What to fetch; OUTPUT may be left out where the job has one.",
            autocompletion=complete_output,
        ),
    ],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to put it; made when it is not there.")],
    force: Annotated[bool, typer.Option("--force", help="Also into a folder that is not empty.")] = False,
    context: Context = None,
) -> None:
    """Download an output of a job's newest completed run."""
    from fmctl.cli.output import say
    from fmctl.cli.session import open_session, project_of
    from fmctl.copying import copy, parse_wanted

    parse_wanted(what)
    copied = copy(what, folder, open_session(project_of(None), context), force=force)
    say(f"{copied.files} file{'s' if copied.files != 1 else ''} from {copied.url} to {folder}")
