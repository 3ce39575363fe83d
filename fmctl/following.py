"""Following a log: what a run writes as it writes it, and after it what the next attempts write."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from fmctl.connect import Session
from fmctl.domain.live import Health, Live
from fmctl.kinds.runs import recovering
from fmctl.kinds.training_job import TrainingJob
from fmctl.receipts import write_receipts

FOLLOW_SECONDS = 1.0
OVERLAP = 2000
"""By so many characters a log is known again."""
GRACE_SECONDS = 30.0
"""How long after a run has failed another attempt is looked for: an apply that watches it looks every 15 s."""


def follow_log(
    run: Live, session: Session, task: str, *, follow: bool, notify: Callable[[str], None] = lambda _: None
) -> Iterator[str]:
    """What there is of a run's log; with ``follow`` then what is added until it has ended, and so for each attempt."""
    if not follow or not run.active:
        yield TrainingJob().log(run, session.api, task)
        write_receipts([run] if follow else [], session)
        return
    current: Live | None = run
    while current:
        ended = yield from _until_ended(current, session, task, notify)
        current = _next_attempt(ended, session, notify) if ended else None


def _until_ended(
    run: Live, session: Session, task: str, notify: Callable[[str], None]
) -> Generator[str, None, Live | None]:
    """The log of one run as it grows; the run as it ended, None when it is gone."""
    kind, shown, current = TrainingJob(), "", run
    while True:
        text = kind.log(current, session.api, task)
        new = added(shown, text)
        if new:
            yield new
        shown = text
        if not current.active and not recovering(current, session.clock.now()):
            write_receipts([current], session)
            return current
        session.clock.sleep(FOLLOW_SECONDS)
        seen = kind.find_id(current.remote_id, session.api)
        if seen is None:
            return None
        if current.active and not seen.active and recovering(seen, session.clock.now()):
            notify(f"{seen.remote_name} is {seen.phase}; the platform may bring it back")
        current = seen


def added(shown: str, text: str) -> str:
    """What of a log is new; the platform shows only its newest part, so that the beginning may be gone."""
    if text.startswith(shown):
        return text[len(shown) :]
    mark = shown[-OVERLAP:]
    return text.rpartition(mark)[2]


def _next_attempt(ended: Live, session: Session, notify: Callable[[str], None]) -> Live | None:
    """The attempt after one that failed, if one comes in time."""
    if ended.health is not Health.DEGRADED:
        return None
    why = f": {ended.message}" if ended.message else ""
    notify(f"{ended.remote_name} ended {ended.phase}{why}; looking for another attempt (Ctrl-C leaves)")
    until = session.clock.now() + GRACE_SECONDS
    while session.clock.now() < until:
        later = [run for run in TrainingJob().runs_of(ended.id.name, session.api) if run.created > ended.created]
        if later:
            notify(f"--- {later[0].remote_name}")
            return later[0]
        session.clock.sleep(FOLLOW_SECONDS)
    notify("there is none")
    return None
