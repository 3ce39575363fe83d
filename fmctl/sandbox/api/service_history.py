"""What happened to a service and how it is doing. Endpoints:

GET /v1/{project_id}/services/{service_id}/logs       (the history of updates, not what the model printed)
GET /v1/{project_id}/services/{service_id}/events
GET /v1/{project_id}/services/{service_id}/monitor
"""

from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.api import service_records
from fmctl.sandbox.api.listing import LONGEST_NUMBER, ordered, page
from fmctl.sandbox.models.checks import invalid
from fmctl.sandbox.serving.deployments import Serving, process_count
from fmctl.sandbox.serving.instances import Usage
from fmctl.sandbox.serving.specifications import SPECIFICATIONS
from fmctl.sandbox.wire import Call, Reply, Route, route

Document = dict[str, Any]

MIB_PER_GIB = 1024
NO_ACCELERATORS = {
    f"{kind}_{figure}": 0 for kind in ("gpu", "npu") for figure in ("usage", "total", "memory_usage", "memory_total")
}


@route("GET", "/v1/{project_id}/services/{service_id}/logs")
def list_logs(call: Call) -> Reply:
    """Every deployment with its result, the newest first."""
    document = service_records.need(call, call.path["service_id"])
    wanted = call.query.get("update_time")
    logs = [
        log | {"config": [service_records.shown_element(element) for element in log["config"]]}
        for log in reversed(document["logs"])
        if not wanted or str(log["update_time"]) == wanted
    ]
    return Reply(200, _names(document) | {"logs": logs})


@route("GET", "/v1/{project_id}/services/{service_id}/events")
def list_events(call: Call) -> Reply:
    """What happened, the newest first."""
    document = service_records.need(call, call.path["service_id"])
    fitting = [event for event in document["events"] if _fits(call, event)]
    found = ordered(call, fitting, ("occur_time",), "occur_time")
    shown = page(call, found)
    return Reply(200, _names(document) | {"total_count": len(found), "count": len(shown), "events": shown})


@route("GET", "/v1/{project_id}/services/{service_id}/monitor")
def monitor(call: Call) -> Reply:
    """What its instances use now, as the operating system counts it."""
    document = service_records.need(call, call.path["service_id"])
    serving, service = call.sandbox.part(Serving), document["service"]
    monitors = [_monitor(document, element, serving.usage(service, element)) for element in service["config"]]
    counts = {
        "service_running_instance_count": sum(entry["model_running_instance_count"] for entry in monitors),
        "service_instance_count": sum(entry["model_instance_count"] for entry in monitors),
        "req_count_per_min": serving.traffic.per_minute(service["service_id"]),
    }
    return Reply(200, _names(document) | counts | {"monitors": monitors})


def _monitor(document: Document, element: Document, usage: list[Usage]) -> Document:
    counts: Document = document["counts"].get(element["model_id"], {"invocation_times": 0, "failed_times": 0})
    cpu, memory = _capacity(element)
    return counts | {
        "model_id": element["model_id"],
        "model_name": element["model_name"],
        "model_version": element["model_version"],
        "model_running_instance_count": _running(element, len(usage)),
        "model_instance_count": element["instance_count"],
        "cpu_core_usage": round(sum(one.cpu_cores for one in usage), 3),
        "cpu_core_total": cpu * element["instance_count"],
        "cpu_memory_usage": sum(one.memory_mb for one in usage),
        "cpu_memory_total": memory * element["instance_count"],
        **NO_ACCELERATORS,
        **_accelerators(element),
    }


def _running(element: Document, processes: int) -> int:
    """Not each instance of a large number has a process: when all processes answer, all instances do."""
    return int(element["instance_count"]) if processes >= process_count(element) else processes


def _accelerators(element: Document) -> Document:
    """Cards that the specification has; nothing here uses them."""
    known = {spec.name: spec for spec in SPECIFICATIONS if spec.accelerators}
    spec = known.get(element["specification"])
    return {f"{spec.category.lower()}_total": spec.accelerators * element["instance_count"]} if spec else {}


def _capacity(element: Document) -> tuple[float, int]:
    """Cores and MB of one instance."""
    if custom := element.get("custom_spec"):
        return float(custom["cpu"]), int(custom["memory"])
    known = {spec.name: (float(spec.cpu), spec.memory_gib * MIB_PER_GIB) for spec in SPECIFICATIONS}
    return known[element["specification"]]


def _fits(call: Call, event: Document) -> bool:
    query = call.query
    return (
        (query.get("event_type") or event["event_type"]) == event["event_type"]
        and query.get("event_info", "") in event["event_info"]
        and _time(call, "start_time", 0) <= event["occur_time"] <= _time(call, "end_time", event["occur_time"])
    )


def _time(call: Call, name: str, default: int) -> int:
    text = call.query.get(name) or str(default)
    if not text.isdecimal() or len(text) > LONGEST_NUMBER:
        raise invalid(name, "a time in milliseconds")
    return int(text)


def _names(document: Document) -> Document:
    service = document["service"]
    return {"service_id": service["service_id"], "service_name": service["service_name"]}


ROUTES: Sequence[Route] = (list_logs, list_events, monitor)
