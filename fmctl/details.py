"""Details: everything about one live resource, asked for at the same time. What is not to be had is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from fmctl import lineage
from fmctl.connect import Session
from fmctl.domain.live import Live
from fmctl.domain.ports import Api
from fmctl.domain.problem import ApiError, FmctlError
from fmctl.domain.record import Details
from fmctl.domain.resource import ResourceId
from fmctl.domain.values import address, is_secret_name
from fmctl.kinds import KINDS
from fmctl.kinds.records import events, updates, usage
from fmctl.kinds.training_job import TrainingJob
from fmctl.kinds.using import MODELS

LOG_LINES = 10
THREADS = 6
T = TypeVar("T")


def details(id: ResourceId, session: Session) -> Details:
    """All that is known of ``id``; an FmctlError when there is no such object."""
    api, found = session.api, newest(id, session)
    live, runs = found[-1], tuple(found) if KINDS[id.kind].is_run else ()
    with ThreadPoolExecutor(THREADS) as pool:

        def ask(look: Callable[[], Sequence[T]]) -> Callable[[], tuple[T, ...]]:
            future = pool.submit(_or_nothing, look)
            return lambda: tuple(future.result())

        about = ask(lambda: tuple(_about(live, api)))
        log = ask(lambda: TrainingJob().log(live, api).splitlines()[-LOG_LINES:] if runs else ())
        used = ask(lambda: usage(live, api) if runs else ())
        happened = ask(lambda: () if id.kind == "ModelVersion" else events(live, api))
        changed = ask(lambda: updates(live, api) if id.kind == "Service" else ())
        sources = ask(lambda: lineage.sources(live, api))
        users = ask(lambda: lineage.users(live, runs, api))
        return Details(live, runs, about(), log(), used(), happened(), changed(), sources(), users())


def newest(id: ResourceId, session: Session) -> Sequence[Live]:
    """The live objects of an address, the newest last; an FmctlError when there is none."""
    found = list(KINDS[id.kind].find(id.name, None, session.api))
    if not found:
        msg = f"there is no {id} in context {session.context.name}"
        raise FmctlError(msg, hint=f"see `fmctl get {id.kind} -A`; what the ledger knows shows `fmctl history {id}`")
    return found


def _or_nothing(look: Callable[[], Sequence[T]]) -> Sequence[T]:
    """What a look gives; nothing when the platform does not have it or answers in an unknown shape."""
    try:
        return look()
    except (ApiError, AttributeError, KeyError, TypeError, ValueError):
        return ()


# ------------------------------------------------------------ what it is made of


def _about(live: Live, api: Api) -> Iterator[tuple[str, str]]:
    about = {"TrainingJob": _about_job, "ModelVersion": _about_model, "Service": _about_service}[live.id.kind]
    yield from ((name, text) for name, text in about(live, api) if text)


def _about_job(live: Live, api: Api) -> Iterator[tuple[str, str]]:
    job = lineage.job(live, api)
    algorithm, spec = job.get("algorithm") or {}, job.get("spec") or {}
    engine, resource = algorithm.get("engine") or {}, spec.get("resource") or {}
    yield "Algorithm", str(algorithm.get("id") or "")
    yield "Program", _address(algorithm.get("boot_file")) or str(algorithm.get("command") or "")
    yield "Engine", str(engine.get("image_url") or engine.get("engine_version") or "")
    yield "Resources", _resources(resource)
    yield "Parameters", ", ".join(map(_parameter, algorithm.get("parameters") or ()))
    yield "Variables", ", ".join(sorted(algorithm.get("environments") or {}))  # never their values
    for name, url in lineage.inputs(job).items():
        yield f"Input {name}", url
    for name, url in live.facts.get("outputs", {}).items():
        yield f"Output {name}", url


def _parameter(parameter: Mapping[str, Any]) -> str:
    return f"{parameter['name']}={'***' if is_secret_name(parameter['name']) else parameter.get('value')}"


def _resources(resource: Mapping[str, Any]) -> str:
    what = str(resource.get("flavor_id") or "")
    pool = f" on pool {resource['pool_id']}" if resource.get("pool_id") else ""
    return f"{resource.get('node_count', 1)} x {what}{pool}" if what or pool else ""


def _address(url: object) -> str:
    return address(str(url)) if url else ""


def _about_model(live: Live, api: Api) -> Iterator[tuple[str, str]]:
    model = api.call("GET", f"{MODELS}/{live.remote_id}") or {}
    yield "Type", " ".join(str(model.get(key) or "") for key in ("model_type", "runtime")).strip()
    size = int(model.get("model_size") or 0)
    yield "Size", f"{size} bytes" if size else ""
    yield "Source", _address(model.get("source_location"))
    yield "Image", str(model.get("image_address") or "")
    yield "Published by", str(model.get("owner") or "")


def _about_service(live: Live, api: Api) -> Iterator[tuple[str, str]]:
    yield "URL", live.url
    for model in live.spec.get("models", ()):
        what = model["flavor"] if not model.get("resources") else f"custom {model['resources']}"
        yield f"Model {model['modelId']}", f"{model['weight']} %, {model['instances']} x {what}"
        yield "  Variables", ", ".join(sorted(model.get("env", {})))
    stop = live.spec.get("autoStop", 0)
    yield "Auto stop", f"after {stop // 60} min" if stop else ""
    yield "Pool", str(live.spec.get("pool") or "")
