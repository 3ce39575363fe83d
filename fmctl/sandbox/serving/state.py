"""The life of a service as a document: which operations its status allows, and what each transition writes down.

Nothing here starts or stops anything: the API asks for transitions (`begin_…`), serving reports what came of them.

A document holds `service` (what the API shows), `target` (the configuration on its way, or None), `fallback` (whether
the current configuration stays in service if that fails), `logs`, `events`, and `revision`, which every change raises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from fmctl.sandbox.account import Account

Document = dict[str, Any]
Config = list[dict[str, Any]]

SERVICES = "services"
UNIT_SECONDS = {"DAYS": 86400, "HOURS": 3600, "MINUTES": 60}
KEPT_EVENTS = 1000
KEPT_SECONDS = 30 * 86400
LIVE = frozenset({"running", "concerning"})
DEPLOY_EVENTS = (
    "Start to deploy the service.",
    "Start to build the image.",
    "The image is built.",
    "The environment is being prepared.",
    "The environment is ready.",
    "Resources are scheduled.",
    "The image is being pulled.",
    "The image is pulled.",
    "The model is starting.",
)


class Operation(StrEnum):
    """What a caller may want from a service."""

    START = "start"
    STOP = "stop"
    CONFIGURE = "config"
    DESCRIBE = "description"
    SCALE = "instance_count"
    DELETE = "delete"


_ALL = frozenset(Operation)
LEGAL: Mapping[str, frozenset[Operation]] = {
    "deploying": frozenset({Operation.STOP, Operation.DESCRIBE, Operation.DELETE}),
    "waiting": frozenset({Operation.STOP, Operation.DESCRIBE, Operation.DELETE}),
    "pending": _ALL - {Operation.SCALE},
    "running": _ALL - {Operation.START},
    "concerning": _ALL - {Operation.START},
    "failed": _ALL,
    "stopping": frozenset({Operation.DESCRIBE, Operation.DELETE}),
    "stopped": _ALL - {Operation.STOP, Operation.SCALE},
    "finished": _ALL - {Operation.STOP, Operation.SCALE},
    "deleting": frozenset(),
}


def put(sandbox: Account, document: Document) -> None:
    """Store a service, one revision on."""
    service = document["service"]
    document["revision"] += 1
    key = {"project": service["project"], "name": service["service_name"], "state": service["status"]}
    sandbox.store.put(SERVICES, service["service_id"], document, **key)


def begin_deploy(document: Document, now: float) -> None:
    """Start it with the configuration that it has."""
    _deploy(document, document["service"]["config"], now, fallback=False)
    arm(document, now)


def begin_update(document: Document, config: Config, now: float) -> int:
    """Roll out another configuration; the update's time, which its log entry carries.

    A live service goes on with the old one until the new one is up. One that is not live has nothing to go back to,
    so it takes the new configuration at once and starts.
    """
    service = document["service"]
    live = service["status"] in LIVE and service["infer_type"] == "real-time"
    if not live:
        service["config"] = config
        arm(document, now)
    service["publish_at"] = milliseconds(now)
    _deploy(document, config, now, fallback=live)
    return int(document["logs"][-1]["update_time"])


def begin_recovery(document: Document, now: float) -> None:
    """The server was restarted: instances of a live service have to be started again. This is no update."""
    if document["target"] is None:
        document["target"], document["fallback"] = document["service"]["config"], False
    document["deploy_since"] = now
    _status(document, "deploying", now)


def finish_deploy(document: Document, now: float, notices: Sequence[str] = ()) -> None:
    """What was on its way is in service now; notices are what is not as its owner may think."""
    service = document["service"]
    service["config"], document["target"] = document["target"], None
    service["progress"] = 100
    _status(document, "running", now)
    if _close_log(document, "SUCCESS"):
        service["update_time"] = document["logs"][-1]["update_time"]
    for notice in notices:
        event(document, "abnormal", notice, now)
    event(document, "normal", "The service is running.", now)
    document["deployed"] = True  # once and for all: from here on it has an address
    if service["infer_type"] == "batch":
        service["start_time"] = milliseconds(now)
        service.pop("finished_time", None)


def finish_batch(document: Document, failure: str, now: float) -> None:
    """A batch service has gone through its input."""
    service = document["service"]
    service["finished_time"] = milliseconds(now)
    _status(document, "failed" if failure else "finished", now)
    if failure:
        service["error_msg"] = failure
        event(document, "abnormal", f"The batch failed: {failure}", now)
    else:
        event(document, "normal", "The batch is finished.", now)


def fail_deploy(document: Document, reason: str, now: float) -> None:
    """Go back to the old configuration where there is one in service; otherwise the service is failed."""
    service = document["service"]
    document["target"] = None
    _close_log(document, "FAIL")
    event(document, "abnormal", f"The deployment failed: {reason}", now)
    if document["fallback"]:
        event(document, "normal", "The service goes on with its previous configuration.", now)
        service["progress"] = 100
        _status(document, "running", now)
    else:
        service["error_msg"] = reason
        disarm(document)
        _status(document, "failed", now)


def give_up(document: Document, reason: str, now: float) -> None:
    """Nothing of what is in service can start."""
    document["fallback"] = False
    fail_deploy(document, reason, now)


def begin_stop(document: Document, now: float) -> None:
    """Give up its instances; an update on its way is given up, too. Its schedule counts again when it is started."""
    _abandon_update(document)
    disarm(document)
    _status(document, "stopping", now)
    event(document, "normal", "Stopping the service.", now)


def finish_stop(document: Document, now: float) -> None:
    """Its instances are gone."""
    _status(document, "stopped", now)
    event(document, "normal", "The service is stopped.", now)


def begin_delete(document: Document, now: float) -> None:
    """The last transition; the document itself goes when the instances are gone."""
    _abandon_update(document)
    _status(document, "deleting", now)


def set_health(document: Document, *, healthy: bool, now: float) -> None:
    """Running or concerning, as its instances are."""
    _status(document, "running" if healthy else "concerning", now)
    kind = "normal" if healthy else "abnormal"
    event(document, kind, "All instances are healthy." if healthy else "Some instances are not healthy.", now)


def arm(document: Document, now: float) -> None:
    """Count the schedule from now; without one there is no due time."""
    service = document["service"]
    service.pop("due_time", None)
    for entry in service.get("schedule") or ():
        seconds = UNIT_SECONDS[entry["time_unit"]] * entry["duration"]
        service["due_time"] = milliseconds(now + seconds)


def disarm(document: Document) -> None:
    """A service that is not up has no due time."""
    document["service"].pop("due_time", None)


def is_due(document: Document, now: float) -> bool:
    """Whether its schedule wants it stopped."""
    service = document["service"]
    return "due_time" in service and service["status"] in LIVE and milliseconds(now) >= service["due_time"]


def add_counts(document: Document, model_id: str, invocations: int, failures: int) -> None:
    """Requests that a model has answered; the service shows the sums over all models that it ever had."""
    counts = document["counts"].setdefault(model_id, {"invocation_times": 0, "failed_times": 0})
    counts["invocation_times"] += invocations
    counts["failed_times"] += failures
    document["service"]["invocation_times"] += invocations
    document["service"]["failed_times"] += failures


def event(document: Document, kind: str, text: str, now: float) -> None:
    """Write down what happened, for whoever asks for the service's events."""
    since = milliseconds(now - KEPT_SECONDS)
    kept = [event for event in document["events"] if event["occur_time"] >= since]
    new = {"event_type": kind, "event_info": text, "occur_time": milliseconds(now)}
    document["events"] = [*kept, new][-KEPT_EVENTS:]


