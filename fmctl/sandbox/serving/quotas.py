"""How many services a user may have. The platform limits running services and instances too, by numbers of its own."""

from __future__ import annotations

from fmctl.sandbox.account import Account
from fmctl.sandbox.serving.checks import POOL
from fmctl.sandbox.serving.state import SERVICES
from fmctl.sandbox.wire import WireError

PUBLIC_REAL_TIME = 20
EXCEEDED = "ModelArts.3520"


def is_exhausted(sandbox: Account, project_id: str) -> bool:
    """Whether the public pool takes no real-time service more; stopped and failed ones count."""
    services = (document["service"] for document in sandbox.store.find(SERVICES, project=project_id))
    counted = [
        service
        for service in services
        if service["infer_type"] == "real-time"
        and service["status"] != "deleting"
        and not any(service.get(key) for key in POOL)
    ]
    return len(counted) >= PUBLIC_REAL_TIME


def check(sandbox: Account, project_id: str, infer_type: str, *, pooled: bool) -> None:
    """Refuse a new service that would be one too many."""
    if infer_type == "real-time" and not pooled and is_exhausted(sandbox, project_id):
        message = f"There are {PUBLIC_REAL_TIME} real-time services in the public resource pool; delete one first."
        raise WireError(400, EXCEEDED, message)
