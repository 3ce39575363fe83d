"""``fmctl validate``: every mistake in one run, offline."""

from __future__ import annotations

from fmctl.cli.options import Files, Overlay, Recursive


def validate(filename: Files = None, recursive: Recursive = False, overlay: Overlay = None) -> None:
    """Check manifests offline: every mistake, each with its place."""
    from fmctl.cli.output import say
    from fmctl.cli.session import project_of, sources, stdin
    from fmctl.kinds import KINDS
    from fmctl.load import no_collection
    from fmctl.resolve import order
    from fmctl.sources import check

    named = sources(filename, recursive, overlay)
    with no_collection():
        resources = check(named, project_of(named.filenames), stdin)
        order(resources, KINDS)  # a cycle is a mistake too
    say(f"{len(resources)} resource{'s' if len(resources) != 1 else ''} valid")
