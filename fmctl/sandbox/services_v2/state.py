"""The life of a service and of its deployments as one document: its transitions.

Nothing here starts or stops anything: the API asks for transitions (`begin_…`), supervision reports what came of them.

A document holds `service` (what never changes but by a word), `version` (its settings), `history` (all that it has
had), `target` (an update that is still on its way, with the settings that it brings), `deployments`, `deleted` (what
was one), `events`, and `revision`, which every change raises.

A deployment holds `versions`, `plan` (what is in service: which version, which instances, which weight), and `target`,
the plan on its way. The plan changes only when its instances are ready, so an update that fails leaves no trace. The
status of a service is not kept: it is that of its deployments.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from typing import Any

from fmctl.sandbox.account import Account
from fmctl.sandbox.serving.containers import needs_container, notice
from fmctl.sandbox.serving.state import UNIT_SECONDS, milliseconds

Document = dict[str, Any]
Deployment = dict[str, Any]
Plan = dict[str, Any]

SERVICES_V2 = "services_v2"
WRONG_STATE = "ModelArts.3519"
NORMAL, ABNORMAL, WARNING = "NORMAL", "ABNORMAL", "WARNING"
KEPT_EVENTS = 1000
KEPT_DELETED = 100
LIVE = frozenset({"RUNNING", "CONCERNING", "UPGRADING"})
STARTING = frozenset({"DEPLOYING", "RESTARTING"})
RESTING = frozenset({"STOPPED", "FAILED"})
SCALABLE = frozenset({"RUNNING", "CONCERNING"})
GONE_SOON = "DELETING"
INTERRUPTED = "interrupted"


def put(account: Account, document: Document) -> None:
    """Store a service, one revision on; what is settled is not looked at again until somebody asks for something."""
    service = document["service"]
    document["revision"] += 1
    settled = status(document) in RESTING | {"INIT"} and all(
        one["status"] in RESTING for one in document["deployments"]
    )
    key = {"project": service["project"], "name": service["name"], "state": "settled" if settled else "busy"}
    account.store.put(SERVICES_V2, service["id"], document, **key)


def status(document: Document) -> str:
    """The status of a service, as its deployments are."""
    if document["deleting"]:
        return GONE_SOON
    statuses = {one["status"] for one in document["deployments"]} - {GONE_SOON}
    if document["target"] or (statuses & LIVE and statuses & (STARTING | {"UPGRADING"})):
        return "UPGRADING"
    if statuses & LIVE:
        return "CONCERNING" if statuses & {"CONCERNING", "FAILED"} else "RUNNING"
    if statuses & STARTING:
        return "DEPLOYING"
    return next((one for one in ("INTERRUPTING", "STOPPING", "FAILED", "STOPPED") if one in statuses), "INIT")


def plan_of(deployment: Deployment) -> Plan:
    """What the deployment is, or is becoming: this is what the API shows."""
    plan: Plan = deployment["target"] or deployment["plan"]
    return plan


def version_of(deployment: Deployment, plan: Plan | None = None) -> Document:
    """The version that a plan names."""
    wanted = (plan or plan_of(deployment))["version_id"]
    return next(one for one in deployment["versions"] if one["id"] == wanted)


def settings_of(document: Document) -> Document:
    """The settings that a service has, or is getting."""
    settings: Document = (document["target"] or document)["version"]
    return settings


def begin_deploy(document: Document, deployment: Deployment, now: float) -> None:
    """Start it with the plan that it has."""
    deployment["deploy_since"], deployment["target"] = now, None
    set_status(deployment, "DEPLOYING", now)
    event(document, NORMAL, f"Start to deploy {deployment['name']}.", now)
    _tell_of_placeholders(document, deployment, now)


def begin_upgrade(document: Document, deployment: Deployment, plan: Plan, now: float, *, joint: bool = False) -> None:
    """Move to another plan. One that is not live takes it at once: one that failed tries it, a stopped one rests."""
    deployment["update_at"] = milliseconds(now)
    if deployment["status"] not in LIVE:
        deployment["plan"] = plan
        if deployment["status"] == "FAILED":
            begin_deploy(document, deployment, now)
        return
    deployment["target"], deployment["joint"], deployment["deploy_since"] = plan, joint, now
    set_status(deployment, "UPGRADING", now)
    event(document, NORMAL, f"Start to upgrade {deployment['name']}.", now)
    _tell_of_placeholders(document, deployment, now)


def finish(document: Document, deployment: Deployment, now: float) -> None:
    """What was on its way is in service."""
    if deployment["target"]:
        deployment["plan"], deployment["target"], deployment["joint"] = deployment["target"], None, False
    set_status(deployment, "RUNNING", now)
    event(document, NORMAL, f"{deployment['name']} is running.", now)


def fail(document: Document, deployment: Deployment, reason: str, now: float) -> None:
    """Go on with what is in service, where there is something; otherwise the deployment is failed."""
    event(document, ABNORMAL, f"{deployment['name']} failed: {reason}", now)
    if deployment["status"] == "UPGRADING":
        go_back(document, deployment, now)
    else:
        set_status(deployment, "FAILED", now)
    deployment["failure_reason"] = reason


def go_back(document: Document, deployment: Deployment, now: float) -> None:
    """Give up the plan that is on its way."""
    deployment["target"], deployment["joint"] = None, False
    set_status(deployment, "RUNNING", now)
    event(document, NORMAL, f"{deployment['name']} goes on with its previous configuration.", now)


def interrupt(document: Document, deployment: Deployment, now: float) -> None:
    """Give up what is on its way: a first deployment stops, an upgrade goes back, with all of its update."""
    if deployment["joint"]:
        cancel_update(document, INTERRUPTED, now)
    elif deployment["status"] == "UPGRADING":
        go_back(document, deployment, now)
    else:
        begin_stop(document, deployment, now, becoming="INTERRUPTING")


def begin_stop(document: Document, deployment: Deployment, now: float, *, becoming: str = "STOPPING") -> None:
    """Give up its instances: STOPPING, INTERRUPTING or DELETING."""
    deployment["target"], deployment["joint"] = None, False
    set_status(deployment, becoming, now)
    event(document, NORMAL, f"{becoming.capitalize()} {deployment['name']}.", now)


def finish_stop(document: Document, deployment: Deployment, now: float) -> None:
    """Its instances are gone."""
    set_status(deployment, "STOPPED", now)
    event(document, NORMAL, f"{deployment['name']} is stopped.", now)


def drop(document: Document, deployment: Deployment, now: float) -> None:
    """Its instances are gone, and so is it; who asks for deleted ones still finds it."""
    set_status(deployment, "DELETED", now)
    document["deployments"] = [one for one in document["deployments"] if one["id"] != deployment["id"]]
    document["deleted"] = [*document["deleted"], deployment][-KEPT_DELETED:]


def finish_update(document: Document, now: float) -> None:
    """All that an update of the service brought is in service; what it does not name any more goes."""
    target, document["target"] = document["target"], None
    for deployment in document["deployments"]:
        deployment["joint"] = False
        if deployment["id"] in target["remove"]:
            begin_stop(document, deployment, now, becoming=GONE_SOON)
    adopt_version(document, target["version"], now)


def cancel_update(document: Document, reason: str, now: float) -> None:
    """An update of the service goes as a whole: every deployment keeps its old plan, new ones go again."""
    added = document["target"]["added"]
    document["target"], document["failure_reason"] = None, reason
    for deployment in document["deployments"]:
        if deployment["id"] in added:
            begin_stop(document, deployment, now, becoming=GONE_SOON)
        elif deployment["joint"]:
            go_back(document, deployment, now)


def adopt_version(document: Document, version: Document, now: float) -> None:
    """The settings are those of the service from now on; a version that it had before is not another one."""
    document["version"], document["service"]["update_at"] = version, milliseconds(now)
    if all(one["id"] != version["id"] for one in document["history"]):
        groups = [_record(one) for one in document["deployments"] if one["status"] != GONE_SOON]
        document["history"].append(version | {"groups": groups, "create_at": milliseconds(now)})


def _record(deployment: Deployment) -> Document:
    """What it takes to have a deployment again as it is."""
    plan = plan_of(deployment)
    return {
        "name": deployment["name"],
        "version_id": plan["version_id"],
        "config": version_of(deployment, plan)["config"],
        "count": len(plan["ordinals"]),
        "weight": plan["weight"],
    }


def begin_delete(document: Document, now: float) -> None:
    """The last transition; the document itself goes when the instances are gone."""
    document["deleting"], document["target"], document["since"] = True, None, now
    for deployment in document["deployments"]:
        begin_stop(document, deployment, now, becoming=GONE_SOON)


def arm(document: Document, now: float) -> None:
    """Count the schedule from now."""
    for entry in document["service"]["schedule"]:
        entry["due_time"] = milliseconds(now + UNIT_SECONDS[entry["time_unit"]] * entry["duration"])
        entry["processed"] = False


def is_due(document: Document, now: float) -> bool:
    """Whether its schedule wants it stopped."""
    entries = document["service"]["schedule"]
    due = any(not entry["processed"] and milliseconds(now) >= entry["due_time"] for entry in entries)
    return due and status(document) in {"RUNNING", "CONCERNING"}


def stop_on_schedule(document: Document, now: float) -> None:
    """The time has come."""
    for entry in document["service"]["schedule"]:
        entry["processed"] = True
    for deployment in deployments_in(document, LIVE):
        begin_stop(document, deployment, now)


def deployments_in(document: Document, statuses: Collection[str]) -> Iterable[Deployment]:
    """Those whose status is one of these."""
    return [one for one in document["deployments"] if one["status"] in statuses]


def set_status(deployment: Deployment, status: str, now: float) -> None:
    """From now on it is this; the reason of an earlier failure is history."""
    deployment["status"], deployment["since"], deployment["failure_reason"] = status, now, ""


def event(document: Document, kind: str, text: str, now: float) -> None:
    """Write down what happened, for whoever asks for the service's events."""
    document["events"].append(
        {
            "id": uuid.uuid4().hex,
            "service_id": document["service"]["id"],
            "service_version_id": document["version"]["id"],
            "event_count": 1,
            "event_type": kind,
            "event_info": text,
            "event_info_cn": text,
            "create_at": milliseconds(now),
            "update_at": milliseconds(now),
        }
    )
    del document["events"][:-KEPT_EVENTS]


def _tell_of_placeholders(document: Document, deployment: Deployment, now: float) -> None:
    images = [unit["image"]["swr_path"] for unit in version_of(deployment)["config"]["unit_configs"]]
    for image in dict.fromkeys(filter(needs_container, images)):
        event(document, WARNING, notice(deployment["name"], image), now)
