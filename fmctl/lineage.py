"""Lineage: which run a model came from, which models a service serves, what a run read, and the way back.

Edges are read from live objects alone: a run's inputs lie below the outputs of another, a model names its source
job, a service its model ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fmctl.domain.live import Live
from fmctl.domain.ports import Api
from fmctl.domain.problem import ApiError
from fmctl.domain.record import Link
from fmctl.domain.values import address
from fmctl.kinds.job_wire import JOBS
from fmctl.kinds.model_version import ModelVersion
from fmctl.kinds.paging import SEARCH_LIMIT, listing
from fmctl.kinds.service import Service
from fmctl.kinds.service_wire import SERVICES
from fmctl.kinds.training_job import RUN_NAME, TrainingJob

DEEPEST = 6
MOST_PAGES = 4
"""Of the newest jobs, among which readers of a run's outputs are looked for."""
MOST_SERVICES = MOST_MODELS = 50


def sources(live: Live, api: Api) -> list[Link]:
    """What a live object was made from, nearest first, each followed by its own sources."""
    return list(_sources(live, api, 0, {live.remote_id}))


def _sources(live: Live, api: Api, depth: int, seen: set[str]) -> Iterator[Link]:
    if depth >= DEEPEST:
        return
    for found, how in _made_from(live, api):
        yield _link(depth, found, how)
        if found.remote_id not in seen:
            seen.add(found.remote_id)
            yield from _sources(found, api, depth + 1, seen)


def _made_from(live: Live, api: Api) -> Iterator[tuple[Live, str]]:
    """The next objects upwards, and how they are used."""
    if live.id.kind == Service.name:
        for model in live.spec.get("models", ()):
            version = ModelVersion().find_id(model["modelId"], api)
            if version:
                yield version, f"{model['weight']} %"
    elif live.id.kind == ModelVersion.name:
        version = live if live.facts.get("sourceJob") else ModelVersion().find_id(live.remote_id, api)  # lists lack it
        source = version.facts.get("sourceJob") if version else ""
        run = TrainingJob().find_id(source, api) if source else None
        if run:
            yield run, ""
    else:
        yield from _inputs(live, api)


def _inputs(run: Live, api: Api) -> Iterator[tuple[Live, str]]:
    """The runs below whose outputs the inputs of a run lie: every output folder has its run's name in it."""
    for name, url in inputs(job(run, api)).items():
        for part in url.split("/"):
            other = TrainingJob().find_name(part, api) if RUN_NAME.match(part) else None
            if other and _reads({name: url}, other):
                yield other, name


def users(live: Live, runs: Sequence[Live], api: Api) -> list[Link]:
    """What was made from a live object, or from any of its runs."""
    if live.id.kind == Service.name:
        return []
    if live.id.kind == ModelVersion.name:
        return list(_services(live, api, 0))
    return [*_models(runs or (live,), api), *_readers(live, api)]


def _models(runs: Sequence[Live], api: Api) -> Iterator[Link]:
    """Models name their source job in the detail alone, so only the newest that are younger than the runs are asked."""
    ids, first = {run.remote_id for run in runs}, min(run.created for run in runs)
    younger = [version for version in ModelVersion().everything(api) if version.created >= first]
    for listed in sorted(younger, key=lambda version: version.created)[-MOST_MODELS:]:
        version = ModelVersion().find_id(listed.remote_id, api)
        if version and version.facts.get("sourceJob") in ids:
            yield _link(0, version)
            yield from _services(version, api, 1)


def _services(version: Live, api: Api, depth: int) -> Iterator[Link]:
    found = listing(api, SERVICES, "services", "service_id", model_id=version.remote_id)
    for item, _ in zip(found, range(MOST_SERVICES), strict=False):
        service = Service().find_id(item["service_id"], api)
        for model in service.spec.get("models", ()) if service else ():
            if service and model["modelId"] == version.remote_id:
                yield _link(depth, service, f"{model['weight']} %")


def _readers(run: Live, api: Api) -> Iterator[Link]:
    """Later runs that read what ``run`` wrote, among the newest jobs of the workspace."""
    seen = {run.remote_id}  # pages may overlap
    for page in range(MOST_PAGES):
        items = _newest(page, api)
        for item in items:
            other = TrainingJob().read(item)
            name = _reads(inputs(item), run)
            if name and other.remote_id not in seen:
                seen.add(other.remote_id)
                yield _link(0, other, name)
        if len(items) < SEARCH_LIMIT or TrainingJob().read(items[-1]).created < run.created:
            return


def _newest(page: int, api: Api) -> Sequence[Mapping[str, Any]]:
    body = {"offset": page, "limit": SEARCH_LIMIT, "sort_by": "create_time", "order": "desc", "filters": []}
    body["workspace_id"] = api.workspace
    answer = api.call("POST", "/v2/{project_id}/training-job-searches", body=body, safe=True) or {}
    return answer.get("items") or ()


def _reads(inputs: Mapping[str, str], run: Live) -> str:
    """The name of the input that lies below an output of ``run``."""
    outputs = tuple(run.facts.get("outputs", {}).values())
    return next((name for name, url in inputs.items() if outputs and url.startswith(outputs)), "")


def job(run: Live, api: Api) -> Mapping[str, Any]:
    """A job in the API's own shape; empty when it cannot be had."""
    try:
        found: Mapping[str, Any] = api.call("GET", f"{JOBS}/{run.remote_id}") or {}
    except ApiError:
        return {}
    return found


def inputs(job: Mapping[str, Any]) -> dict[str, str]:
    """The addresses of a job's inputs by name."""
    items = (job.get("algorithm") or {}).get("inputs") or ()
    urls = ((item.get("name", ""), ((item.get("remote") or {}).get("obs") or {}).get("obs_url")) for item in items)
    return {name: address(url) for name, url in urls if url}


def _link(depth: int, live: Live, how: str = "") -> Link:
    return Link(depth, live.id, live.remote_name, live.phase, how)
