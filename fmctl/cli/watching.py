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
    from fmctl.listing import Entry

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
        entries, trouble = _patiently(look)
        if trouble:
            warn(trouble)
        if entries is not None:
            head, *rows = lines(entries, clock.now(), columns(), wide=wide)
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
    """Paint the table over itself, as much of it as the terminal holds."""
    from fmctl.cli.painting import Region
    from fmctl.report.listing import lines

    region, shown = Region(sys.stdout), ["Nothing here yet."]
    while True:
        entries, trouble = _patiently(look)
        width, height = region.size()
        if entries:
            shown = lines(entries, clock.now(), width, wide=wide)
        region.paint(fitting([*shown, *([trouble] if trouble else [])], height))
        clock.sleep(INTERVAL)


def fitting(lines: Sequence[str], height: int) -> Sequence[str]:
    """The lines that a screen has room for, and how many there are more."""
    room = max(1, height - 2)
    return lines if len(lines) <= room else [*lines[:room], f"… and {len(lines) - room} more"]


def _patiently(look: Look) -> tuple[Sequence[Entry] | None, str]:
    """What is seen; nothing and why when the platform did not answer, which is no reason to stop watching."""
    try:
        return look(), ""
    except NoAnswer as error:
        return None, f"still watching: {error.message}"
