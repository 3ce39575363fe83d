"""The last line of the logs of runs in progress: one call every few seconds for all of them together."""

from __future__ import annotations

from contextlib import suppress
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from fmctl.domain.resource import ResourceId

if TYPE_CHECKING:
    from fmctl.domain.live import Live
    from fmctl.domain.ports import Api

INTERVAL = 5.0
LONG_LOG = 200_000
"""A log of more characters than this is dear to fetch: its run is asked for every RARELY-th time."""
RARELY = 12


class Tail:
    """Asks for one log at a time, in turn, on a thread of its own; whatever fails is not shown."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._phases: dict[ResourceId, str] = {}
        self._runs: dict[ResourceId, Live] = {}
        self._lines: dict[ResourceId, str] = {}
        self._skips: dict[ResourceId, int] = {}
        self._turns: list[ResourceId] = []
        self._lock, self._ended = Lock(), Event()
        self._thread = Thread(target=self._loop, name="fmctl-tail", daemon=True)

    def start(self) -> None:
        """Begin to ask; the first call comes after one interval, so that what is quick costs nothing."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more; a call in flight is not waited for."""
        self._ended.set()

    def watch(self, id: ResourceId, phase: str | None) -> None:
        """A resource is in this phase now; None: it is in progress no more."""
        from fmctl.kinds import RUNS

        if id.kind not in RUNS:
            return
        with self._lock:
            if self._phases.get(id) != phase:
                self._runs.pop(id, None)  # it may be another attempt by now
            if phase is None:
                self._phases.pop(id, None)
            else:
                self._phases[id] = phase

    def line(self, id: ResourceId) -> str:
        """The last line that is known."""
        return self._lines.get(id, "")

    def _loop(self) -> None:
        while not self._ended.wait(INTERVAL):
            with suppress(Exception):
                self.ask()

    def ask(self) -> None:
        """Fetch the log of the one whose turn it is."""
        id = self._next()
        if id is None:
            return
        from fmctl.kinds.training_job import TrainingJob
        from fmctl.report.table import legible

        kind = TrainingJob()
        run = self._runs.get(id)
        if run is None:
            found = kind.runs_of(id.name, self._api)
            if not found:
                return
            run = self._runs[id] = found[-1]
        log = kind.log(run, self._api)
        if len(log) > LONG_LOG:
            self._skips[id] = RARELY
        lines = [line for line in log[-LONG_LOG:].splitlines() if line.strip()]
        if lines:
            self._lines[id] = legible(lines[-1]).strip()

    def _next(self) -> ResourceId | None:
        with self._lock:
            if not self._turns:
                self._turns = list(self._phases)
            for _ in range(len(self._turns)):
                id = self._turns.pop(0)
                self._skips[id] = max(0, self._skips.get(id, 0) - 1)
                if id in self._phases and not self._skips[id]:
                    return id
        return None
