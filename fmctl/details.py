"""Details: everything about one live resource, asked for at the same time. What is not to be had is left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from fmctl import lineage
from fmctl.about import about, why
from fmctl.connect import Session
from fmctl.domain.live import Live
from fmctl.domain.problem import FmctlError
from fmctl.domain.record import Details
from fmctl.domain.resource import ResourceId
from fmctl.kinds import KINDS
from fmctl.kinds.records import events, updates, usage
from fmctl.kinds.training_job import TrainingJob

LOG_LINES = 10
THREADS = 6
T = TypeVar("T")


def details(id: ResourceId, session: Session) -> Details:
    """All that is known of ``id``; an FmctlError when there is no such object."""
    api, found = session.api, newest(id, session)
    live, runs = found[-1], tuple(found) if KINDS[id.kind].is_run else ()
    with ThreadPoolExecutor(THREADS) as pool:

        def ask(look: Callable[[], Sequence[T]]) -> Callable[[], tuple[T, ...]]:
            future = pool.submit(_or_nothing, look)
            return lambda: tuple(future.result())

        made = ask(lambda: tuple(about(live, session)))
        log = ask(lambda: TrainingJob().log(live, api).splitlines()[-LOG_LINES:] if runs else ())
        used = ask(lambda: usage(live, api) if runs else ())
        happened = ask(lambda: () if id.kind == "ModelVersion" else events(live, api))
        changed = ask(lambda: updates(live, api) if id.kind == "Service" else ())
        sources = ask(lambda: lineage.sources(live, api))
        users = ask(lambda: lineage.users(live, runs, api))
        told = happened()
        reason = ask(lambda: (why(live, session, told),))
        return Details(live, runs, made(), log(), used(), told, changed(), sources(), users(), "".join(reason()))


def newest(id: ResourceId, session: Session) -> Sequence[Live]:
    """The live objects of an address, the newest last; an FmctlError when there is none."""
    found = list(KINDS[id.kind].find(id.name, None, session.api))
    if not found:
        msg = f"there is no {id} in context {session.context.name}"
        raise FmctlError(msg, hint=f"see `fmctl get {id.kind} -A`; what the ledger knows shows `fmctl history {id}`")
    return found


def _or_nothing(look: Callable[[], Sequence[T]]) -> Sequence[T]:
    """What a look gives; nothing when the platform does not have it or answers in an unknown shape."""
    try:
        return look()
    except (FmctlError, AttributeError, KeyError, TypeError, ValueError):
        return ()
