"""Finding runs: jobs by ten names a search or by pages of the whole workspace, and whose runs they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import ceil
from typing import Any, NamedTuple

from fmctl.domain.live import Live, Observed
from fmctl.domain.ports import Api
from fmctl.domain.problem import ApiError, NotFound
from fmctl.domain.resource import Resource
from fmctl.kinds.job_wire import JOBS
from fmctl.kinds.paging import NAMES_PER_FILTER, SEARCH_LIMIT, search
from fmctl.kinds.reading import Item


class Jobs(NamedTuple):
    """The jobs of a workspace."""

    api: Api
    read: Callable[[Item], Live]

    def everything(self) -> Iterator[Live]:
        """Every job."""
        yield from self._search()

    def in_phases(self, phases: Iterable[str]) -> Iterator[Live]:
        """Every job in one of ``phases``."""
        yield from self._search({"key": "phase", "operator": "in", "value": list(phases)})

    def like(self, names: Sequence[str]) -> Iterator[Live]:
        """Jobs whose name contains one of ``names``, in one search for every ten (the operator is fuzzy)."""
        for start in range(0, len(names), NAMES_PER_FILTER):
            few = list(names[start : start + NAMES_PER_FILTER])
            yield from self._search({"key": "name", "operator": "like", "value": few})

    def named(self, name: str) -> Live | None:
        """One job by its exact name."""
        return next((live for live in self.like([name]) if live.remote_name == name), None)

    def by_id(self, remote_id: str) -> Live | None:
        """One job by id, None when it is gone (400 ModelArts.2775)."""
        try:
            return self.read(self.api.call("GET", f"{JOBS}/{remote_id}"))
        except NotFound:
            return None

    def log(self, live: Live, task: str = "worker-0") -> str:
        """The newest part of a run's log; empty while there is none (204 2776, 400 2818)."""
        try:
            answer = self.api.call("GET", f"{JOBS}/{live.remote_id}/tasks/{task}/logs/preview")
        except ApiError:
            return ""
        return str((answer or {}).get("content") or (answer or {}).get("context") or "")

    def collect(self, names: Sequence[str], seen: Seen) -> bool:
        """See jobs of ``names`` in as few requests as can be; True when every job was seen on the way."""
        if len(names) > NAMES_PER_FILTER:
            pages = search(self.api)
            count, first = next(pages)
            seen.add(map(self.read, first))
            if ceil(count / SEARCH_LIMIT) <= ceil(len(names) / NAMES_PER_FILTER):
                for _, items in pages:
                    seen.add(map(self.read, items))
                return True
        seen.add(self.like(names))
        return False

    def _search(self, *filters: Mapping[str, Any]) -> Iterator[Live]:
        for _, items in search(self.api, filters):
            yield from map(self.read, items)


class Seen:
    """Jobs seen so far, by the resource they may belong to."""

    def __init__(self, jobs: Iterable[Live] = ()) -> None:
        self._by_name: dict[str, dict[str, Live]] = {}
        self.add(jobs)

    def add(self, jobs: Iterable[Live]) -> None:
        """Remember jobs, once each, under the part of their name before the hash and under their whole name."""
        for job in jobs:
            for key in {job.id.name, job.remote_name}:
                self._by_name.setdefault(key, {})[job.remote_id] = job

    def named(self, name: str) -> list[Live]:
        """The jobs of a resource's name, or of this very name."""
        return list(self._by_name.get(name, {}).values())

    def current(self, resource: Resource) -> Live | None:
        """The run of a resource's content: the latest attempt of its hash, or the job that ``useRun`` names."""
        used = resource.spec.get("useRun")
        if used:
            return next((job for job in self.named(used) if job.remote_name == used), None)
        runs = [job for job in self.named(resource.name) if job.hash == resource.hash]
        return max(runs, key=lambda run: run.attempt, default=None)

    def observed(self, resource: Resource) -> Observed:
        """The current run of a resource, and all other runs of its name."""
        current = self.current(resource)
        others = [job for job in self.named(resource.name) if job is not current and job.hash]
        ordered = sorted(others, key=lambda job: (job.created, job.remote_name))
        return Observed(current and replace(current, id=resource.id), tuple(ordered))
