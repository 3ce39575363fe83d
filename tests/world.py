"""fmctl connected to a sandbox in the same process: no sockets, no sleeping, no processes.

Time is one clock for both sides; it passes only when fmctl sleeps, and the sandbox lives through it in small steps.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from fmctl import workflow
from fmctl.connect import Session
from fmctl.domain.event import Event, Outcome
from fmctl.domain.plan import Plan
from fmctl.domain.ports import StoredObject
from fmctl.domain.resource import Resource
from fmctl.execute import Limits
from fmctl.ledger import Ledger
from fmctl.load import load_text
from fmctl.modelarts.auth import AkSkAuth
from fmctl.modelarts.client import Client
from fmctl.sandbox import Sandbox, ScriptedRunner, VirtualClock
from fmctl.sandbox.models.publishing import Publishing
from fmctl.sandbox.serving.deployments import Serving
from fmctl.sandbox.serving.scripted import ScriptedLauncher
from fmctl.sandbox.training.jobs import Training
from fmctl.settings import Context, Project
from fmctl.sources import Sources, read

SET = "demo"
STEPS = 8
"""In how many steps a pause passes, so that the sandbox can do several things in it."""
CREDENTIALS = {
    "access_key": "SANDBOXTESTKEY",
    "secret_key": "test-only",
    "user": "tester",
    "password": "test-only",
    "domain": "testers",
    "project_id": "0" * 31 + "1",
    "domain_id": "0" * 31 + "2",
    "user_id": "0" * 31 + "3",
}
MODEL_CONFIG = {"model_type": "PyTorch", "apis": [{"url": "/", "method": "post"}]}


class SharedClock:
    """Implements ``domain.ports.Clock`` on the sandbox's clock."""

    def __init__(self, sandbox: Sandbox, clock: VirtualClock) -> None:
        self._sandbox, self._clock = sandbox, clock

    def now(self) -> float:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        for _ in range(STEPS):
            self._clock.advance(seconds / STEPS)
            self._sandbox.tick()


class SandboxStore:
    """Implements ``domain.ports.ObjectStore`` on the sandbox's objects, without HTTP in between."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._objects = sandbox.objects

    def list(self, url: str) -> Sequence[StoredObject]:
        bucket, prefix = _split(url)
        if not self._objects.has_bucket(bucket):
            return []
        return [StoredObject(info.key, info.size, f'"{info.etag}"') for info in self._objects.walk(bucket, prefix)]

    def read(self, url: str) -> bytes | None:
        bucket, key = _split(url)
        return self._objects.get(bucket, key) if self._objects.head(bucket, key) else None

    def write(self, url: str, content: bytes) -> None:
        self._objects.put(*_split(url), content)

    def upload(self, url: str, files: Iterable[tuple[str, str]]) -> None:
        for name, path in files:
            self.write(url + name, Path(path).read_bytes())

    def download(self, url: str, folder: str) -> int:
        return self._objects.download_tree(*_split(url), Path(folder))

    def ensure_bucket(self, bucket: str) -> None:
        self._objects.create_bucket(bucket)


def _split(url: str) -> tuple[str, str]:
    bucket, _, key = url.removeprefix("obs://").partition("/")
    return bucket, key


class MemoryFacts:
    """Implements ``ledger.WritableFacts`` in a dict."""

    def __init__(self) -> None:
        self.facts: dict[str, Mapping[str, Any]] = {}

    def names(self) -> Sequence[str]:
        return sorted(self.facts)

    def read(self, name: str) -> Mapping[str, Any] | None:
        return self.facts.get(name)

    def write(self, name: str, fact: Mapping[str, Any]) -> None:
        self.facts.setdefault(name, fact)

    def check_writable(self) -> None:
        return None


class Recorder(httpx.BaseTransport):
    """Passes requests on and remembers them; ``broken`` may spoil the answer of a request that was carried out."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner
        self.requests: list[httpx.Request] = []
        self.broken: Sequence[Breakage] = ()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        response = self.inner.handle_request(request)
        for breakage in self.broken:
            if breakage.fits(request):
                return breakage.spoil(request)
        return response

    def count(self, method: str, end: str) -> int:
        """How many requests of ``method`` had a path with this end."""
        return sum(r.method == method and r.url.path.endswith(end) for r in self.requests)


