"""Completing the command line with what there is on the platform. Whatever goes wrong, it is silent and quick."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from fmctl.connect import Session
    from fmctl.domain.live import Live

PATIENCE_SECONDS = 1.5
"""How long a Tab may take; what has been seen by then is what is offered."""
Completer = Callable[[typer.Context, str], Sequence[str]]


def address_of(*kinds: str) -> Completer:
    """Completes ``Kind/name`` of one of ``kinds``; kinds alone where nothing is to be had in time."""

    def complete(ctx: typer.Context, incomplete: str) -> Sequence[str]:
        from fmctl.kinds import KINDS

        return _addresses(incomplete, kinds or tuple(KINDS), ctx.params.get("context"))

    return complete


complete_address = address_of()


def complete_kind_or_address(ctx: typer.Context, incomplete: str) -> Sequence[str]:
    """The same for commands that take a kind alone, too."""
    from fmctl.cli.choices import complete_kind

    return [*complete_kind(incomplete), *complete_address(ctx, incomplete)]


def complete_output(ctx: typer.Context, incomplete: str) -> Sequence[str]:
    """``TrainingJob/name``, and behind a colon the outputs of its newest run."""
    name, colon, _ = incomplete.partition(":")
    found = {
        f"{_typed(live, name)}:{output}" if colon else f"{_typed(live, name)}:"
        for live in _seen(["TrainingJob"], ctx.params.get("context"))
        for output in live.facts.get("outputs", {})
    }
    return sorted(text for text in found if text.startswith(incomplete))


def _addresses(incomplete: str, kinds: Sequence[str], context: str | None) -> Sequence[str]:
    word, slash, _ = incomplete.partition("/")
    meant = [kind for kind in kinds if (_means(word, kind) if slash else kind.startswith(word))]
    found = {f"{word}/{live.id.name}" if slash else str(live.id) for live in _seen(meant, context)}
    return sorted(text for text in found if text.startswith(incomplete)) or [
        f"{kind}/" for kind in meant if f"{kind}/".startswith(incomplete)
    ]


def _means(word: str, kind: str) -> bool:
    """Whether ``word`` is ``kind`` or short for it."""
    from fmctl.kinds import parse

    with suppress(Exception):
        return parse(word)[0] == kind
    return False


def _typed(live: Live, typed: str) -> str:
    """An address as it is being typed: ``job/x`` stays short."""
    word, slash, _ = typed.partition("/")
    return f"{word}/{live.id.name}" if slash and _means(word, live.id.kind) else str(live.id)


# ------------------------------------------------------------ asking


def _seen(kinds: Sequence[str], context: str | None) -> Sequence[Live]:
    """What carries a marker, of ``kinds`` at the same time, as far as it came in time."""
    from threading import Thread

    found: list[Live] = []
    thread = Thread(target=_collect, args=(kinds, context, found), daemon=True)
    thread.start()
    thread.join(PATIENCE_SECONDS)
    return list(found)


def _collect(kinds: Sequence[str], context: str | None, found: list[Live]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with suppress(BaseException):  # a completion that fails completes nothing
        session = _session(context)
        if session:
            with ThreadPoolExecutor(len(kinds)) as pool:
                list(pool.map(lambda kind: _add(kind, session, found), kinds))


def _add(kind: str, session: Session, found: list[Live]) -> None:
    from fmctl.kinds import KINDS

    for live in KINDS[kind].everything(session.api):
        if live.marker:
            found.append(live)


def _session(context: str | None) -> Session | None:
    """The context that applies; the sandbox is not started for it."""
    from pathlib import Path

    from fmctl import host
    from fmctl.api import open_session
    from fmctl.settings import SANDBOX, context_name, find_project

    project = find_project(["."], Path.cwd())
    asleep = host.running(host.state_dir(os.environ)) is None
    if context_name(context, project, os.environ) == SANDBOX and asleep:
        return None
    return open_session(project, context)
