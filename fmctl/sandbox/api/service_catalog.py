"""What services can run on. Endpoint:

GET /v1/{project_id}/services/specifications
"""

from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.api.listing import is_set, page
from fmctl.sandbox.serving import quotas
from fmctl.sandbox.serving.specifications import CUSTOM, SPECIFICATIONS, Specification
from fmctl.sandbox.wire import Call, Reply, Route, route

SERVED = frozenset({"real-time", "batch"})


@route("GET", "/v1/{project_id}/services/specifications")
def list_specifications(call: Call) -> Reply:
    """The public pool's specifications; for a dedicated pool there is only `custom`."""
    infer_type = call.query.get("infer_type") or "real-time"
    if infer_type not in SERVED:
        entries = []
    elif is_set(call, "is_personal_cluster"):
        entries = [_custom()]
    else:
        full = infer_type == "real-time" and quotas.is_exhausted(call.sandbox, call.project_id)
        entries = [_entry(specification) | {"over_quota": full} for specification in SPECIFICATIONS]
    shown = page(call, entries)
    return Reply(200, {"total_count": len(entries), "count": len(shown), "specifications": shown})


def _entry(specification: Specification) -> dict[str, Any]:
    cards = {"name": specification.accelerator, "number": specification.accelerators}
    return _common(specification.name, specification.category) | {
        "cpu_info": {"arch": specification.arch, "cpu": specification.cpu},
        "memory_info": {"unit": "GiB", "memory": specification.memory_gib},
        "gpu_info": cards if specification.category == "GPU" else {},
        "npu_info": cards if specification.category == "NPU" else {},
        "display_en": _display(specification),
        "display_cn": _display(specification),
    }


def _custom() -> dict[str, Any]:
    details: dict[str, Any] = {"cpu_info": {}, "memory_info": {}, "gpu_info": {}, "npu_info": {}}
    return _common(CUSTOM, "CPU") | details | {"display_en": "Custom", "display_cn": "Custom"}


def _common(name: str, category: str) -> dict[str, Any]:
    return {
        "specification": name,
        "billing_spec": name,
        "category": category,
        "is_open": True,
        "is_free": False,
        "over_quota": False,
        "spec_status": "normal",
        "extend_params": "",
        "source_type": "",
    }


def _display(specification: Specification) -> str:
    text = f"CPU: {specification.cpu} vCPUs {specification.memory_gib} GiB"
    return f"{text}, {specification.accelerators} x {specification.accelerator}" if specification.accelerator else text


ROUTES: Sequence[Route] = (list_specifications,)
