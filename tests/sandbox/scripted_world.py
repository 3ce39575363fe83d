"""A sandbox whose services are scripted: no processes, and time moves only when a test moves it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

import httpx

from fmctl.sandbox import Sandbox, VirtualClock
from fmctl.sandbox.account import Account, Component
from fmctl.sandbox.clock import Clock
from fmctl.sandbox.serving.scripted import ScriptedLauncher

from .conftest import anonymous, login


class ScriptedWorld:
    """Short names for what tests of services do all the time; each generation of the API has its own."""

    version: ClassVar[str]

    def __init__(self, folder: Path, clock: VirtualClock, wall: Clock | None = None) -> None:
        self.folder = folder
        self.clock = clock
        self.wall = wall
        self.launcher = ScriptedLauncher(clock)
        self.start()

    def components(self) -> Sequence[Callable[[Account], Component]]:
        """What the sandbox consists of."""
        raise NotImplementedError

    def start(self) -> None:
        self.sandbox = Sandbox(self.folder, clock=self.clock, wall=self.wall, components=self.components())
        self.client = anonymous(self.sandbox)
        answer = self.client.post("/v3/auth/tokens", json=login(self.sandbox))
        self.client.headers["X-Auth-Token"] = answer.headers["X-Subject-Token"]

    def close(self) -> None:
        self.client.close()
        self.sandbox.close()

    def restart(self) -> None:
        self.close()
        self.start()

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
        url = f"/{self.version}/{self.sandbox.credentials.project_id}/{path}"
        return self.client.request(method, url, json=body, params=query)

    def advance(self, seconds: float = 1.0) -> None:
        self.clock.advance(seconds)
        self.sandbox.tick()

    def predict(self, service_id: str, body: Any = None, path: str = "", **headers: str) -> httpx.Response:
        return self.client.post(f"/{self.version}/infers/{service_id}{path}", json=body, headers=headers)

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, clock: VirtualClock) -> Iterator[Self]:
        """A world that is closed when the block ends."""
        world = cls(folder, clock)
        try:
            yield world
        finally:
            world.close()
