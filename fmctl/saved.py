"""Saved plans: the plan with the manifests it was made from, so that ``apply --plan`` does what was reviewed.

A saved plan holds manifests, merged and as text, not the folders they name: those are read again, relative to the
set's root, and a digest that differs makes the plan stale.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmctl.domain.plan import FORMAT_VERSION, Plan
from fmctl.domain.problem import Conflict, ManifestError, UsageError
from fmctl.domain.resource import API_VERSION, Document, Resource
from fmctl.kinds import KINDS
from fmctl.report.machine import plan_json
from fmctl.resolve import resolve
from fmctl.settings import Project
from fmctl.validate import validate


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What a saved plan says: the set and context it is for, its resources, and the checksum to meet."""

    project: Project
    context: str
    resources: tuple[Resource, ...]
    checksum: str
    prune: bool


def dump(plan: Plan, resources: Sequence[Resource], project: Project, *, prune: bool) -> dict[str, Any]:
    """The plan's JSON with what is needed to make it again."""
    root = project.root.resolve()
    manifests = [{"file": _relative(resource, root), "document": _document(resource)} for resource in resources]
    digests = {f"{r.id}:{name}": folder.digest for r in resources for name, folder in r.folders.items()}
    policy = dict(project.policy)
    saved = {"root": str(root), "prune": prune, "policy": policy, "manifests": manifests, "digests": digests}
    return {**plan_json(plan), **saved}


def _relative(resource: Resource, root: Path) -> str:
    file = resource.document.file
    return file if file.startswith("<") else os.path.relpath(Path(file).resolve(), root)


def _document(resource: Resource) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": resource.name}
    if resource.labels:
        metadata["labels"] = dict(resource.labels)
    return {"apiVersion": API_VERSION, "kind": resource.kind, "metadata": metadata, "spec": resource.spec}


def read(path: Path, cwd: Path, root: Path | None) -> SavedPlan:
    """A saved plan; ``root`` is the set's root on this machine when it is not where the plan was made."""
    content = _content(path)
    place = root or Path(content["root"])
    if not place.is_dir():
        msg = f"{path} was made for manifests in {place}, which is not here"
        raise UsageError(msg, hint="name the set's root with -f")
    project = Project(place, content["set"], content["context"], policy=content["policy"], document=_stub(path))
    documents = [_placed(item, place, cwd) for item in content["manifests"]]
    resources = _resolved(documents, project)
    digests = {f"{r.id}:{name}": folder.digest for r in resources for name, folder in r.folders.items()}
    for name, digest in sorted(content["digests"].items()):
        if digests.get(name) != digest:
            msg = f"{name} is not what it was when the plan was made"
            raise Conflict(msg, hint="review `fmctl diff` again")
    return SavedPlan(project, content["context"], resources, content["checksum"], bool(content["prune"]))


def _resolved(documents: Sequence[Document], project: Project) -> tuple[Resource, ...]:
    """The resources of a plan; they were valid when it was made, so that what is wrong now has changed since."""
    try:
        return resolve(validate(documents, KINDS, set_name=project.set), KINDS)
    except ManifestError as error:
        text = "; ".join(dict.fromkeys(problem.message for problem in error.problems))
        msg = f"what the plan was made from is not what it was: {text}"
        raise Conflict(msg, hint="review `fmctl diff` again") from error


def _content(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror}"
        raise UsageError(msg) from error
    except ValueError as error:
        msg = f"{path} is not a saved plan"
        raise UsageError(msg, hint="make one with `fmctl diff --out plan.json`") from error
    if not isinstance(content, dict):
        content = {}
    version = content.get("formatVersion")
    if version not in (None, FORMAT_VERSION):
        msg = f"{path} has format {version}; this fmctl reads {FORMAT_VERSION}"
        raise UsageError(msg)
    if version is None or not all(isinstance(content.get(name), type) for name, type in _FIELDS.items()):
        msg = f"{path} is not a saved plan"
        raise UsageError(msg, hint="make one with `fmctl diff --out plan.json`")
    return content


_FIELDS = {
    "set": str,
    "context": str,
    "checksum": str,
    "root": str,
    "policy": dict,
    "manifests": list,
    "digests": dict,
    "prune": bool,
}


def _placed(item: Mapping[str, Any], root: Path, cwd: Path) -> Document:
    """A manifest of the plan as a document of the file it came from; its lines are gone."""
    file = item["file"] if item["file"].startswith("<") else os.path.relpath(root / item["file"], cwd)
    return Document(file, item["document"], {}, {})


def _stub(path: Path) -> Document:
    """Stands for the project file, which the plan already took into account."""
    return Document(str(path), {}, {}, {})
