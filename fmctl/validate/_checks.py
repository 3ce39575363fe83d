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
    """What references may name: everything that is declared, also what is itself wrong.

    A resource of an ``unclear`` kind may have any name: a manifest of that kind does not tell its own.
    """

    def __init__(self, ids: Iterable[ResourceId], unclear: Iterable[str] = ()) -> None:
        self._ids = frozenset(ids)
        self._unclear = frozenset(unclear)

    def __contains__(self, id: ResourceId) -> bool:
        return id in self._ids or id.kind in self._unclear

    def hint(self, to: ResourceId) -> str:
        """What a reference to nothing may have meant."""
        names = self._names.get(to.kind, ())
        bare = to.name.rpartition("/")[2]
        if bare != to.name and bare in names:
            return f"write the name alone: {bare}"
        name = closest(to.name, names)
        if name:
            return f"did you mean {name}?"
        others = sorted(kind for kind, names in self._names.items() if to.name in names)
        if others:
            return f"there is {ResourceId(others[0], to.name)}, another kind"
        return "is its manifest among the files that -f names?"

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
            hint = "~ is not expanded: write the path in full" if value.startswith("~") else hint
            yield Problem(checked.places.source(path), rules.LOCAL_PATH, f"{value} {what}", hint)


def programs(checked: Checked) -> Iterator[Problem]:
    """Every program that is started is a file in the folder that is uploaded for it."""
    directory = os.path.dirname(checked.resource.document.file)
    for path, of_folder in checked.kind.programs(checked.resource.spec):
        name, shown = at(checked.resource, path), at(checked.resource, of_folder)
        folder = os.path.join(directory, shown)
        source = checked.places.source
        if os.path.isfile(folder):
            hint = f"write {of_folder[-1]}: {os.path.dirname(shown) or '.'} and {path[-1]}: {os.path.basename(shown)}"
            yield Problem(source(of_folder), rules.PROGRAM, f"{shown} is a file, not a folder", hint)
        elif _exists(folder) and not _is_in(folder, name):
            yield Problem(source(path), rules.PROGRAM, f"there is no {name} in {shown}", _program_hint(folder, name))


def _is_in(folder: str, name: str) -> bool:
    return name == os.path.normpath(name).lstrip("/.") and os.path.isfile(os.path.join(folder, name))


def _program_hint(folder: str, name: str) -> str | None:
    """A program of the folder that may be meant."""
    last = os.path.basename(name)
    if last != name and os.path.isfile(os.path.join(folder, last)):
        return f"write it as seen from the folder: {last}"
    programs = [one for one in os.listdir(folder) if one.endswith((".py", ".sh"))]
    guess = closest(last, programs)
    return f"did you mean {guess}?" if guess else f"it has {', '.join(sorted(programs)[:5])}" if programs else None


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
