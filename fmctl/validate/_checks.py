"""The rules about a manifest among the others: references, local paths, secrets, and what its kind says."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple

from fmctl.domain.problem import Problem
from fmctl.domain.resource import Path, Resource, ResourceId
from fmctl.kinds.base import Kind
from fmctl.validate import _rules as rules
from fmctl.validate._merge import Places
from fmctl.validate._suggest import closest

_SECRET: Final = re.compile(
    r"(^|_)(PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIALS?)(_|$)|(ACCESS_KEY|PRIVATE_KEY|API_KEY)$", re.IGNORECASE
)
"""Keys under which a literal is refused: a public rule, narrower than what is hidden in messages."""


class Checked(NamedTuple):
    """A resource that its schema accepts, with its kind and its places."""

    resource: Resource
    kind: Kind
    places: Places


class Targets:
    """What references may name: everything that is declared, also what is itself wrong."""

    def __init__(self, ids: Iterable[ResourceId]) -> None:
        self._ids = frozenset(ids)

    def __contains__(self, id: ResourceId) -> bool:
        return id in self._ids

    def hint(self, to: ResourceId) -> str | None:
        """What a reference to nothing may have meant."""
        name = closest(to.name, self._names.get(to.kind, ()))
        if name:
            return f"did you mean {name}?"
        others = sorted(kind for kind, names in self._names.items() if to.name in names)
        return f"there is {ResourceId(others[0], to.name)}, another kind" if others else None

    @cached_property
    def _names(self) -> dict[str, tuple[str, ...]]:
        kinds = {id.kind for id in self._ids}
        return {kind: tuple(id.name for id in self._ids if id.kind == kind) for kind in kinds}


def references(checked: Checked, targets: Targets) -> Iterator[Problem]:
    """Every reference names a declared resource."""
    for path, to in checked.kind.references(checked.resource.spec):
        if to not in targets:
            message = f"there is no {to} in this set"
            yield Problem(checked.places.source(path), rules.REFERENCE, message, targets.hint(to))


def local_paths(checked: Checked) -> Iterator[Problem]:
    """Every local path exists, relative to the directory of the manifest."""
    directory = os.path.dirname(checked.resource.document.file)
    for path in checked.kind.local_paths(checked.resource.spec):
        value = at(checked.resource, path)
        if not value:
            yield Problem(checked.places.source(path), rules.LOCAL_PATH, "an empty path")
        elif not _exists(place := os.path.join(directory, value)):
            what = "is a link to nothing" if os.path.islink(place) else "does not exist"
            hint = f"paths are relative to the manifest: looked for {os.path.normpath(place)}"
            yield Problem(checked.places.source(path), rules.LOCAL_PATH, f"{value} {what}", hint)


def _exists(place: str) -> bool:
    try:
        return os.path.exists(place)
    except ValueError:  # a NUL in the name
        return False


def secrets(checked: Checked) -> Iterator[Problem]:
    """No literal under a key that names a secret. The value is never shown."""
    for path in checked.kind.text_maps(checked.resource.spec):
        for key, value in at(checked.resource, path).items():
            if not isinstance(value, dict) and _names_secret(key):
                hint = f"write {key}: {{valueFrom: {{env: {key}}}}}, or {{value: …}} if it is no secret"
                message = f"a literal value under {key!r}, which names a secret"
                yield Problem(checked.places.source((*path, key)), rules.LITERAL, message, hint)


@lru_cache(maxsize=4096)
def _names_secret(key: str) -> bool:
    return _SECRET.search(key) is not None


def own_rules(checked: Checked, others: Mapping[ResourceId, Resource], set_name: str) -> Iterator[Problem]:
    """What the kind itself says."""
    yield from checked.kind.check(checked.resource, others, set_name)


def shared_identities(accepted: Iterable[Checked]) -> Iterator[Problem]:
    """Live names and versions that two resources of one kind claim; told at the second, naming the first."""
    owners: dict[tuple[str, ...], Checked] = {}
    for item in accepted:
        for key, path, rule, what, hint in item.kind.identities(item.resource):
            first = owners.setdefault((item.resource.kind, *key), item).resource
            if first.id != item.resource.id:
                message = f"{first.id} has {what} already ({first.source()})"
                yield Problem(item.places.source(path), rule, message, hint)


def at(resource: Resource, path: Path) -> Any:
    """The value at ``path`` of the document, which begins with ``spec``."""
    value: Any = resource.spec
    for part in path[1:]:
        value = value[part]
    return value
