"""``fmctl get``: what there is, as a table or for machines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from fmctl.cli.choices import complete_listing_format
from fmctl.cli.formats import LISTINGS, MACHINE
from fmctl.cli.names import complete_kind_or_address
from fmctl.cli.options import Context, Files, Overlay, Recursive, Selector
from fmctl.domain.problem import ExitCode, UsageError

if TYPE_CHECKING:
    from fmctl.connect import Session
    from fmctl.domain.resource import Resource
    from fmctl.listing import Entry


def get(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[KIND[/NAME]]", help="A kind, or one resource.", autocompletion=complete_kind_or_address
        ),
    ] = None,
    filename: Files = None,
    recursive: Recursive = False,
    output: Annotated[
        str,
        typer.Option("--output", "-o", help="table, wide, json, yaml, name.", autocompletion=complete_listing_format),
    ] = "table",
    every: Annotated[bool, typer.Option("--all", "-A", help="Also what carries no marker of a set.")] = False,
    selector: Selector = None,
    overlay: Overlay = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on, and print what changes, until Ctrl-C.")] = False,
    context: Context = None,
) -> int:
    """List what carries a marker in this context.

    Of every set, unless -f narrows it to manifests.
    """
    from fmctl.cli.output import columns, fail, say, warn
    from fmctl.cli.session import open_session, project_of
    from fmctl.kinds import parse
    from fmctl.listing import entries
    from fmctl.report.listing import formatted

    _check(output, watch=watch)
    kind, name = parse(what) if what else (None, None)
    project = project_of(filename)
    resources = _declared(filename, recursive, overlay, selector)
    session = open_session(project, context)

    def look() -> list[Entry]:
        declared = resources if filename else None
        return entries(session, kind, name, declared=declared, every=every, whole=output in MACHINE)

    if watch:
        return _watch(look, session, resources, wide=output == "wide")
    found = look()
    if name and not found:
        fail(f"{what} is not there", None if every else "fmctl get -A also lists what carries no marker of a set")
        return ExitCode.DIFFERENCES
    if found or output in MACHINE:
        say(formatted(found, output, session.clock.now(), columns()))
    else:
        warn("Nothing here.")
    return ExitCode.OK


def _check(output: str, *, watch: bool) -> None:
    if output not in LISTINGS:
        msg = f"no output format {output!r}"
        raise UsageError(msg, hint=f"formats: {', '.join(LISTINGS)}")
    if watch and output not in ("table", "wide"):
        msg = f"--watch prints a table, not {output}"
        raise UsageError(msg, hint="-o table or wide; `fmctl apply --json` is the stream for machines")


def _declared(
    filename: list[str] | None, recursive: bool, overlay: str | None, selector: str | None
) -> tuple[Resource, ...]:
    """The resources of ``-f`` that the selector leaves."""
    from fmctl.cli.session import project_of, sources, stdin
    from fmctl.sources import matches, read

    if selector and not filename:
        msg = "labels are in the manifests: -l needs -f"
        raise UsageError(msg, hint=f"for example `fmctl get -f manifests/ -l {selector}`")
    if not filename:
        return ()
    resources = read(sources(filename, recursive, overlay), project_of(filename), stdin)
    return tuple(r for r in resources if selector is None or matches(r, selector))


def _watch(
    look: Callable[[], list[Entry]], session: Session, resources: tuple[Resource, ...], *, wide: bool
) -> ExitCode:
    """Look again and again; runs that are seen to have ended get their receipts."""
    from fmctl.cli.watching import watch
    from fmctl.receipts import write_receipts

    def seen() -> list[Entry]:
        entries = look()
        write_receipts([run for entry in entries for run in entry.runs], session, resources)
        return entries

    watch(seen, session.clock, wide=wide)
    return ExitCode.OK
