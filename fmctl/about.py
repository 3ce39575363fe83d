"""What one live object is made of, in pairs of a name and a text, and why it is as it is. No secret is in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fmctl.connect import Session
from fmctl.domain.live import Health, Live
from fmctl.domain.ports import Api
from fmctl.domain.record import Happening
from fmctl.domain.values import address, span
from fmctl.kinds import RUNS
from fmctl.kinds.model_version import ModelVersion
from fmctl.kinds.remedies import timed_out
from fmctl.kinds.using import MODELS
from fmctl.shown import fact, shown_spec

Pairs = Iterator[tuple[str, str]]
KILO = 1000
BY_FMCTL = "stopped by fmctl"


def about(live: Live, session: Session) -> Pairs:
    """What it is made of; what is empty is left out."""
    match live.id.kind:
        case "TrainingJob":
            pairs = _job(live, session)
        case "ModelVersion":
            pairs = _model(live, session.api)
        case _:
            pairs = _service(live)
    yield from ((name, text) for name, text in pairs if text)


def _job(live: Live, session: Session) -> Pairs:
    spec = shown_spec(live, session)
    algorithm = spec.get("algorithm", {})
    yield "Algorithm", algorithm.get("id", "")
    yield "Code", algorithm.get("code", "")
    yield "Program", algorithm.get("bootFile", "") or algorithm.get("command", "")
    yield "Engine", algorithm.get("image", "") or algorithm.get("engine", {}).get("version", "")
    yield "Resources", _size(spec.get("resources", {}))
    yield "Parameters", ", ".join(f"{key}={value}" for key, value in spec.get("parameters", {}).items())
    yield "Variables", ", ".join(spec.get("env", {}))
    yield from ((f"Input {item['name']}", item["from"]) for item in spec.get("inputs", ()))
    yield from ((f"Output {name}", url) for name, url in live.facts.get("outputs", {}).items())
    yield "Logs to", spec.get("logs", "")
    yield "At most", spec.get("maxDuration", "")
    yield "Priority", str(spec.get("priority", ""))
    yield "Commit", str(fact(live, session, "intent").get("commit") or "")


def _size(resources: Mapping[str, Any]) -> str:
    if not resources:
        return ""
    pool = f" on pool {resources['pool']}" if "pool" in resources else ""
    return f"{resources.get('nodes', 1)} x {resources.get('flavor', 'any')}{pool}"


def _model(live: Live, api: Api) -> Pairs:
    model = api.call("GET", f"{MODELS}/{live.remote_id}") or {}
    place = model.get("source_location")
    yield "Type", " ".join(str(model.get(key) or "") for key in ("model_type", "runtime")).strip()
    yield "Size", _bytes(int(model.get("model_size") or 0))
    yield "Source", address(str(place)) if place else ""
    yield "Image", str(model.get("image_address") or "")
    yield "Published by", str(model.get("owner") or "")


def _bytes(size: float) -> str:
    """``55.7 kB``; nothing for nothing."""
    if not size:
        return ""
    for unit in ("bytes", "kB", "MB"):
        if size < KILO:
            return f"{size:.3g} {unit}"
        size /= KILO
    return f"{size:.3g} GB"


def _service(live: Live) -> Pairs:
    yield "URL", live.url
    for model in live.spec.get("models", ()):
        what = model["flavor"] if not model.get("resources") else f"custom {model['resources']}"
        yield "Model", f"{model['weight']} %, {model['instances']} x {what}, id {model['modelId']}"
        yield "Variables", ", ".join(sorted(model.get("env", {})))
    stop = live.spec.get("autoStop", 0)
    yield "Auto stop", f"after {span(stop)}" if stop else ""
    yield "Pool", str(live.spec.get("pool") or "")


# ------------------------------------------------------------ why


def why(live: Live, session: Session, events: Sequence[Happening]) -> str:
    """Why it is in its state, as far as the platform and the ledger tell; empty where the phase says it all."""
    if live.health is Health.SUSPENDED and live.id.kind in RUNS:
        return _stopped(live, session) + (f" ({live.message})" if live.message else "")
    message = live.message or _failure(live, session.api)
    if message:
        return message
    if live.health is Health.PROGRESSING and events:
        return events[-1].message
    if live.health in (Health.DEGRADED, Health.UNKNOWN, Health.SUSPENDED):
        bad = [event for event in events if event.level in ("Warning", "Error")] or list(events)
        return bad[-1].message if bad else ""
    return ""


def _failure(live: Live, api: Api) -> str:
    """Why a model version failed, which lists do not tell."""
    if live.id.kind != ModelVersion.name or live.health is not Health.DEGRADED:
        return ""
    detail = ModelVersion().find_id(live.remote_id, api)
    return detail.message if detail else ""


def _stopped(live: Live, session: Session) -> str:
    """Who stopped a run."""
    stopped = fact(live, session, "stopped")
    if stopped:
        return f"{BY_FMCTL}: {stopped.get('reason', 'no reason given')}"
    if timed_out(live):
        return f"its maxDuration of {span(live.facts['autoStop'])} was over"
    if not live.owned_by(session.project.set):
        return "stopped; by whom says the ledger of its set"
    return "stopped outside fmctl"
