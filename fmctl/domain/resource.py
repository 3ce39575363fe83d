"""What the user declared: identities, places in files, documents and resolved resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

Spec = Mapping[str, Any]
Path = tuple[str | int, ...]
"""A way into a document: ``("spec", "models", 0, "weight")``."""

Written = Mapping[int, Mapping[str | int, str]]
"""How numbers, truth values and nulls were written: by the identity of the map or list, then by key or index."""

API_VERSION = "fmctl/v1"


class ResourceId(NamedTuple):
    """The one address of a resource, always written ``Kind/name``. Remote ids are values, never keys."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> ResourceId:
        """Read ``Kind/name``; raises ValueError on anything else."""
        kind, slash, name = text.partition("/")
        if not (kind and slash and name) or "/" in name:
            msg = f"{text!r} is not of the form Kind/name"
            raise ValueError(msg)
        return cls(kind, name)


class Source(NamedTuple):
    """A place in a file, one-based as editors count."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Mark(NamedTuple):
    """Where one value stands, and how a plain scalar was written (None for what is not a plain scalar)."""

    line: int
    column: int
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document as written: its value, and a mark per key and per value.

    ``keys`` holds the place of a mapping's key, ``values`` the place of the value, both by path from the root.
    ``written`` holds the source text of plain scalars that are not text.
    """

    file: str
    value: Any
    keys: Mapping[Path, Mark] = field(repr=False)
    values: Mapping[Path, Mark] = field(repr=False)
    written: Written = field(default_factory=dict, repr=False, compare=False)

    def source(self, path: Path = (), *, key: bool = False) -> Source:
        """The place of ``path``, or of its nearest parent that stands in the file (defaults and overlays do not)."""
        first = self.keys if key else self.values
        second = self.values if key else self.keys
        for end in range(len(path), -1, -1):
            mark = first.get(path[:end]) or second.get(path[:end])
            if mark:
                return Source(self.file, mark.line, mark.column)
        return Source(self.file, 1, 1)


class Places(Protocol):
    """Whatever knows where a value stands."""

    def source(self, path: Path = (), *, key: bool = False) -> Source:
        """The place of ``path``, or of its nearest parent."""


class Folder(NamedTuple):
    """A local folder or file that a manifest names: content, addressed by its digest."""

    path: str
    digest: str
    """SHA-256 over the contents and relative POSIX names, hex."""
    files: int
    size: int


@dataclass(frozen=True, slots=True)
class Resource:
    """One declared resource after validation and resolution.

    ``spec`` is normalised: defaults merged, text as written, durations and addresses canonical.
    ``hash`` is the run hash (what the result depends on), ``marker`` covers all that the user set; both are
    ten hex digits. For kinds that are not runs, ``hash`` equals ``marker``.
    """

    id: ResourceId
    labels: Mapping[str, str]
    spec: Spec
    document: Document = field(repr=False, compare=False)
    needs: tuple[ResourceId, ...] = ()
    folders: Mapping[str, Folder] = field(default_factory=dict)
    hash: str = ""
    marker: str = ""
    older: frozenset[str] = frozenset()
    """Hashes under which this very content was known before: other hash functions, and other values of ``rerun``."""
    places: Places | None = field(default=None, repr=False, compare=False)
    """Where its values stand, when overlays and defaults have a part in them."""

    @property
    def kind(self) -> str:
        """The kind's name."""
        return self.id.kind

    @property
    def name(self) -> str:
        """The manifest's ``metadata.name``."""
        return self.id.name

    def source(self, *path: str | int) -> Source:
        """Where ``path`` stands: in the manifest, an overlay or among the defaults."""
        return (self.places or self.document).source(path)
