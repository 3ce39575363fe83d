"""What is known about OBS objects, and pages of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

BYTES = "binary/octet-stream"
STANDARD = "STANDARD"


@dataclass(frozen=True, slots=True)
class About:
    """What its owner says of an object; `headers` (Cache-Control and its like) come back with every answer."""

    content_type: str = BYTES
    meta: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    storage_class: str = STANDARD


PLAIN = About()


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One stored object. `etag` is without quotes; `file` names its content below the objects folder."""

    bucket: str
    key: str
    size: int
    etag: str
    modified: float
    file: str
    content_type: str = BYTES
    meta: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    storage_class: str = STANDARD
    appendable: bool = False

    @property
    def about(self) -> About:
        return About(self.content_type, self.meta, self.headers, self.storage_class)


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a bucket's listing."""

    objects: tuple[ObjectInfo, ...]
    prefixes: tuple[str, ...]
    truncated: bool
    next_marker: str


def page(entries: Iterator[ObjectInfo | str], limit: int) -> Listing:
    """The first `limit` objects and common prefixes. Whoever asks for none is not told to go on."""
    found: list[ObjectInfo | str] = []
    for entry in entries if limit > 0 else ():
        if len(found) == limit:
            return _listing(found, truncated=True)
        found.append(entry)
    return _listing(found, truncated=False)


def common_prefix(key: str, prefix: str, delimiter: str) -> str | None:
    """What a key is rolled up into, if anything: all up to the first delimiter after the prefix."""
    if not delimiter or not key.startswith(prefix):
        return None
    head, found, _ = key[len(prefix) :].partition(delimiter)
    return prefix + head + found if found else None


def _listing(found: list[ObjectInfo | str], *, truncated: bool) -> Listing:
    objects = tuple(entry for entry in found if isinstance(entry, ObjectInfo))
    prefixes = tuple(entry for entry in found if isinstance(entry, str))
    last = found[-1] if found and truncated else ""
    return Listing(objects, prefixes, truncated, last if isinstance(last, str) else last.key)
