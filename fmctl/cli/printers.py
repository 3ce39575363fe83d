"""Which printer fits where the output goes."""

from __future__ import annotations

from fmctl.cli.progress import JsonPrinter, Printer


def printer(json_events: bool, *, full: bool) -> Printer:
    """The printer that fits where the output goes."""
    if json_events:
        return JsonPrinter()
    import os
    import sys

    from fmctl.cli.output import redrawn

    if not redrawn(sys.stderr) or os.environ.get("FMCTL_LOG"):  # a log between would be painted over
        return Printer(full)
    from fmctl.cli.live import LivePrinter

    return LivePrinter(full)
