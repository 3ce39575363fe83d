"""``fmctl delete``: remove live objects of the set."""

from __future__ import annotations

from typing import Annotated

import typer

from fmctl.cli.names import complete_address
from fmctl.cli.options import Context, Files, NoColor, Parallelism, Recursive, Yes


def delete(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KIND/NAME]...",
            help="What to delete; without it all of the set that -f names.",
            autocompletion=complete_address,
        ),
    ] = None,
    filename: Files = None,
    recursive: Recursive = False,
    yes: Yes = False,
    context: Context = None,
    parallelism: Parallelism = 10,
    no_color: NoColor = False,
) -> int:
    """Delete services, model versions and jobs that the set owns.

    Users go first, then what they use. A job that still runs is stopped by it. A receipt is written first, so that a
    deleted run is never run again.
    """
    from fmctl.acting import for_owner, plan_deletion, require_all
    from fmctl.addressing import address
    from fmctl.cli.apply import run
    from fmctl.cli.output import disable_colour, say
    from fmctl.cli.progress import Printer
    from fmctl.cli.session import confirm, open_session, project_of, sources, stdin
    from fmctl.domain.problem import UsageError
    from fmctl.execute import Limits
    from fmctl.sources import read

    if no_color:
        disable_colour()
    if not filename and not what:
        msg = "say what to delete: Kind/name, or -f with its manifests"
        raise UsageError(msg, hint="for example fmctl delete Service/digits, or fmctl delete -f manifests/")
    ids = [str(address(name)) for name in what or ()]
    project = project_of(filename)
    resources = read(sources(filename, recursive), project, stdin) if filename else ()
    session = open_session(project, context)
    if not filename:
        session = for_owner(ids, session)
    plan = plan_deletion(resources, ids, session)
    require_all(plan, ids)
    out = Printer()
    out.plan(plan)
    if not plan.changes:
        say("Nothing to delete.")
        return 0
    if any(change.writes for change in plan.changes):
        confirm("Delete this?", "deleting needs a yes", yes=yes)
    return run(plan, session, Limits(parallelism), out)
