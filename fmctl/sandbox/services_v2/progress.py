"""What follows for a service from how its processes are: transitions to apply, decided without touching anything.

Each is applied to the document as it is then, unless a request has changed the service meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fmctl.sandbox.services_v2 import autoscaling, state
from fmctl.sandbox.services_v2.state import STARTING, Deployment, Document
from fmctl.sandbox.services_v2.updates import DEPLOY_MINUTES

STEP = 0.3  # seconds that each status lasts, so that whoever polls sees it
UNDERWAY = STARTING | {"UPGRADING"}
NOT_READY_IN_TIME = "the instances were not ready in time"

Move = Callable[[Document], None]


@dataclass(slots=True)
class Look:
    """What one tick found out about a deployment."""

    ready: bool = False
    dead: bool = False  # nothing of it can start
    failures: list[str] = field(default_factory=list)
    present: bool = False  # some process is still there
    requests: int = 0  # that it was sent in the last minute


def moves(document: Document, looks: Mapping[str, Look], now: float) -> list[Move]:
    """All that is due. A deployment that an update of the service moves waits for the others."""
    if state.is_due(document, now):
        return [partial(state.stop_on_schedule, now=now)]
    alone = [one for one in document["deployments"] if not one["joint"]]
    found = [move for one in alone for move in _of_one(document, one, looks[one["id"]], now)]
    requests = {deployment_id: look.requests for deployment_id, look in looks.items()}
    return [*found, *_of_update(document, looks, now), *autoscaling.moves(document, requests, now)]


def _of_one(document: Document, deployment: Deployment, look: Look, now: float) -> list[Move]:
    """What follows for one deployment from how its processes are."""
    status, name = deployment["status"], deployment["id"]
    if status in UNDERWAY:
        return _underway(document, deployment, look, now)
    if status in {"RUNNING", "CONCERNING"}:
        return _watch(deployment, look, now)
    if look.present or now - deployment["since"] < STEP:
        return []
    if status in {"STOPPING", "INTERRUPTING"}:
        return [_on(name, state.finish_stop, now)]
    return [_on(name, state.drop, now)] if status == state.GONE_SOON else []


def _underway(document: Document, deployment: Deployment, look: Look, now: float) -> list[Move]:
    name, age = deployment["id"], now - deployment["deploy_since"]
    if look.failures:
        return [_on(name, state.fail, look.failures[0], now)]
    if look.ready and age >= STEP:
        return [_on(name, state.finish, now)]
    late = age >= _timeout(document, deployment)
    return [_on(name, state.fail, NOT_READY_IN_TIME, now)] if late else []


def _of_update(document: Document, looks: Mapping[str, Look], now: float) -> list[Move]:
    """An update of a service is done when all of its deployments are, and fails as a whole."""
    if not document["target"]:
        return []
    joint = [one for one in document["deployments"] if one["joint"]]
    since = document["target"]["since"]
    for one in joint:
        late = NOT_READY_IN_TIME if now - since >= _timeout(document, one) else ""
        reason = next(iter(looks[one["id"]].failures), late)
        if reason:
            return [partial(_fail_update, name=one["name"], reason=reason, now=now)]
    if now - since < STEP or not all(looks[one["id"]].ready for one in joint):
        return []
    return [*(_on(one["id"], state.finish, now) for one in joint), lambda fresh: state.finish_update(fresh, now)]


def _fail_update(document: Document, name: str, reason: str, now: float) -> None:
    state.event(document, state.ABNORMAL, f"The update failed: {name}: {reason}", now)
    state.cancel_update(document, f"{name}: {reason}", now)


def _watch(deployment: Deployment, look: Look, now: float) -> list[Move]:
    """RUNNING or CONCERNING, as the processes are; FAILED when none of them can be started again."""
    if look.dead or (look.failures and not look.present):
        return [_on(deployment["id"], state.fail, look.failures[0], now)]
    status = "RUNNING" if look.ready else "CONCERNING"
    return [] if status == deployment["status"] else [_on(deployment["id"], _report_health, status, now)]


def _report_health(document: Document, deployment: Deployment, status: str, now: float) -> None:
    state.set_status(deployment, status, now)
    healthy = status == "RUNNING"
    text = "All instances are healthy" if healthy else "Some instances are not healthy"
    state.event(document, state.NORMAL if healthy else state.ABNORMAL, f"{text}: {deployment['name']}.", now)


def _on(deployment_id: str, transition: Callable[..., None], *arguments: Any) -> Move:
    """A transition of one deployment, to be applied to the document as it is then."""

    def move(document: Document) -> None:
        deployment = next(one for one in document["deployments"] if one["id"] == deployment_id)
        transition(document, deployment, *arguments)

    return move


def _timeout(document: Document, deployment: Deployment) -> float:
    """Seconds; the deployment's own limit goes before the service's, and 0 is none of one's own."""
    own = state.version_of(deployment)["config"].get("advanced_config", {}).get("deploy_timeout_minutes")
    return 60.0 * float(own or state.settings_of(document)["deploy_timeout_minutes"] or DEPLOY_MINUTES)
