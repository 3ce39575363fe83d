"""Completing the command line with what there is. Whatever goes wrong, it is silent and quick."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress

PATIENCE_SECONDS = 1.5


def complete_address(incomplete: str) -> Sequence[str]:
    """``Kind/name`` of what carries a marker; kinds alone where nothing is to be had in time."""
    from threading import Thread

    from fmctl.kinds import KINDS

    kinds = [kind for kind in KINDS if f"{kind}/".startswith(incomplete) or incomplete.startswith(f"{kind}/")]
    found: list[str] = []
    threads = [Thread(target=_collect, args=(kind, found), daemon=True) for kind in kinds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS / len(threads))
    return sorted(name for name in found if name.startswith(incomplete)) or [
        f"{kind}/" for kind in kinds if f"{kind}/".startswith(incomplete)
    ]


def complete_kind_or_address(incomplete: str) -> Sequence[str]:
    """The same for commands that take a kind alone, too."""
    from fmctl.kinds import KINDS

    return [*(kind for kind in KINDS if kind.startswith(incomplete)), *complete_address(incomplete)]


def _collect(kind: str, found: list[str]) -> None:
    with suppress(BaseException):  # a completion that fails completes nothing
        found.extend(_live_names(kind))


def _live_names(kind: str) -> Iterator[str]:
    """The names of one kind in the context that applies; the sandbox is not started for it."""
    from pathlib import Path

    from fmctl import host
    from fmctl.api import open_session
    from fmctl.kinds import KINDS
    from fmctl.settings import SANDBOX, context_name, find_project

    project = find_project(["."], Path.cwd())
    if context_name(None, project, os.environ) == SANDBOX and host.running(host.state_dir(os.environ)) is None:
        return
    session = open_session(project)
    yield from {str(live.id) for live in KINDS[kind].everything(session.api) if live.marker}


def complete_field(incomplete: str) -> Sequence[str]:
    """Kinds, and the fields below what is written so far."""
    from fmctl.kinds import KINDS
    from fmctl.report.explaining import field_names
    from fmctl.validate import document_schema

    kind, dot, path = incomplete.partition(".")
    if not dot or kind not in KINDS:
        return [name for name in KINDS if name.startswith(incomplete)]
    above = path.rpartition(".")[0]
    lead = f"{kind}.{above}." if above else f"{kind}."
    names = field_names(document_schema(KINDS[kind]), above)
    return [lead + name for name in names if (lead + name).startswith(incomplete)]
