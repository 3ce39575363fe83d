"""The end of a run: waiting for it, and the receipt, which outlives the platform's record."""

from __future__ import annotations

from fmctl.domain.live import Live
from fmctl.domain.ports import Clock
from fmctl.domain.problem import RunEnded
from fmctl.domain.resource import Resource
from fmctl.kinds import runs
from fmctl.kinds.base import Found, Steps, Watch, Work
from fmctl.kinds.provenance import listings


def until_ended(live: Live, *, before: bool = False) -> Steps:
    """Wait for a run to end, however it ends; ``before`` what is to be done is begun."""
    seen: Live | None = live
    while seen and seen.active:
        live = seen
        seen = yield Watch(live.remote_id, live.remote_name, live.phase, before)
    return seen


def until_settled(live: Live, clock: Clock) -> Found:
    """Wait until the run has ended and, when Abnormal, has had its time to recover."""
    while live.active or runs.recovering(live, clock.now()):
        seen = yield Watch(live.remote_id, live.remote_name, live.phase)
        if seen is None:
            msg = f"{live.remote_name} disappeared while it was {live.phase}"
            raise RunEnded(msg, hint="change `rerun` to run it again")
        live = seen
    return live


def receipt(live: Live, resource: Resource | None, work: Work) -> None:
    """The fact that a run ended, which outlives the platform's record; what it was made from is in its ``intent``."""
    records, hash = work.records, resource.hash if resource else live.hash
    known = records.has(live.id.name, hash, "end", live.attempt)
    if known or not hash or live.active or runs.recovering(live, work.clock.now()):
        return
    meant = records.get(live.id.name, hash, "intent", live.attempt) or {}
    fact = {
        "of": live.id.kind,
        "run": live.remote_name,
        "remoteId": live.remote_id,
        "phase": live.phase,
        "class": runs.failure_class(live, records, live.id.name),
        "created": live.created,
        "started": live.started,
        "duration": live.duration,
        "outputs": live.facts.get("outputs", {}),
        "inputs": listings(meant.get("inputs", {}), work.store),
        "digests": meant.get("digests", {}),
        "commit": meant.get("commit", ""),
    }
    records.record(live.id.name, hash, "end", fact, live.attempt)
