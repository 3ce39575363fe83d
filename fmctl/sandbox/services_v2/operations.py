"""What a caller may want from a service or a deployment, and which statuses allow it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from fmctl.sandbox.services_v2.state import LIVE, RESTING, SCALABLE, STARTING, WRONG_STATE, Deployment, Document, status
from fmctl.sandbox.wire import WireError


class Operation(StrEnum):
    """What a caller may want from a service or a deployment."""

    START = "start"
    STOP = "stop"
    UPDATE = "update"
    INTERRUPT = "interrupt"
    SCALE = "scale"
    SWITCH = "switch"
    ADD = "a new deployment"
    DELETE = "delete"


SERVICE_LEGAL: Mapping[Operation, frozenset[str]] = {
    Operation.START: RESTING,
    Operation.STOP: frozenset({"RUNNING", "CONCERNING"}),
    Operation.UPDATE: RESTING | {"RUNNING", "CONCERNING", "INIT"},
    Operation.ADD: RESTING | {"RUNNING", "CONCERNING", "INIT", "DEPLOYING"},
    Operation.INTERRUPT: frozenset({"DEPLOYING", "UPGRADING"}),
    Operation.DELETE: RESTING | LIVE | {"INIT", "DEPLOYING", "INTERRUPTING", "STOPPING"},
}
DEPLOYMENT_LEGAL: Mapping[Operation, frozenset[str]] = {
    Operation.START: RESTING,
    Operation.STOP: frozenset({"RUNNING", "DEPLOYING", "FAILED", "CONCERNING", "RESTARTING"}),
    Operation.UPDATE: RESTING | {"RUNNING", "CONCERNING"},
    Operation.INTERRUPT: frozenset({"DEPLOYING", "UPGRADING"}),
    Operation.SCALE: SCALABLE,
    Operation.SWITCH: frozenset({"RUNNING"}),
    Operation.DELETE: RESTING | LIVE | STARTING | {"INTERRUPTING", "STOPPING"},
}


def permit(document: Document, operation: Operation) -> None:
    """Refuse what the status of the service does not allow."""
    if status(document) not in SERVICE_LEGAL[operation]:
        raise _wrong_state("service", status(document), operation)


def permit_deployment(document: Document, deployment: Deployment, operation: Operation) -> None:
    """Refuse what the status of the deployment does not allow, or an update of the service that is on its way."""
    if document["deleting"] or (document["target"] and operation is not Operation.INTERRUPT):
        raise _wrong_state("service", status(document), operation)
    if deployment["status"] not in DEPLOYMENT_LEGAL[operation]:
        raise _wrong_state("deployment", deployment["status"], operation)


def _wrong_state(what: str, state: str, operation: Operation) -> WireError:
    return WireError(400, WRONG_STATE, f"The {what} is {state}: {operation} is not allowed in this state.")
