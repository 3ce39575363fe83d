"""The judge: the whole platform in memory on two ports of loopback, and the record of what was asked of it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from .account import ACCOUNT
from .faults import Effect, Fault
from .identity import Identity
from .jobs import Jobs
from .models import Models
from .objects import Objects
from .routes import answered
from .rules import Rules
from .services import Services
from .switches import Switches
from .wire import Connection, Door, Refused, Reply, Request, shown

CREATIONS = {"jobs": r"/training-jobs$", "models": r"/models$", "services": r"/services$"}
"""The paths of the calls that make something."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that came in."""

    side: str
    method: str
    path: str
    query: dict[str, str]
    body: Any
    at: float

    @property
    def writes(self) -> bool:
        """Whether it changes something on ModelArts."""
        return self.side == "modelarts" and self.method != "GET" and not self.path.endswith("/training-job-searches")


class Judge:
    """A strict ModelArts, IAM and OBS."""

    def __init__(self) -> None:
        self.switches, self.rules = Switches(), Rules()
        self.jobs = Jobs(self.switches, self.rules)
        self.models = Models(self.switches, self.rules)
        self.services = Services(self.switches, self.rules, self.models)
        self.objects = Objects()
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self._identity = Identity(self.rules)
        self._routes = [*self.jobs.routes(), *self.models.routes(), *self.services.routes()]
        self._lock = threading.RLock()
        self._doors = {side: Door(side, self._handle) for side in ("modelarts", "obs")}
        self.services.address = self.endpoint
        for door in self._doors.values():
            threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def endpoint(self) -> str:
        """The URL of ModelArts and IAM."""
        return self._doors["modelarts"].address

    @property
    def obs_endpoint(self) -> str:
        """The URL of OBS."""
        return self._doors["obs"].address

    def close(self) -> None:
        """Stop listening."""
        for door in self._doors.values():
            door.shutdown()
            door.server_close()

    # ------------------------------------------------------------ what tests ask

    @property
    def posted(self) -> tuple[int, int, int]:
        """How many jobs, models and services clients made."""
        return self.jobs.posted, self.models.posted, self.services.posted

    def asked(self, method: str, path: str, since: int = 0) -> list[Call]:
        """The calls of a method and a path, from the nth call on."""
        return [call for call in self.calls[since:] if call.method == method and re.search(path, call.path)]

    def writes(self, since: int = 0) -> list[str]:
        """The calls that changed something, from the nth call on."""
        return [f"{call.method} {call.path}" for call in self.calls[since:] if call.writes]

    def fault(
        self, method: str, path: str, effect: Effect, *, carried_out: bool = True, nth: Collection[int] = (1,)
    ) -> None:
        """Let calls go wrong; with an empty ``nth`` all of them."""
        self.faults.append(Fault(method, re.compile(path), effect, carried_out, nth))

    # ------------------------------------------------------------ one call

    def _handle(self, connection: Connection, request: Request) -> None:
        with self._lock:
            self.calls.append(_call(request))
            fault = self._fault(request)
        answer = self._answer(request) if fault is None or fault.carried_out else Reply()
        if fault:
            fault.effect(connection, answer)
        else:
            connection.send(answer)

    def _fault(self, request: Request) -> Fault | None:
        if request.side == "obs" or request.path.startswith("/v3"):
            return None
        return next((fault for fault in self.faults if fault.hits(request)), None)

    def _answer(self, request: Request) -> Reply:
        try:
            with self._lock:
                return self.objects.answer(request) if request.side == "obs" else self._modelarts(request)
        except Refused as refusal:
            return refusal.reply()
        except Exception as error:
            self.rules.violations.append(f"no answer to {request.method} {request.path}: {error!r}")
            return shown({"error_code": "ModelArts.0010", "error_msg": repr(error)}, 500)

    def _modelarts(self, request: Request) -> Reply:
        if request.path == "/v3/auth/tokens":
            return self._identity.token(request)
        self._identity.check(request)
        if request.path == "/v3/projects":
            return self._identity.projects(request)
        if request.body and not request.headers.get("Content-Type", "").startswith("application/json"):
            raise Refused(400, "2787", "The body has to be JSON.")
        return answered(self._routes, request, ACCOUNT.project, self.rules)


def _call(request: Request) -> Call:
    body: Any = request.body
    if request.side == "modelarts" and request.body:
        body = json.loads(request.body)
    return Call(request.side, request.method, request.path, request.query, body, request.at)