@dataclass
class Breakage:
    """The first ``times`` answers to ``method`` requests whose path ends with ``end`` are lost in one ``way``."""

    method: str
    end: str
    way: str
    times: int = 1

    def fits(self, request: httpx.Request) -> bool:
        fits = self.times > 0 and request.method == self.method and request.url.path.endswith(self.end)
        self.times -= fits
        return fits

    def spoil(self, request: httpx.Request) -> httpx.Response:
        if self.way == "reset":
            msg = "connection reset by peer"
            raise httpx.ReadError(msg, request=request)
        if self.way == "timeout":
            msg = "timed out"
            raise httpx.ReadTimeout(msg, request=request)
        if self.way == "garbage":
            return httpx.Response(200, content=b"<html>welcome to the captive portal</html>", request=request)
        return httpx.Response(502, content=b"<html>Bad Gateway</html>", request=request)


@dataclass
class World:
    """One sandbox and one set; every call of ``plan`` is a new run of fmctl."""

    sandbox: Sandbox
    clock: VirtualClock
    runner: ScriptedRunner
    launcher: ScriptedLauncher
    transport: Recorder
    secrets: dict[str, str] = field(default_factory=dict)
    facts: MemoryFacts = field(default_factory=MemoryFacts)
    project: Project = field(default_factory=lambda: _project())
    parallelism: int = 1

    def session(self) -> Session:
        clock = SharedClock(self.sandbox, self.clock)
        owner = self.sandbox.credentials
        auth = AkSkAuth(owner.access_key, owner.secret_key, clock=clock)
        api = Client("http://127.0.0.1", owner.project_id, auth=auth, clock=clock, transport=self.transport)
        state = str(self.sandbox.state_dir)
        context = Context("sandbox", api.endpoint, code_prefix="obs://fmctl-sandbox/code/", state_dir=state)
        ledger = Ledger.from_facts(self.facts, clock)
        store = SandboxStore(self.sandbox)
        return Session(context, self.project, api, store, self.facts, ledger, clock, self._secret)

    def _secret(self, source: Mapping[str, Any]) -> str | None:
        return self.secrets.get(str(source.get("env")))

    def read(self, path: Path) -> tuple[Resource, ...]:
        return read(Sources((str(path),)), self.project)

    def plan(self, resources: Sequence[Resource], *, prune: bool = False) -> tuple[Plan, Session]:
        session = self.session()
        return workflow.make_plan(resources, session, workflow.Choice(prune, self.parallelism, whole=True)), session

    def apply(
        self, resources: Sequence[Resource], limits: Limits | None = None, events: list[Event] | None = None
    ) -> list[Outcome]:
        """A whole ``fmctl apply`` without its command line."""
        plan, session = self.plan(resources)
        emit = [].append if events is None else events.append
        return workflow.apply(plan, session, limits or Limits(self.parallelism), emit)

    def put(self, url: str, text: str) -> None:
        """An object that is there before anything happens."""
        with self.sandbox.store.background():
            self.sandbox.objects.put(*_split(url), text.encode())


def _project() -> Project:
    return Project(Path(), SET, document=load_text(f"set: {SET}", "fmctl.yaml")[0])


@contextmanager
def new_world(folder: Path) -> Iterator[World]:
    """A sandbox with some code and a model folder in its bucket, and nothing else."""
    state = folder / "sandbox"
    state.mkdir(parents=True)
    (state / "credentials.json").write_text(json.dumps(CREDENTIALS))
    clock, runner = VirtualClock(), ScriptedRunner()
    launcher = ScriptedLauncher(clock)
    components = [Training, Publishing, partial(Serving, launcher=launcher)]
    sandbox = Sandbox(state, clock=clock, runner=runner, jobs_at_once=100, components=components)
    world = World(sandbox, clock, runner, launcher, Recorder(httpx.WSGITransport(sandbox.wsgi)))
    world.put("obs://fmctl-demo/code/train.py", "print('hello')\n")
    world.put("obs://fmctl-demo/digits/model/config.json", json.dumps(MODEL_CONFIG))
    world.put("obs://fmctl-demo/digits/model/customize_service.py", "class Digits: ...\n")
    try:
        yield world
    finally:
        sandbox.close()
