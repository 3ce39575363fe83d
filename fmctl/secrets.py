"""Values that manifests only point to: ``valueFrom: {env: NAME}`` and ``valueFrom: {file: PATH}``.

They are read when they are sent, and never stored, hashed or printed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fmctl.domain.problem import UsageError


def reader(environ: Mapping[str, str], root: Path) -> Callable[[Mapping[str, Any]], str | None]:
    """How to read a ``valueFrom``; relative files start at ``root``, the set's root."""

    def read(source: Mapping[str, Any]) -> str | None:
        if "env" in source:
            return environ.get(str(source["env"]))
        path = root / str(source["file"])
        try:
            return path.read_text("utf-8").rstrip("\n")
        except (OSError, UnicodeDecodeError) as error:
            msg = f"cannot read {path}, which `valueFrom` names: {getattr(error, 'strerror', None) or 'not UTF-8 text'}"
            raise UsageError(msg) from error

    return read
