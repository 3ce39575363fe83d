"""Receipts: the fact that a run ended, written by whoever sees it, since the platform forgets."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from fmctl.connect import Session
from fmctl.domain.live import Live
from fmctl.domain.problem import LedgerError
from fmctl.domain.resource import Resource
from fmctl.kinds.ending import receipt
from fmctl.kinds.training_job import TrainingJob


def write_receipts(runs: Iterable[Live], session: Session, resources: Iterable[Resource] = ()) -> None:
    """Write what is missing of runs that the set owns and that have ended; a run that has its receipt costs nothing.

    Whoever only looks need not be allowed to write: a ledger that refuses is left to the next apply.
    """
    by_hash = {(resource.name, resource.hash): resource for resource in resources}
    work = session.work(lambda _: None)
    with suppress(LedgerError):
        for run in runs:
            if run.id.kind == TrainingJob.name and run.owned_by(session.project.set):
                receipt(run, by_hash.get((run.id.name, run.hash)), work)
