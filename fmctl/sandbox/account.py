"""What every part of the sandbox is given: one account's store, objects, clock and credentials, and the other parts.

Parts with a life of their own (training jobs, services) are components. They are told when the sandbox starts
(`recover`), whenever time may have passed (`tick`) and when it ends (`close`), and are found by their class:
`account.part(Training)`.
"""

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from fmctl.sandbox.clock import Clock, SystemClock
from fmctl.sandbox.credentials import load_or_create
from fmctl.sandbox.objects import Objects
from fmctl.sandbox.process_runner import ProcessRunner
from fmctl.sandbox.runner import Runner
from fmctl.sandbox.store import Store

ACCOUNT_BUCKETS = ("fmctl-demo", "fmctl-sandbox")


class Component(Protocol):
    """A part of the sandbox that changes by itself as time passes."""

    def recover(self) -> None:
        """Called once, before the first request: put right what the last process left behind."""

    def tick(self) -> None:
        """Called at every request and every 0.1 s by the server; must return at once."""

    def close(self) -> None:
        """Called once: end processes and threads."""


C = TypeVar("C")


class Account:
    """One account of a ModelArts, kept in `state_dir`."""

    def __init__(
        self,
        state_dir: Path,
        *,
        components: Sequence[Callable[["Account"], Component]],
        clock: Clock | None = None,
        wall: Clock | None = None,
        runner: Runner | None = None,
        jobs_at_once: int | None = None,
        require_authorization: bool = False,
    ) -> None:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.state_dir = state_dir = state_dir.resolve()  # jobs run elsewhere, and get paths below it
        self.clock = clock or SystemClock()
        self.wall = wall or self.clock
        """The time that callers live in, by which signatures, links and tokens are good; `clock` may be ahead of it."""
        self.credentials = load_or_create(state_dir / "credentials.json")
        self.store = Store(state_dir / "sandbox.sqlite")
        self.objects = Objects(self.store, state_dir / "objects", self.clock)
        self.runner = runner or ProcessRunner(self.objects, state_dir / "jobs")
        self.jobs_at_once = jobs_at_once or max(os.cpu_count() or 0, 2)
        self.require_authorization = require_authorization
        """Whether ModelArts must have been given an agency before it runs anything."""
        self.endpoint = "http://127.0.0.1"
        """Where this sandbox is reached; the server sets it when it knows its port."""
        self._ticking = threading.Lock()
        self._components: list[Component] = []
        with self.store.background():
            for bucket in ACCOUNT_BUCKETS:
                self.objects.create_bucket(bucket)
            for make in components:
                component = make(self)
                self._components.append(component)
                component.recover()

    def part(self, kind: type[C]) -> C:
        """The component of this class."""
        return next(component for component in self._components if isinstance(component, kind))

    def tick(self) -> None:
        """Let what time advances advance. A second thread does not wait for one that is at it."""
        if not self._ticking.acquire(blocking=False):
            return
        try:
            self._tick()
        finally:
            self._ticking.release()

    def tick_after(self, move: Callable[[], object]) -> None:
        """Move time, and let what it advances advance before anybody else does."""
        with self._ticking:
            move()
            self._tick()

    def close(self) -> None:
        """End every job and service, then the store."""
        with self._ticking, self.store.background():
            for component in reversed(self._components):
                component.close()
            self.store.close()

    def _tick(self) -> None:
        with self.store.background():
            for component in self._components:
                component.tick()
