"""Why a command has failed, in its own words: a server of its own reports nothing but what it prints."""

from __future__ import annotations

import os
from pathlib import Path

from fmctl.sandbox.serving.instances import InstanceSpec

TAIL = 4096  # bytes


def explained(failure: str, spec: InstanceSpec) -> str:
    """A failure, with the last line that the command has printed."""
    said = _last_words(spec.log) if failure and spec.command else ""
    return f"{failure}; the last that it said: {said}" if said else failure


def _last_words(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as log:
        log.seek(max(log.seek(0, os.SEEK_END) - TAIL, 0))
        lines = log.read().decode(errors="replace").split("\n")
    said = (line.strip() for line in reversed(lines) if not line.startswith("[sandbox]"))
    return next(filter(None, said), "")
