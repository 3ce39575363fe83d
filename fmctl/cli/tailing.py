"""The last line that is known of everything in progress: of its log, or of its events while it has none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from fmctl.domain.resource import ResourceId

if TYPE_CHECKING:
    from fmctl.domain.live import Live
    from fmctl.domain.ports import Api

ROUND, QUICKEST = 5.0, 1.0
"""Seconds in which all are asked for once, and between two calls at least."""
LONG_LOG = 200_000
"""A log of more characters than this is dear to fetch: its run is asked for every RARELY-th time."""
RARELY = 12


class Tail:
    """Asks for one thing at a time, in turn, on a thread of its own; whatever fails is not shown.

    ``most`` says how many there is room for: the first of them are asked for.
    """

    def __init__(self, api: Api, most: Callable[[], int] = lambda: 20) -> None:
        self._api, self._most = api, most
        self._phases: dict[ResourceId, str] = {}
        self._lives: dict[ResourceId, Live] = {}
        self._lines: dict[ResourceId, str] = {}
        self._skips: dict[ResourceId, int] = {}
        self._turns: list[ResourceId] = []
        self._lock, self._ended = Lock(), Event()
        self._thread = Thread(target=self._loop, name="fmctl-tail", daemon=True)

    def start(self) -> None:
        """Begin to ask; the first call comes after a while, so that what is quick costs nothing."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more; a call in flight is not waited for."""
        self._ended.set()

    def watch(self, id: ResourceId, phase: str | None) -> None:
        """A resource is in this phase now; None: it is in progress no more."""
        if id.kind == "ModelVersion":  # it has neither log nor events
            return
        with self._lock:
            if self._phases.get(id) != phase:
                self._lives.pop(id, None)  # it may be another attempt by now
                self._lines.pop(id, None)
            if phase is None:
                self._phases.pop(id, None)
            else:
                self._phases[id] = phase

    def line(self, id: ResourceId) -> str:
        """The last line that is known."""
        return self._lines.get(id, "")

    def _loop(self) -> None:
        while not self._ended.wait(max(QUICKEST, ROUND / max(1, len(self._phases)))):
            with suppress(Exception):
                self.ask()

    def ask(self) -> None:
        """Ask about the one whose turn it is."""
        id = self._next()
        live = self._found(id) if id else None
        if id is None or live is None:
            return
        from fmctl.report.table import legible

        text = self._log(id, live) or self._event(live)
        if text:
            self._lines[id] = legible(text).strip()

    def _found(self, id: ResourceId) -> Live | None:
        """The object as it was when it came into this phase; looked for once."""
        from fmctl.kinds import KINDS

        if id not in self._lives:
            found = list(KINDS[id.kind].find(id.name, None, self._api))
            if found:
                self._lives[id] = found[-1]
        return self._lives.get(id)

    def _log(self, id: ResourceId, live: Live) -> str:
        """The last line of what a run writes; nothing before it has started, and after its end."""
        from fmctl.kinds import RUNS
        from fmctl.kinds.training_job import TrainingJob

        if id.kind not in RUNS or not live.started or not live.active:
            return ""
        log = TrainingJob().log(live, self._api)
        if len(log) > LONG_LOG:
            self._skips[id] = RARELY
        return next((line for line in reversed(log[-LONG_LOG:].splitlines()) if line.strip()), "")

    def _event(self, live: Live) -> str:
        """The newest event, which says what a run in a queue or a service on its way waits for."""
        from fmctl.kinds.records import events

        found = events(live, self._api)
        return found[-1].message if found else ""

    def _next(self) -> ResourceId | None:
        with self._lock:
            if not self._turns:
                self._turns = list(self._phases)[: self._most()]
            for _ in range(len(self._turns)):
                id = self._turns.pop(0)
                self._skips[id] = max(0, self._skips.get(id, 0) - 1)
                if id in self._phases and not self._skips[id]:
                    return id
        return None
