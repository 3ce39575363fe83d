"""Resolve: references become edges and hashes, local folders become digests, resources get their order.

The canonical form and the hashes are decided here once: a hash is in live names and markers, so a change of this
module's output must come with a new entry in ``HASHES`` and keep the old ones.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

from fmctl.domain.problem import ManifestError, Problem, UsageError
from fmctl.domain.resource import Folder, Path, Resource, ResourceId, Spec
from fmctl.kinds.base import Kind

MAX_RERUN = 1000
"""Up to this number, an older value of a numeric ``rerun`` is recognised by its hash alone."""


def resolve(resources: Sequence[Resource], kinds: Mapping[str, Kind]) -> tuple[Resource, ...]:
    """Resources in the order of their references, each with its needs, digests and hashes.

    Raises ManifestError for a cycle (printed as a path) and for local folders that cannot be read.
    """
    folders = _Folders()
    done: dict[ResourceId, Resource] = {}
    for resource in order(resources, kinds):
        kind = kinds[resource.kind]
        found = replace(resource, folders=folders.of(resource, kind))
        done[resource.id] = _hashed(found, kind, kinds, done)
    if folders.problems:
        raise ManifestError(folders.problems)
    return tuple(done.values())


def order(resources: Sequence[Resource], kinds: Mapping[str, Kind]) -> list[Resource]:
    """Resources in the order of their references, with their needs; a cycle is a ManifestError. Reads no folder."""
    by_id = {resource.id: resource for resource in resources}
    needs = {id: _needs(resource, kinds) for id, resource in by_id.items()}
    try:
        return [_with_needs(by_id[id], needs[id]) for id in _order(needs)]
    except _Cycle as cycle:
        raise ManifestError([_told(cycle.way, by_id, kinds)]) from None


def _with_needs(resource: Resource, needs: tuple[ResourceId, ...]) -> Resource:
    return replace(resource, needs=needs) if needs else resource  # copies cost, and most of a large set has none


def _needs(resource: Resource, kinds: Mapping[str, Kind]) -> tuple[ResourceId, ...]:
    references = kinds[resource.kind].references(resource.spec)
    return tuple(sorted({reference.to for reference in references}))


# -------------------------------------------------------------------- order


class _Cycle(Exception):
    """References that lead back; ``way`` begins and ends with the same resource."""

    def __init__(self, way: Sequence[ResourceId]) -> None:
        super().__init__(way)
        self.way = way


def _order(needs: Mapping[ResourceId, tuple[ResourceId, ...]]) -> list[ResourceId]:
    """Topological order: by depth, then by id, so that the order of files does not matter."""
    depth: dict[ResourceId, int] = {}
    for start in sorted(needs):
        _measure(start, needs, depth)
    return sorted(needs, key=lambda id: (depth[id], id))


def _measure(
    start: ResourceId, needs: Mapping[ResourceId, tuple[ResourceId, ...]], depth: dict[ResourceId, int]
) -> None:
    """Depth of ``start`` and of all that it needs, without recursion: chains may be long."""
    way: list[ResourceId] = [start]
    on_way = {start}
    while way:
        id = way[-1]
        waiting = [need for need in needs[id] if need not in depth]
        if id in depth or not waiting:
            depth.setdefault(id, 1 + max((depth[need] for need in needs[id]), default=-1))
            on_way.discard(way.pop())
        elif waiting[0] in on_way:
            raise _Cycle([*way[way.index(waiting[0]) :], waiting[0]])
        else:
            way.append(waiting[0])
            on_way.add(waiting[0])


def _told(way: Sequence[ResourceId], by_id: Mapping[ResourceId, Resource], kinds: Mapping[str, Kind]) -> Problem:
    """A cycle, told at the first of its references, with the whole way."""
    first = by_id[way[0]]
    path = next(path for path, to in kinds[first.kind].references(first.spec) if to == way[1])
    text = "references form a cycle: " + " -> ".join(map(str, way))
    return Problem(first.source(*path), "FM0401", text, "remove one of these references")


# -------------------------------------------------------------------- folders


class _Folders:
    """Digests of local folders, each read once; what cannot be read becomes a problem."""

    def __init__(self) -> None:
        self._known: dict[FilePath, Folder] = {}
        self.problems: list[Problem] = []

    def of(self, resource: Resource, kind: Kind) -> dict[str, Folder]:
        """The folders that a resource names, by the text in the manifest."""
        result = {}
        for path in kind.local_paths(resource.spec):
            shown = str(value_at(resource.spec, path))
            try:
                result[shown] = self._digest(base(resource) / shown, shown)
            except UsageError as error:
                self.problems.append(Problem(resource.source(*path), "FM0402", error.message, error.hint))
                result[shown] = Folder(shown, "", 0, 0)
        return result

    def _digest(self, path: FilePath, shown: str) -> Folder:
        from fmctl.folders import digest

        real = path.resolve()
        if real not in self._known:
            self._known[real] = digest(path, shown)
        return self._known[real]._replace(path=str(path))


def base(resource: Resource) -> FilePath:
    """The folder that a manifest's relative paths start from: its file's, or the working directory for stdin."""
    file = resource.document.file
    return FilePath() if file.startswith("<") else FilePath(file).parent


# -------------------------------------------------------------------- hashes


def _hashed(resource: Resource, kind: Kind, kinds: Mapping[str, Kind], done: Mapping[ResourceId, Resource]) -> Resource:
    whole = canonical(resource, kind, kinds, done)
    marker = fingerprint(resource, whole, {"labels": dict(resource.labels)} if resource.labels else {})
    content = {key: value for key, value in whole.items() if key not in kind.outside_hash}
    if not kind.is_run and not kind.outside_hash:
        return replace(resource, hash=marker, marker=marker)
    older = frozenset(function(resource, variant, {}) for function in HASHES for variant in _reruns(content))
    return replace(resource, hash=fingerprint(resource, content, {}), marker=marker, older=older)


def canonical(
    resource: Resource, kind: Kind, kinds: Mapping[str, Kind], done: Mapping[ResourceId, Resource]
) -> dict[str, Any]:
    """The canonical form of ``spec``: defaults dropped, references and folders replaced by what they stand for."""
    spec = without_defaults(resource.spec, kind.spec_schema) or {}
    for path in kind.local_paths(resource.spec):
        folder = resource.folders[str(value_at(resource.spec, path))]
        spec = _put(spec, path[1:], f"sha256:{folder.digest}")
    for reference in kind.references(resource.spec):
        target = done[reference.to]
        identity = kinds[target.kind].identity(target.spec, target.hash)
        spec = _put(spec, reference.path[1:], identity)
    return dict(kind.canonical(spec))


def _sha256_v1(resource: Resource, spec: Spec, extra: Mapping[str, Any]) -> str:
    """Ten hex digits of SHA-256 over JSON with sorted keys, no spaces, UTF-8."""
    form = {"kind": resource.kind, "name": resource.name, "spec": spec, **extra}
    text = json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


HASHES: Sequence[Callable[[Resource, Spec, Mapping[str, Any]], str]] = (_sha256_v1,)
"""Every hash function that was ever used, newest first."""


def fingerprint(resource: Resource, spec: Spec, extra: Mapping[str, Any]) -> str:
    """The newest hash of a canonical form."""
    return HASHES[0](resource, spec, extra)


def _reruns(content: Spec) -> Iterator[Spec]:
    """The same content under the values that ``rerun`` may have had before."""
    now = content.get("rerun")
    if now is None:
        return
    yield {key: value for key, value in content.items() if key != "rerun"}
    if str(now).isdigit():
        for number in range(min(int(now), MAX_RERUN)):
            yield {**content, "rerun": str(number)}


def without_defaults(value: Any, schema: Any) -> Any:
    """``value`` without what equals the schema's default, and without the maps and lists that this leaves empty."""
    if isinstance(value, Mapping):
        known = schema.get("properties", {}) if isinstance(schema, Mapping) else {}
        result = {}
        for key, item in value.items():
            below = known.get(key, {})
            if isinstance(below, Mapping) and "default" in below and below["default"] == item:
                continue
            kept = without_defaults(item, below)
            if key in known and kept in ({}, []):
                continue
            result[key] = kept
        return result
    if isinstance(value, (list, tuple)):
        items = schema.get("items", {}) if isinstance(schema, Mapping) else {}
        return [without_defaults(item, items) for item in value]
    return value


def value_at(spec: Spec, path: Path) -> Any:
    """The value at ``path``, which starts with ``spec``."""
    value: Any = spec
    for part in path[1:]:
        value = value[part]
    return value


def _put(value: Any, path: Path, new: Any) -> Any:
    """A copy of ``value`` with ``new`` at ``path``; what defaults removed stays removed."""
    if not path:
        return new
    if isinstance(value, list):
        return [_put(item, path[1:], new) if index == path[0] else item for index, item in enumerate(value)]
    return {key: _put(item, path[1:], new) if key == path[0] else item for key, item in value.items()}
