"""The launcher that plays the instances of services that the script names and really starts all others."""

from __future__ import annotations

import math
from collections.abc import Callable

from fmctl.sandbox.clock import Clock
from fmctl.sandbox.script.cases import Casting, ServiceCase, ServiceOutcome
from fmctl.sandbox.serving.instances import Answer, Instance, InstanceSpec, Launcher
from fmctl.sandbox.serving.scripted import Script, ScriptedLauncher

CONCERNING_AFTER = 5.0  # seconds that a service does well first: only one that was deployed can be concerning

NameOf = Callable[[str], str]
"""The name of the service with an id."""


class CastLauncher:
    """A scripted launcher and a real one. Each model of a service, or version of a deployment, takes the next case."""

    def __init__(self, casting: Casting[ServiceCase], real: Launcher, clock: Clock, name_of: NameOf) -> None:
        self._casting = casting
        self._real = real
        self._played = ScriptedLauncher(clock)
        self._name_of = name_of

    def start(self, spec: InstanceSpec) -> Instance:
        case = self._casting.case(f"{spec.service_id} {spec.model_id}", self._name_of(spec.service_id))
        return self._played.play(spec, script_of(case)) if case else self._real.start(spec)


def script_of(case: ServiceCase) -> Script:
    """A case in the words of scripted instances."""
    failed, concerning = (case.outcome is one for one in (ServiceOutcome.FAILED, ServiceOutcome.CONCERNING))
    return Script(
        ready_after=case.start,
        fails=(case.message or "the script fails this service") if failed else "",
        crashes_after=case.crash_after,
        sickens_after=CONCERNING_AFTER if concerning else math.inf,
        answer=None if case.answer is None else Answer(200, "application/json", case.answer),
    )
