"""The commit that a set is applied from, for the record."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

DESCRIBE = ("describe", "--always", "--abbrev=40", "--exclude=*", "--dirty")
SECONDS = 10


@cache
def revision(root: Path) -> str:
    """The commit of the work tree at ``root``, with ``-dirty`` where it was changed since; empty without one."""
    try:
        done = subprocess.run(
            ("git", "-C", str(root), *DESCRIBE),  # noqa: S607 - whichever git the user has
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
