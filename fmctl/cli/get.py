"""``fmctl get``: what there is, as a table or for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from fmctl.cli.options import Context, Files, Recursive, Selector
from fmctl.domain.problem import ExitCode, UsageError

if TYPE_CHECKING:
    from fmctl.report.listing import Entry


def get(
    what: Annotated[str | None, typer.Argument(metavar="[KIND[/NAME]]", help="A kind, or one resource.")] = None,
    filename: Files = None,
    recursive: Recursive = False,
    output: Annotated[str, typer.Option("--output", "-o", help="table, wide, json, yaml, name.")] = "table",
    every: Annotated[bool, typer.Option("--all", "-A", help="Also what carries no marker of a set.")] = False,
    selector: Selector = None,
    context: Context = None,
) -> int:
    """List the resources of the context that carry a marker; -f narrows to manifests."""
    from fmctl.cli.output import say, warn
    from fmctl.cli.session import open_session, project_of, sources, stdin
    from fmctl.kinds import parse
    from fmctl.report import listing
    from fmctl.sources import read

    if output not in listing.FORMATS:
        msg = f"no output format {output!r}"
        raise UsageError(msg, hint=f"formats: {', '.join(listing.FORMATS)}")
    kind, name = parse(what) if what else (None, None)
    if selector and not filename:
        msg = "labels are in the manifests: -l needs -f"
        raise UsageError(msg)
    project = project_of(filename)
    resources = read(sources(filename, recursive, selector=selector), project, stdin) if filename else ()
    session = open_session(project, context)
    entries: list[Entry] = listing.entries(session, resources, kind, every=every, only_declared=bool(filename))
    if name:
        entries = [entry for entry in entries if name in (entry.id.name, entry.remote_name)]
        if not entries:
            warn(f"{what} is not there")
            return ExitCode.DIFFERENCES
    say(listing.formatted(entries, output))
    return ExitCode.OK
