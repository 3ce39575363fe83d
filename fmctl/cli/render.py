"""``fmctl render``: the manifests as they will be validated."""

from __future__ import annotations

from fmctl.cli.options import Files, Overlay, Recursive, Selector


def render(
    filename: Files = None, recursive: Recursive = False, overlay: Overlay = None, selector: Selector = None
) -> None:
    """Print the manifests with defaults and overlay merged in.

    As YAML, in the order of doing; offline. Relative paths are those of the original files.
    """
    from fmctl.cli.output import say
    from fmctl.cli.session import project_of, sources, stdin
    from fmctl.kinds import KINDS
    from fmctl.report.rendering import rendered
    from fmctl.resolve import order
    from fmctl.sources import check, matches

    named = sources(filename, recursive, overlay)
    resources = order(check(named, project_of(named.filenames), stdin), KINDS)
    say(rendered(r for r in resources if selector is None or matches(r, selector)))
