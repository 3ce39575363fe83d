"""One run of validation: what was declared, what was accepted, and every problem on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from fmctl.domain.problem import Problem
from fmctl.domain.resource import Document, Resource, ResourceId, Spec
from fmctl.kinds.base import Kind
from fmctl.validate import _checks as checks
from fmctl.validate import _rules as rules
from fmctl.validate._merge import Origins, Overlaying, Places, with_defaults
from fmctl.validate._schema import Compiled, document_schema, envelope
from fmctl.validate._suggest import closest, did_you_mean, plain_name
from fmctl.validate._text import as_yaml, with_text


class Validation:
    """One run: what was declared, what was accepted, and all problems so far."""

    def __init__(self, kinds: Mapping[str, Kind], defaults: Mapping[str, Spec], project: Document | None) -> None:
        self.problems: list[Problem] = []
        self.accepted: list[checks.Checked] = []
        self._refused: list[checks.Checked] = []
        self._kinds = kinds
        self._project = project
        self._schemas = {name: Compiled(document_schema(kind)) for name, kind in kinds.items()}
        self._unknown = envelope(kinds)
        self._defaults = {kind: self._read_defaults(kind, spec) for kind, spec in defaults.items()}
        self._declared: dict[ResourceId, Document] = {}
        self._unclear: set[ResourceId] = set()
        self._nameless: set[str] = set()
        self._overlays: dict[ResourceId, list[Document]] = {}

    def _read_defaults(self, kind: str, spec: Spec) -> Any:
        if kind not in self._kinds:
            source = self._project.source(("defaults", kind), key=True) if self._project else None
            hint = did_you_mean(kind, self._kinds)
            if source:
                self.problems.append(Problem(source, rules.KIND, f"defaults for an unknown kind {kind!r}", hint))
            return {}
        wants = self._schemas[kind].wants
        below = wants.keys.get("spec") if wants else None
        return with_text(spec, below, self._project.written if self._project else as_yaml(spec))

    def declare(self, documents: Sequence[Document], overlays: Sequence[Document]) -> None:
        """Note every identity, so that what is wrong with one document causes no errors in another."""
        for document in documents:
            identity = self._identity(document)
            self._note_unclear(document, identity)
            if identity and identity in self._declared:
                first = self._declared[identity].source(("metadata", "name"))
                source = document.source(("metadata", "name"))
                message = f"{identity} is declared twice, first at {first}"
                self.problems.append(Problem(source, rules.DUPLICATE, message, "rename one of them, or remove it"))
            elif identity:
                self._declared[identity] = document
        for overlay in overlays:
            self._declare_overlay(overlay)

    def _note_unclear(self, document: Document, identity: ResourceId | None) -> None:
        """What a document may be whose kind or name is wrong; references to it are not wrong as well."""
        if identity is None:
            kind = document.value.get("kind")
            self._nameless.update([kind] if isinstance(kind, str) and kind in self._kinds else self._kinds)
        elif identity.kind not in self._kinds:
            self._unclear.update(ResourceId(kind, identity.name) for kind in self._kinds)
        elif plain_name(identity.name) != identity.name:
            self._unclear.add(ResourceId(identity.kind, plain_name(identity.name)))

    def _identity(self, document: Document) -> ResourceId | None:
        kind, metadata = document.value.get("kind"), document.value.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        if not isinstance(name, str):
            mark = document.values.get(("metadata", "name"))
            name = mark.text if mark else None
        if not name:
            return None
        known = isinstance(kind, str) and kind in self._kinds
        return ResourceId(kind if known else closest(kind, self._kinds) or "", name)

    def _declare_overlay(self, overlay: Document) -> None:
        identity = self._identity(overlay)
        if identity in self._declared:
            self._overlays.setdefault(identity, []).append(overlay)
            return
        source = overlay.source(("metadata", "name"))
        if identity is None:
            message, hint = "an overlay needs kind and metadata.name", "name the manifest that it changes"
            self.problems.append(Problem(source, rules.OVERLAY, message, hint))
        else:
            names = [other.name for other in self._declared if other.kind == identity.kind]
            message = f"an overlay for {identity}, which is not declared"
            self.problems.append(Problem(source, rules.OVERLAY, message, did_you_mean(identity.name, names)))

    def check_schema(self, document: Document) -> None:
        """Merge, read text as it is written, and let the schema decide."""
        if not {"apiVersion", "kind"} & document.value.keys():
            self._not_a_manifest(document)
            return
        written = document.value.get("kind")
        kind = written if isinstance(written, str) else ""
        schema = self._schemas.get(kind, self._unknown)
        if schema is self._unknown:
            self._unknown_kind(document, written)
        origins: Origins = {}
        value = self._merged(document, kind, origins)
        defaults = (self._project, ("defaults", kind)) if self._project else None
        places = Places(document, origins, defaults)
        if not schema.is_valid(value):
            self.problems += explained(value, schema, places)
            self._refuse(value, kind, document, places)
        elif schema is not self._unknown:
            self._accept(value, document, places)

    def _refuse(self, value: Any, kind: str, document: Document, places: Places) -> None:
        """Keep what can still be looked at of a manifest that its schema refuses: more may be wrong with it."""
        if kind in self._kinds and isinstance(value.get("spec"), dict):
            resource = Resource(ResourceId(kind, ""), {}, value["spec"], document, places=places)
            self._refused.append(checks.Checked(resource, self._kinds[kind], places))

    def _not_a_manifest(self, document: Document) -> None:
        message = "this is no manifest: it has neither apiVersion nor kind"
        hint = "begin with apiVersion, kind, metadata and spec, or name the file in .fmctlignore beside fmctl.yaml"
        self.problems.append(Problem(document.source(), rules.KIND, message, hint))

    def _unknown_kind(self, document: Document, kind: Any) -> None:
        if "kind" in document.value:
            hint = did_you_mean(kind, self._kinds) or f"known kinds: {', '.join(sorted(self._kinds))}"
            message = f"unknown kind {kind!r}" if isinstance(kind, str) else "kind must be the name of a kind"
            self.problems.append(Problem(document.source(("kind",)), rules.KIND, message, hint))

    def _merged(self, document: Document, kind: str, origins: Origins) -> Any:
        schema = self._schemas.get(kind, self._unknown)
        value = with_text(document.value, schema.wants, document.written)
        if self._overlays:
            identity = self._identity(document)
            for overlay in self._overlays.get(identity, ()) if identity else ():
                over = with_text(overlay.value, schema.wants, overlay.written)
                value = Overlaying(overlay, origins).merge(value, over)
        defaults = self._defaults.get(kind)
        if defaults and isinstance(value.get("spec"), dict):
            value = {**value, "spec": with_defaults(value["spec"], defaults)}
        return value

    def _accept(self, value: Any, document: Document, places: Places) -> None:
        identity = ResourceId(value["kind"], value["metadata"]["name"])
        labels = value["metadata"].get("labels", {})
        resource = Resource(identity, labels, value["spec"], document, places=places)
        self.accepted.append(checks.Checked(resource, self._kinds[identity.kind], places))

    def check_set(self, set_name: str) -> None:
        """The rules about valid resources among all that are declared."""
        resources = {item.resource.id: item.resource for item in reversed(self.accepted)}  # of two, the first
        targets = checks.Targets(self._declared.keys() | self._unclear, self._nameless)
        for item in self.accepted:
            self.problems += checks.references(item, targets)
            self.problems += checks.local_paths(item)
            self.problems += checks.programs(item)
            self.problems += checks.secrets(item)
            self.problems += checks.own_rules(item, resources, set_name)
        self.problems += checks.shared_identities(self.accepted)
        told = {(problem.source.file, problem.source.line) for problem in self.problems}
        for item in self._refused:
            own = checks.own_rules(item, resources, set_name)
            files = chain(checks.local_paths(item), checks.programs(item))
            for check in (checks.references(item, targets), files, checks.secrets(item), own):
                more = _as_far_as_it_goes(check)
                self.problems += (p for p in more if (p.source.file, p.source.line) not in told)


def _as_far_as_it_goes(problems: Iterator[Problem]) -> Iterator[Problem]:
    """What a check finds in a spec of the wrong shape, until it trips over the shape."""
    try:
        yield from problems
    except (AttributeError, LookupError, TypeError, ValueError):
        return


def explained(value: Any, schema: Compiled, places: Places) -> Iterator[Problem]:
    """Why ``schema`` refuses ``value``, with the places."""
    from fmctl.validate._explain import explain

    for finding in explain(value, schema.schema):
        source = places.source(finding.path, key=finding.at_key)
        yield Problem(source, finding.rule, finding.message, finding.hint)
