"""Observe: what exists of the declared resources, and what else carries the set's marker. Never writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fmctl.domain.live import Live, Observed, World
from fmctl.domain.ports import Api
from fmctl.domain.resource import Resource, ResourceId
from fmctl.kinds.base import Kind, Looking, Records


def observe(
    resources: Sequence[Resource],
    kinds: Mapping[str, Kind],
    api: Api,
    records: Records,
    set_name: str,
    parallelism: int = 10,
    *,
    prune: bool = False,
) -> World:
    """Every declared resource as it is now; kinds side by side, details spread over ``parallelism`` threads.

    ``prune`` asks for more about what nothing declares: active jobs of the set, and who uses a model.
    """
    with ThreadPoolExecutor(max_workers=parallelism) as pool, ThreadPoolExecutor(max_workers=len(kinds)) as each:
        looking = Looking(api, records, set_name, fan_out(pool), prune)
        by_kind = {name: [r for r in resources if r.kind == name] for name in kinds}
        seen = list(each.map(lambda name: kinds[name].observe(by_kind[name], looking), kinds))
    observed: dict[ResourceId, Observed] = {}
    undeclared: list[Live] = []
    for found, rest in seen:
        observed.update(found)
        undeclared.extend(rest)
    return World(observed, tuple(sorted(undeclared, key=lambda live: live.id)))


def fan_out(pool: ThreadPoolExecutor) -> Callable[[Callable[[Any], Any], Iterable[Any]], list[Any]]:
    """Run a function over items on ``pool``; one item is not worth a thread."""

    def fan(function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        todo = list(items)
        return [function(todo[0])] if len(todo) == 1 else list(pool.map(function, todo))

    return fan
