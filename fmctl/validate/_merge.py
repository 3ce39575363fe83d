"""Defaults under a manifest, overlays over it, and where every merged value came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fmctl.domain.resource import Document, Path, Source, Spec

Origins = dict[Path, tuple[Document, Path]]
"""What overlays brought, by its path in the result: from which document, and its path there."""


def with_defaults(spec: Mapping[str, Any], defaults: Spec) -> dict[str, Any]:
    """``spec`` with what it lacks of ``defaults``: maps are merged, everything else is the manifest's."""
    merged = dict(spec)
    for key, value in defaults.items():
        if key not in spec:
            merged[key] = value
        elif isinstance(value, dict) and isinstance(spec[key], dict):
            merged[key] = with_defaults(spec[key], value)
    return merged


class Overlaying:
    """Merges one overlay over a manifest and notes what came from it."""

    def __init__(self, overlay: Document, origins: Origins) -> None:
        self._overlay = overlay
        self._origins = origins

    def merge(self, base: Any, over: Any, at: Path = (), path: Path = ()) -> Any:
        """``over`` (at ``path`` of the overlay) over ``base`` (at ``at`` of the result)."""
        if isinstance(base, dict) and isinstance(over, dict):
            return self._maps(base, over, at, path)
        if _are_named(base) and _are_named(over):
            return self._lists(base, over, at, path)
        self._origins[at] = (self._overlay, path)
        return over

    def _maps(self, base: dict[str, Any], over: dict[str, Any], at: Path, path: Path) -> dict[str, Any]:
        merged = dict(base)
        for key, value in over.items():
            if value is None and at:
                merged.pop(key, None)  # as in a kubectl patch: null takes the key away
            else:
                merged[key] = self.merge(base.get(key), value, (*at, key), (*path, key))
        return merged

    def _lists(self, base: list[Any], over: list[Any], at: Path, path: Path) -> list[Any]:
        merged = list(base)
        places = {item["name"]: index for index, item in enumerate(base)}
        for index, item in enumerate(over):
            place = places.setdefault(item["name"], len(merged))
            if place == len(merged):
                merged.append(None)
            merged[place] = self.merge(merged[place], item, (*at, place), (*path, index))
        return merged


def _are_named(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, dict) and isinstance(item.get("name"), str) for item in value
    )


class Places:
    """Where a value of the merged manifest stands: in an overlay, in the manifest, or among the defaults."""

    def __init__(self, document: Document, origins: Origins, defaults: tuple[Document, Path] | None) -> None:
        self._document = document
        self._origins = origins
        self._defaults = defaults

    def source(self, path: Path = (), *, key: bool = False) -> Source:
        """The place of ``path`` or of its nearest parent."""
        for end in range(len(path), -1, -1):
            if path[:end] in self._origins:
                document, at = self._origins[path[:end]]
                return document.source(at + path[end:], key=key)
        if self._defaults and path[:1] == ("spec",) and path not in self._document.values:
            document, at = self._defaults
            if at + path[1:] in document.values:
                return document.source(at + path[1:], key=key)
        return self._document.source(path, key=key)
