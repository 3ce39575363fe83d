"""How a stored service looks from outside, and how a request finds one."""

from typing import Any

from fmctl.sandbox.serving.state import LEGAL, SERVICES, Operation
from fmctl.sandbox.wire import Call, WireError

Document = dict[str, Any]

NOT_FOUND = "ModelArts.3502"
WRONG_STATE = "ModelArts.3519"

ELEMENT_STATUS = {"running": "ready", "concerning": "concerning"}
ONLY_IN_DETAIL = frozenset({"config", "access_address"})
NEVER_RETURNED = frozenset({"deploy_timeout_in_seconds", "api"})
BATCH_TIMES = ("start_time", "finished_time")


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
    times = {name: service[name] for name in BATCH_TIMES if name in service}
    shown = {name: value for name, value in service.items() if name not in BATCH_TIMES}
    shown["config"] = [shown_element(element) | {"status": state} | times for element in service["config"]]
    if document["deployed"] and service["infer_type"] == "real-time":
        shown["access_address"] = f"{call.request.host_url}v1/infers/{_place(service)}{service['service_id']}"
    return shown


def _place(service: Document) -> str:
    """Services of a dedicated pool have its name in their address."""
    pool = service.get("pool_name") or service.get("cluster_id")
    return f"{pool}/" if pool else ""


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
