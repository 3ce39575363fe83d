"""A launcher without processes, for tests: instances become ready, fail or crash as a script says, by the given clock.

launcher = ScriptedLauncher(clock)
launcher.scripts["broken"] = Script(fails="ImportError: no module named torch")
sandbox = Sandbox(folder, clock=clock, components=[Publishing, partial(Serving, launcher=launcher)])
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field

from fmctl.sandbox.clock import Clock
from fmctl.sandbox.serving.instances import (
    Answer,
    InstanceLost,
    InstanceSpec,
    InstanceState,
    InstanceTooSlow,
    Query,
    Usage,
)


@dataclass(frozen=True, slots=True)
class Script:
    """How the instances of a model behave."""

    ready_after: float = 0.0  # seconds until the health check passes, or until the model cannot be loaded
    fails: str = ""  # what the model says when it cannot be loaded
    crashes_after: float = math.inf  # seconds of being ready until it ends without a word
    sickens_after: float = math.inf  # seconds of being ready until its health check fails for good
    dies: bool = False  # ends while it starts, without a word
    unhealthy: bool = False  # its health check never passes
    slow: bool = False  # never answers in time
    answer: Answer | None = None  # otherwise it says who it is and what it was asked


@dataclass(slots=True, eq=False)
class ScriptedInstance:
    """One scripted instance."""

    spec: InstanceSpec
    script: Script
    clock: Clock
    born: float
    ready_since: float = math.inf  # when somebody first saw it ready
    ended: bool = False
    held: int = 0
    stopping: bool = False

    @property
    def error(self) -> str:
        """What the script says."""
        return self.script.fails or ("its health check fails" if self.script.unhealthy else "")

    def state(self) -> InstanceState:
        """Where the script is now."""
        now = self.clock.now()
        if self.ended or now - self.ready_since >= self.script.crashes_after:
            return InstanceState.ENDED
        if self.script.unhealthy or now - self.ready_since >= self.script.sickens_after:
            return InstanceState.UNHEALTHY
        if now - self.born < self.script.ready_after:
            return InstanceState.STARTING
        if self.script.fails or self.script.dies:
            return InstanceState.ENDED
        self.ready_since = min(self.ready_since, now)
        return InstanceState.READY

    def send(self, query: Query, timeout: float) -> Answer:
        """The scripted answer."""
        if self.state() is not InstanceState.READY:
            raise InstanceLost
        if self.script.slow:
            raise InstanceTooSlow
        said = {
            "model": self.spec.model_id,
            "path": query.path,
            "got": query.body.decode(),
            "headers": [*query.headers],
        }
        return self.script.answer or Answer(200, "application/json", json.dumps(said).encode())

    def usage(self) -> Usage:
        """A round figure."""
        return Usage(cpu_cores=0.5, memory_mb=100)

    def hold(self) -> None:
        """One request more."""
        self.held += 1

    def release(self) -> None:
        """One request less."""
        self.held -= 1
        self.ended = self.ended or (self.stopping and not self.held)

    def stop(self) -> None:
        """Gone at once, unless a request is on its way."""
        self.stopping = True
        self.ended = self.ended or not self.held

    def kill(self) -> None:
        """Gone at once; also what a test calls for a crash."""
        self.ended = True


@dataclass(slots=True)
class ScriptedLauncher:
    """Starts scripted instances and remembers all of them, in order. Scripts go by model id, or else by model name."""

    clock: Clock
    scripts: dict[str, Script] = field(default_factory=dict)
    started: list[ScriptedInstance] = field(default_factory=list)

    def start(self, spec: InstanceSpec) -> ScriptedInstance:
        """The next instance of the model."""
        script = self.scripts.get(spec.model_id) or self.scripts.get(spec.model_name) or Script()
        return self.play(spec, script)

    def play(self, spec: InstanceSpec, script: Script) -> ScriptedInstance:
        """An instance with a script of its own."""
        instance = ScriptedInstance(spec, script, self.clock, self.clock.now())
        self.started.append(instance)
        return instance

    def alive(self) -> list[ScriptedInstance]:
        """Those that have not ended."""
        return [instance for instance in self.started if not instance.ended]
