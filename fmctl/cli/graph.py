"""``fmctl graph``: what needs what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from fmctl.cli.choices import complete_graph_format
from fmctl.cli.options import Context, Files, Overlay, Recursive
from fmctl.domain.problem import UsageError

if TYPE_CHECKING:
    from fmctl.domain.resource import Resource, ResourceId
    from fmctl.settings import Project


def graph(
    filename: Files = None,
    recursive: Recursive = False,
    output: Annotated[
        str, typer.Option("--output", "-o", help="text, mermaid, dot.", autocompletion=complete_graph_format)
    ] = "text",
    overlay: Overlay = None,
    live: Annotated[bool, typer.Option("--live", help="With the health of each; this one asks the platform.")] = False,
    context: Context = None,
) -> None:
    """Show what needs what; offline, unless --live."""
    from fmctl.cli.output import say
    from fmctl.cli.session import project_of, sources, stdin
    from fmctl.kinds import KINDS
    from fmctl.report.graph import FORMATS
    from fmctl.resolve import order
    from fmctl.sources import check, read

    if output not in FORMATS:
        msg = f"no output format {output!r}"
        raise UsageError(msg, hint=f"formats: {', '.join(FORMATS)}")
    named = sources(filename, recursive, overlay)
    project = project_of(named.filenames)
    if live:
        resources = read(named, project, stdin)
        notes = _health(resources, project, context)
    else:
        resources = tuple(order(check(named, project, stdin), KINDS))
        notes = {}
    say(FORMATS[output](resources, notes))


def _health(resources: Sequence[Resource], project: Project, context: str | None) -> Mapping[ResourceId, str]:
    from fmctl.cli.session import open_session
    from fmctl.domain.live import Health
    from fmctl.listing import entries

    found = entries(open_session(project, context), declared=resources)
    return {entry.id: str(entry.live.health if entry.live else Health.MISSING) for entry in found}
