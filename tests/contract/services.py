"""The conversation about services: deployed, changed, scaled, stopped, started, deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .door import Answer
from .models import MODELS, forget, publish
from .shape import at
from .talk import Talk, field

SERVICES = "/v1/{project_id}/services"
NOBODY = "00000000-0000-4000-8000-000000000000"
SETTLED = ("running", "failed", "stopped")


def hold(talk: Talk) -> Talk:
    """One service of one model from its making to its end; whatever happens on the way, both are deleted."""
    talk.ask("unknown", "GET", f"{SERVICES}/{NOBODY}")
    talk.in_vain("unknown model", SERVICES, body(talk, NOBODY), "service_id")
    model_id = publish(talk.apart())
    try:
        _serve(talk, model_id)
    finally:
        forget(talk.apart(), model_id)
    return talk


def _serve(talk: Talk, model_id: str) -> None:
    created = talk.ask("created", "POST", SERVICES, body(talk, model_id))
    service = f"{SERVICES}/{created.good['service_id']}"
    try:
        talk.until("running", service, field("status", *SETTLED))
        talk.in_vain("again", SERVICES, body(talk, model_id), "service_id")
        talk.ask("model kept", "DELETE", f"{MODELS}/{model_id}")
        _lists(talk, model_id)
        _change(talk, service, model_id)
        _stop_and_start(talk, service, model_id)
        _scale(talk, service, model_id)
    finally:
        talk.ask("deleted", "DELETE", service)
        talk.until("gone", service, lambda answer: answer.status >= 400)


def _lists(talk: Talk, model_id: str) -> None:
    name = talk.name("service")
    talk.ask("by name", "GET", SERVICES, service_name=name, limit=50)
    talk.ask("by model", "GET", SERVICES, model_id=model_id)
    talk.ask("by status", "GET", SERVICES, service_name=name, status="running")
    talk.ask("by other status", "GET", SERVICES, service_name=name, status="stopped")
    talk.ask("by type", "GET", SERVICES, service_name=name, infer_type="real-time")
    talk.ask("second page", "GET", SERVICES, service_name=name, limit=1, offset=1)


def _change(talk: Talk, service: str, model_id: str) -> None:
    talk.ask("started twice", "PUT", service, {"status": "running"})
    talk.ask("light weight", "PUT", service, {"config": [element(talk, model_id, weight=90)]})
    talk.ask("configured", "PUT", service, {"config": [element(talk, model_id, envs={"COLOUR": "blue"})]})
    talk.until("reread", service, _has("envs", {"COLOUR": "blue"}))
    talk.until("logs", f"{service}/logs", lambda answer: (answer.good["logs"] or [{}])[0].get("result") == "SUCCESS")
    talk.ask("described", "PUT", service, {"description": "other words"})
    talk.ask("redescribed", "GET", service)


def _stop_and_start(talk: Talk, service: str, model_id: str) -> None:
    both = {"status": "stopped", "config": [element(talk, model_id, envs={"COLOUR": "green"})]}
    talk.ask("status beside config", "PUT", service, both)
    talk.until("stopped", service, field("status", "stopped", "failed"))
    talk.ask("stopped twice", "PUT", service, {"status": "stopped"})
    talk.ask("scaled while stopped", "PUT", f"{service}/property", scaling(model_id, 2))
    talk.ask("started", "PUT", service, {"status": "running"})
    talk.until("running again", service, field("status", "running", "failed"))


def _scale(talk: Talk, service: str, model_id: str) -> None:
    talk.ask("foreign model", "PUT", f"{service}/property", scaling(NOBODY, 2))
    talk.ask("scaled", "PUT", f"{service}/property", scaling(model_id, 2))
    talk.until("two instances", service, _has("instance_count", 2))


def _has(key: str, value: Any) -> Callable[[Answer], bool]:
    """Whether a service is at rest and its one model has something."""

    def reached(answer: Answer) -> bool:
        if at(answer.data, "status") == "failed":
            return True
        return at(answer.data, "status") == "running" and answer.data["config"][0][key] == value

    return reached


def body(talk: Talk, model_id: str) -> dict[str, Any]:
    """A new service of one model, which stops by itself if it is left alone."""
    return {
        "service_name": talk.name("service"),
        "infer_type": "real-time",
        "description": "of a contract",
        "config": [element(talk, model_id)],
        "schedule": [{"type": "stop", "time_unit": "HOURS", "duration": 2}],
    }


def element(talk: Talk, model_id: str, **changes: Any) -> dict[str, Any]:
    """One model of a service's config."""
    known = {"model_id": model_id, "weight": 100, "specification": talk.site.specification, "instance_count": 1}
    return {**known, **changes}


def scaling(model_id: str, instances: int) -> dict[str, Any]:
    """The change of the one property that can be changed by itself."""
    return {"changed_property": "instance_count", "configs": [{"model_id": model_id, "changed_value": instances}]}
