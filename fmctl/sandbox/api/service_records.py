"""How a stored service looks from outside, and how a request finds one."""

from typing import Any

from fmctl.sandbox.serving.state import LEGAL, SERVICES, Operation
from fmctl.sandbox.wire import Call, WireError

Document = dict[str, Any]

NOT_FOUND = "ModelArts.3502"
WRONG_STATE = "ModelArts.3519"

ELEMENT_STATUS = {"running": "ready", "concerning": "concerning"}
ONLY_IN_DETAIL = frozenset({"config", "access_address"})
NEVER_RETURNED = frozenset({"deploy_timeout_in_seconds"})


def need(call: Call, service_id: str) -> Document:
    """The stored service, or 404."""
    document = call.sandbox.store.get(SERVICES, service_id)
    if document is None or document["service"]["project"] != call.project_id:
        raise WireError(404, NOT_FOUND, f"The service {service_id} does not exist.")
    return document


def permit(document: Document, operation: Operation) -> None:
    """Refuse what the status does not allow; asking for the status that it has is refused, too."""
    status = document["service"]["status"]
    if operation not in LEGAL[status]:
        raise WireError(400, WRONG_STATE, f"The service is {status}: {operation} is not allowed in this state.")


def detail(call: Call, document: Document) -> Document:
    """Everything about one service."""
    service: Document = document["service"]
    state = ELEMENT_STATUS.get(service["status"], "notReady")
    shown = service | {"config": [shown_element(element) | {"status": state} for element in service["config"]]}
    if document["deployed"]:
        shown["access_address"] = f"{call.request.host_url}v1/infers/{service['service_id']}"
    return shown


def listed(document: Document) -> Document:
    """The shorter form of lists."""
    service = document["service"]
    return {key: value for key, value in service.items() if key not in ONLY_IN_DETAIL} | {
        "is_opened_sample_collection": False
    }


def shown_element(element: Document) -> Document:
    """One element of a configuration, without what is write-only."""
    shown = {key: value for key, value in element.items() if key not in NEVER_RETURNED}
    return {"custom_spec": {}} | shown | {"scaling": False, "support_debug": False}
