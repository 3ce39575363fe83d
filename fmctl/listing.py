"""Listing: what there is of a workspace or of a set, for people and for machines. It only looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from fmctl.connect import Session
from fmctl.domain.live import Live
from fmctl.domain.ports import Api
from fmctl.domain.problem import NotFound
from fmctl.domain.resource import Resource, ResourceId
from fmctl.domain.values import address
from fmctl.kinds import KINDS, RUNS
from fmctl.kinds.service import Service
from fmctl.kinds.using import MODELS
from fmctl.observe import observe
from fmctl.shown import shown_spec

THREADS = 10


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource: as declared where a manifest is given, as it is, and its runs."""

    id: ResourceId
    live: Live | None
    runs: tuple[Live, ...] = ()
    desired: Resource | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    """What of its live spec is told for looking only, and never compared with a manifest."""

    def __repr__(self) -> str:
        runs = f", {len(self.runs)} runs" if len(self.runs) > 1 else ""
        return f"<{self.id}: {f'{self.live.phase}, {self.live.health}' if self.live else 'absent'}{runs}>"

    @property
    def remote_name(self) -> str:
        """The name on the platform, empty while there is none."""
        return self.live.remote_name if self.live else ""


def entries(
    session: Session,
    kind: str | None = None,
    name: str | None = None,
    *,
    declared: Sequence[Resource] | None = None,
    every: bool = False,
    whole: bool = False,
) -> list[Entry]:
    """Everything that carries a marker, or ``declared`` as observed; of one kind and name where they are given.

    ``every`` adds what carries no marker; ``whole`` asks also for what of a spec only details tell.
    """
    kinds = [kind] if kind else list(KINDS)
    with ThreadPoolExecutor(THREADS) as pool:
        if declared is None:
            seen = pool.map(lambda kind: list(_seen(kind, name, session.api, every=every)), kinds)
            found = [entry for each in seen for entry in each]
        else:
            found = [entry for entry in _observed(session, declared) if entry.id.kind in kinds]
        named = [entry for entry in found if name in (None, entry.id.name, entry.remote_name)]
        return list(pool.map(lambda entry: _complete(entry, session, whole=whole), named))


def _observed(session: Session, resources: Sequence[Resource]) -> Iterator[Entry]:
    world = observe(resources, KINDS, session.api, session.ledger, session.project.set)
    for resource in resources:
        seen = world.observed[resource.id]
        runs = [*seen.others, *([seen.live] if seen.live and resource.kind in RUNS else [])]
        yield Entry(resource.id, seen.live, tuple(sorted(runs, key=_age)), resource)


def _seen(kind: str, name: str | None, api: Api, *, every: bool) -> Iterator[Entry]:
    """The live objects of one kind; one that is named is not looked for among all."""
    lives = KINDS[kind].find(name, None, api) if name else KINDS[kind].everything(api)
    kept = [live for live in lives if every or live.marker]
    found = _grouped(kept) if kind in RUNS else (Entry(live.id, live) for live in kept)
    yield from sorted(found, key=lambda entry: entry.id)


def _grouped(lives: Iterable[Live]) -> Iterator[Entry]:
    """Runs by the resource in their name; the newest is the current one."""
    groups: dict[ResourceId, list[Live]] = {}
    for live in lives:
        groups.setdefault(live.id, []).append(live)
    for id, runs in groups.items():
        ordered = sorted(runs, key=_age)
        yield Entry(id, ordered[-1], tuple(ordered))


def _age(live: Live) -> tuple[int, int, str]:
    return live.created, live.attempt, live.remote_name


# ------------------------------------------------------------ what lists lack


def _complete(entry: Entry, session: Session, *, whole: bool) -> Entry:
    """Lists of services lack configs and addresses, those of models their source: one detail each.

    Which parameters of a run may be told only the ledger knows, so that they are told where all is asked for.
    """
    api = session.api
    live = entry.live
    if live is None or live.facts.get("gone"):
        return entry
    if live.id.kind in RUNS:
        size = {"resources": live.facts.get("spec", {}).get("resources", {})}
        return replace(entry, more=shown_spec(live, session) if whole else size)
    if live.id.kind == Service.name:
        detail = None if "models" in live.spec else Service().find_id(live.remote_id, api)
        return replace(entry, live=replace(detail, id=live.id)) if detail else entry
    return replace(entry, more=_model(live, api)) if whole else entry


def _model(live: Live, api: Api) -> Mapping[str, Any]:
    """What a version is made of, in the words of a manifest; nothing of one that is gone by now."""
    try:
        model = api.call("GET", f"{MODELS}/{live.remote_id}") or {}
    except NotFound:
        return {}
    place, image = model.get("source_location"), model.get("image_address")
    source = {"image": image} if image else {"from": address(str(place))} if place else {}
    found = {"type": model.get("model_type"), "runtime": model.get("runtime"), "source": source}
    return {key: value for key, value in found.items() if value}
