"""START HERE: the whole flow on one page.

    paths -load-> documents -validate-> resources -resolve-> ordered resources
    declared names + set marker -observe-> live states
    ordered resources + live states + ledger facts -> plan -> guards -> report | execute

Everything left of ``execute`` only reads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fmctl.connect import Session, output_buckets
from fmctl.domain.event import Event, Outcome
from fmctl.domain.plan import Plan
from fmctl.domain.resource import Resource
from fmctl.execute import Limits, execute
from fmctl.kinds import KINDS
from fmctl.observe import observe
from fmctl.plan import plan
from fmctl.receipts import write_receipts
from fmctl.sources import Sources, read

__all__ = ["Sources", "apply", "make_plan", "read"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What of a set is considered."""

    prune: bool = False
    parallelism: int = 10
    whole: bool = False
    """The resources are the whole set, so that what the set owns beside them is not declared."""


def make_plan(resources: Sequence[Resource], session: Session, choice: Choice) -> Plan:
    """Look at the remote side and decide; never writes."""
    ledger, name = session.ledger, session.project.set
    world = observe(resources, KINDS, session.api, ledger, name, choice.parallelism, prune=choice.prune)
    if not (choice.whole or choice.prune):
        world = replace(world, undeclared=())
    now = session.clock.now()
    return plan(resources, world, KINDS, ledger, session.target, now, session.secret, prune=choice.prune)


def apply(made: Plan, session: Session, limits: Limits, emit: Callable[[Event], None]) -> list[Outcome]:
    """Carry a plan out. The ledger must be writable before the first write, so that no run is started twice."""
    declared = [change.desired for change in made.changes if change.desired]
    if any(change.writes for change in made.changes):
        session.facts.check_writable()
    write_receipts(made.runs, session, declared)
    if session.context.state_dir:  # a sandbox has no console to make a bucket in
        for bucket in output_buckets(declared):
            session.store.ensure_bucket(bucket)
    return execute(made, KINDS, session.work, limits, emit)
