"""Puts what plays a script in the places of the real parts of a sandbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fmctl.sandbox import parts
from fmctl.sandbox.account import Account, Component
from fmctl.sandbox.models.publishing import Publishing
from fmctl.sandbox.script.cases import Casting, Script
from fmctl.sandbox.script.models import CastPublishing
from fmctl.sandbox.script.services import CastLauncher
from fmctl.sandbox.script.training import CastTraining
from fmctl.sandbox.services_v2.state import SERVICES_V2
from fmctl.sandbox.services_v2.supervision import ServicesV2
from fmctl.sandbox.serving.deployments import Serving
from fmctl.sandbox.serving.launcher import ProcessLauncher
from fmctl.sandbox.serving.state import SERVICES
from fmctl.sandbox.training.jobs import Training

Make = Callable[[Account], Component]
NAMES: Mapping[str, str] = {SERVICES: "service_name", SERVICES_V2: "name"}


def components(script: Script) -> Sequence[Make]:
    """The components of a sandbox that follows a script."""
    jobs, models, services = Casting(script.jobs), Casting(script.models), Casting(script.services)

    def training(account: Account) -> Component:
        return CastTraining(account, jobs)

    def publishing(account: Account) -> Component:
        return CastPublishing(account, models)

    def serving(account: Account) -> Component:
        return Serving(account, _launcher(account, services, SERVICES))

    def services_v2(account: Account) -> Component:
        return ServicesV2(account, _launcher(account, services, SERVICES_V2))

    played: Mapping[Any, Make] = {
        Training: training,
        Publishing: publishing,
        Serving: serving,
        ServicesV2: services_v2,
    }
    return [played.get(component, component) for component in parts.COMPONENTS]


def _launcher(account: Account, casting: Casting[Any], collection: str) -> CastLauncher:
    def name_of(service_id: str) -> str:
        found = account.store.get(collection, service_id)
        return str(found["service"][NAMES[collection]]) if found else ""

    return CastLauncher(casting, ProcessLauncher(), account.clock, name_of)
