"""What every kind of resource is: a schema, its rules, and the verbs that make the remote side match."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

from fmctl.domain.problem import Problem
from fmctl.domain.resource import Path, Resource, ResourceId, Spec

Schema = Mapping[str, Any]


class Reference(NamedTuple):
    """A typed field that names another resource of the set, as ``spec.source.jobRef`` does."""

    path: Path
    to: ResourceId


class Kind(ABC):
    """One kind. Mostly data: class variables; methods only where the API is odd."""

    name: ClassVar[str]
    spec_schema: ClassVar[Schema]
    """JSON Schema (Draft 2020-12) of ``spec``. Where a node's type is or includes ``string``, the source text of a
    plain scalar is the value. ``x-message`` and ``x-hint`` on a node replace the validator's own words when it fails."""

    def references(self, spec: Spec) -> Iterator[Reference]:
        """Every typed reference in ``spec``; resolving them gives the dependency graph."""
        yield from ()

    def local_paths(self, spec: Spec) -> Iterator[Path]:
        """Paths of the values that name local folders or files (anything that is not ``obs://``)."""
        yield from ()

    def text_maps(self, spec: Spec) -> Iterator[Path]:
        """Paths of the free maps that carry values to the platform, in which literal secrets are refused."""
        yield from ()

    def check(self, resource: Resource, others: Mapping[ResourceId, Resource], set_name: str) -> Iterator[Problem]:
        """The rules that a schema cannot say, about one valid-by-schema resource among all of its set."""
        yield from ()

    @abstractmethod
    def canonical(self, spec: Spec) -> Spec:
        """``spec`` with durations in seconds, addresses as ``obs://bucket/key``, lists in their canonical order."""
