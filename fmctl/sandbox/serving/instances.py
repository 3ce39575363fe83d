"""What serving needs from a running instance of a model, and who may start one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from fmctl.sandbox.models.config import Health


class InstanceState(StrEnum):
    """Where an instance is in its life."""

    STARTING = "starting"
    READY = "ready"  # loaded, and its health check passes
    UNHEALTHY = "unhealthy"  # its health check failed as often as the model allows
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class InstanceSpec:
    """What to start. Two equal specs answer alike."""

    service_id: str
    model_id: str
    model_name: str
    model_type: str
    folder: Path  # the downloaded model/ folder
    log: Path
    api_method: str = "POST"
    health: Health = field(default_factory=Health)
    envs: Mapping[str, str] = field(default_factory=dict)
    command: str = ""  # brings its own server, which listens on $PORT; then there is no model to load
    port: int = 0  # of the container that the command was written for, if it names one


@dataclass(frozen=True, slots=True)
class Query:
    """A prediction request, stripped of what only the gateway may see."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Usage:
    """What an instance takes from the machine."""

    cpu_cores: float = 0.0
    memory_mb: int = 0


class InstanceLost(Exception):
    """The instance went away before it answered."""


class InstanceTooSlow(Exception):
    """The instance did not answer in time."""


class Instance(Protocol):
    """One copy of a model, somewhere."""

    @property
    def error(self) -> str:
        """Why it could not start, in its own words; empty when it had none."""

    def state(self) -> InstanceState:
        """Its state now, without waiting."""

    def send(self, query: Query, timeout: float) -> Answer:
        """Ask it. Raises InstanceLost or InstanceTooSlow."""

    def usage(self) -> Usage:
        """What it uses now."""

    def hold(self) -> None:
        """A request is on its way to it: it may not end before `release`."""

    def release(self) -> None:
        """That request was answered."""

    def stop(self) -> None:
        """Ask it to end when nothing holds it any more; it is gone when its state is ENDED."""

    def kill(self) -> None:
        """End it at once, with everything it started."""


class Launcher(Protocol):
    """Starts instances."""

    def start(self, spec: InstanceSpec) -> Instance:
        """A new instance, not yet ready."""
