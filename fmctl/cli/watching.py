"""What ``get --watch`` shows: a table that is rewritten on a terminal, changed lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fmctl.cli.output import columns, redrawn, say, warn
from fmctl.domain.problem import NoAnswer

if TYPE_CHECKING:
    from fmctl.domain.ports import Clock
    from fmctl.domain.resource import ResourceId
    from fmctl.report.listing import Entry

INTERVAL = 2.0
Look = Callable[[], Sequence["Entry"]]


def watch(look: Look, clock: Clock, *, wide: bool) -> None:
    """Show what ``look`` sees until Ctrl-C."""
    try:
        if redrawn(sys.stdout):
            _redraw(look, clock, wide=wide)
        else:
            _reprint(look, clock, wide=wide)
    except KeyboardInterrupt:
        return


def _reprint(look: Look, clock: Clock, *, wide: bool) -> None:
    """Print the table, then each line again that says something new."""
    from fmctl.report.listing import lines

    known: dict[ResourceId, Any] | None = None
    while True:
        entries = _patiently(look)
        if entries is not None:
            head, *rows = lines(entries, columns(), wide=wide)
            if known is None:
                say(head)
                known = {}
            news = {entry.id: _news(entry) for entry in entries}
            for entry, row in zip(entries, rows, strict=True):
                if known.get(entry.id) != news[entry.id]:
                    say(row)
            for id in known.keys() - news.keys():
                say(f"{id}  (gone)")
            known = news
        clock.sleep(INTERVAL)


def _news(entry: Entry) -> tuple[str, ...]:
    """What of an entry is worth a line when it changes: not how long it has run."""
    live = entry.live
    return (live.phase, live.remote_id, live.url, live.message) if live else ()


def _redraw(look: Look, clock: Clock, *, wide: bool) -> None:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    from fmctl.report.listing import lines

    with Live(console=Console(), auto_refresh=False) as screen:
        while True:
            entries = _patiently(look)
            if entries is not None:
                text = "\n".join(lines(entries, columns(), wide=wide)) if entries else "Nothing here yet."
                screen.update(Text(text, no_wrap=True, overflow="ignore"), refresh=True)
            clock.sleep(INTERVAL)


def _patiently(look: Look) -> Sequence[Entry] | None:
    """What is seen; None when the platform did not answer, which is no reason to stop watching."""
    try:
        return look()
    except NoAnswer as error:
        warn(f"still watching: {error.message}")
        return None
