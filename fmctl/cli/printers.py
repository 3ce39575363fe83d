"""Which printer fits where the output goes."""

from __future__ import annotations

from fmctl.cli.progress import JsonPrinter, Printer


def printer(json_events: bool, *, full: bool) -> Printer:
    """The printer that fits where the output goes."""
    if json_events:
        return JsonPrinter()
    import sys

    from fmctl.cli.output import redrawn

    if not redrawn(sys.stderr):
        return Printer(full)
    from fmctl.cli.live import LivePrinter

    return LivePrinter(full)
