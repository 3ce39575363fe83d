"""Completing ``Kind/name`` on the command line with what there is. Whatever goes wrong, it is silent and quick."""

from __future__ import annotations

import os
from collections.abc import Sequence

PATIENCE_SECONDS = 1.5


def complete_address(incomplete: str) -> Sequence[str]:
    """Kinds until there is a slash, then the names of that kind."""
    from threading import Thread

    found: list[str] = []
    thread = Thread(target=lambda: found.extend(_addresses(incomplete)), daemon=True)
    thread.start()
    thread.join(PATIENCE_SECONDS)
    return [address for address in found if address.startswith(incomplete)]


def _addresses(incomplete: str) -> Sequence[str]:
    try:
        from fmctl.kinds import KINDS

        kind = incomplete.partition("/")[0]
        if "/" not in incomplete or kind not in KINDS:
            return [f"{name}/" for name in KINDS]
        return _live_names(kind)
    except BaseException:  # a completion that fails completes nothing
        return ()


def _live_names(kind: str) -> Sequence[str]:
    """The names of one kind in the context that applies; the sandbox is not started for it."""
    from pathlib import Path

    from fmctl import host
    from fmctl.api import open_session
    from fmctl.kinds import KINDS
    from fmctl.settings import SANDBOX, context_name, find_project

    project = find_project(["."], Path.cwd())
    if context_name(None, project, os.environ) == SANDBOX and host.running(host.state_dir(os.environ)) is None:
        return ()
    session = open_session(project)
    return sorted({str(live.id) for live in KINDS[kind].everything(session.api) if live.marker})