def milliseconds(now: float) -> int:
    """The time as the API writes it."""
    return int(now * 1000)


def _deploy(document: Document, config: Config, now: float, *, fallback: bool) -> None:
    document["target"], document["fallback"], document["deploy_since"] = config, fallback, now
    document["service"]["progress"] = 0
    _log(document, config, now)
    _status(document, "deploying", now)
    for text in DEPLOY_EVENTS:
        event(document, "normal", text, now)


def _log(document: Document, config: Config, now: float) -> None:
    """One entry per update, told apart by their times."""
    previous: Sequence[Document] = document["logs"]
    latest = previous[-1]["update_time"] if previous else 0
    when = max(milliseconds(now), latest + 1)
    cluster = document["service"].get("cluster_id", "")
    entry = {"update_time": when, "result": "RUNNING", "config": config, "cluster_id": cluster, "extend_config": []}
    document["logs"].append(entry)


def _close_log(document: Document, result: str) -> bool:
    """Write the result of the update that is on its way; False when none is, as after a restart of the server."""
    log: Document = document["logs"][-1]
    if log["result"] != "RUNNING":
        return False
    log["result"] = result
    return True


def _abandon_update(document: Document) -> None:
    document["target"] = None
    _close_log(document, "FAIL")


def _status(document: Document, status: str, now: float) -> None:
    service = document["service"]
    if status != "failed":
        service.pop("error_msg", None)
    service["status"], document["since"] = status, now
    service["transition_at"] = milliseconds(now)
