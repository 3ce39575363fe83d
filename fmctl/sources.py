"""Sources: from what ``-f`` names to ordered resources, offline: load, validate, resolve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from fmctl.domain.problem import ManifestError, Problem, Refused, UsageError
from fmctl.domain.resource import Document, Resource
from fmctl.kinds import KINDS
from fmctl.load import NOTHING, load, no_collection
from fmctl.resolve import resolve
from fmctl.settings import PROJECT_FILE, Project, require_one_set
from fmctl.validate import REFERENCE, validate

SHOWN_NAMES = 8


@dataclass(frozen=True, slots=True)
class Sources:
    """What ``-f`` names, and what of it is meant."""

    filenames: Sequence[str]
    recursive: bool = False
    overlay: str | None = None
    selector: str | None = None
    target: Sequence[str] = ()
    exclude: Sequence[str] = ()
    prune: bool = False

    @property
    def partial(self) -> bool:
        """Whether only a part of the set is meant."""
        return bool(self.selector or self.target or self.exclude)

    @property
    def whole(self) -> bool:
        """Whether the whole set is named: the folder of its project file, and nothing left out."""
        return len(self.filenames) == 1 and (Path(self.filenames[0]) / PROJECT_FILE).is_file() and not self.partial


def for_pruning(sources: Sources) -> Sources:
    """Pruning needs the whole set, read recursively; UsageError when a part is named."""
    if not sources.whole:
        msg = "--prune needs the whole set"
        raise UsageError(msg, hint=f"-f the folder of {PROJECT_FILE}, without -l, --target and --exclude")
    return replace(sources, recursive=True, prune=True)


def check(sources: Sources, project: Project, stdin: Callable[[], str] | None = None) -> tuple[Resource, ...]:
    """Valid resources, not yet resolved: no folder is read. Every problem of every file is in one ManifestError."""
    with no_collection():  # everything made here is kept: looking for garbage costs a third of the time
        try:
            documents = load(
                sources.filenames, recursive=sources.recursive, without=overlay_places(project), stdin=stdin
            )
        except ManifestError as error:
            raise ManifestError([*error.problems, *_more_problems(error.readable, sources, project)]) from error
        if sources.recursive:
            require_one_set({document.file for document in documents}, project, Path.cwd())
        return _validated(documents, sources, project)


def _more_problems(documents: Sequence[Document], sources: Sources, project: Project) -> list[Problem]:
    """What is wrong with the files that could be read; what they refer to may be in those that could not."""
    try:
        _validated(documents, sources, project)
    except ManifestError as error:
        return [problem for problem in error.problems if problem.rule != REFERENCE]
    return []


def _validated(documents: Sequence[Document], sources: Sources, project: Project) -> tuple[Resource, ...]:
    return validate(
        documents,
        KINDS,
        set_name=project.set,
        defaults=project.defaults,
        overlays=project.overlay(sources.overlay),
        project=project.document,
    )


def overlay_places(project: Project) -> list[str]:
    """The overlays' files and folders: they may lie among the manifests, but are none."""
    return [str(project.root / place) for place in project.overlays.values()]


def read(sources: Sources, project: Project, stdin: Callable[[], str] | None = None) -> tuple[Resource, ...]:
    """Ordered resources with digests and hashes: the whole set is read, then narrowed to what is meant."""
    try:
        resources = check(sources, project, stdin)
    except ManifestError as error:
        if sources.prune and {problem.rule for problem in error.problems} == {NOTHING}:
            msg = "the set has no manifests, and --prune would remove everything that it owns"
            raise Refused(msg, hint="delete it by name with `fmctl delete`") from error
        raise
    return narrowed(resolve(resources, KINDS), sources)


def narrowed(resources: tuple[Resource, ...], sources: Sources) -> tuple[Resource, ...]:
    """The resources that ``-l``, ``--target`` (with what they need) and ``--exclude`` (with what needs them) leave."""
    wanted = {resource.id for resource in resources}
    if sources.selector:
        wanted = {r.id for r in resources if matches(r, sources.selector)}
    if sources.target:
        wanted &= {r.id for r in resources if any(fnmatchcase(str(r.id), pattern) for pattern in sources.target)}
    if sources.partial and not wanted:
        msg = f"nothing in the set matches {' '.join(filter(None, [sources.selector, *sources.target]))}"
        names = sorted(str(r.id) for r in resources)
        few = f"it has {', '.join(names)}" if len(names) <= SHOWN_NAMES else "see `fmctl graph -f …` for the names"
        raise UsageError(msg, hint=f"{few}; labels are under metadata" if sources.selector else few)
    if sources.selector or sources.target:
        for resource in reversed(resources):  # needs come before what needs them
            if resource.id in wanted:
                wanted.update(resource.needs)
    out = {r.id for r in resources if any(fnmatchcase(str(r.id), pattern) for pattern in sources.exclude)}
    for resource in resources:
        if out.intersection(resource.needs):
            out.add(resource.id)
    return tuple(resource for resource in resources if resource.id in wanted - out)


def matches(resource: Resource, selector: str) -> bool:
    """Whether a resource's labels are as ``-l`` wants them: ``key=value``, ``key!=value`` or ``key``, by commas."""
    return all(_matches(resource, *_term(text)) for text in selector.split(","))


def _term(text: str) -> tuple[str, str | None, bool]:
    """``key=value``, ``key!=value`` or ``key``."""
    for sign, equal in (("!=", False), ("==", True), ("=", True)):
        key, found, value = text.partition(sign)
        if found:
            return key.strip(), value.strip(), equal
    return text.strip(), None, True


def _matches(resource: Resource, key: str, value: str | None, equal: bool) -> bool:
    if value is None:
        return key in resource.labels
    return (resource.labels.get(key) == value) is equal
