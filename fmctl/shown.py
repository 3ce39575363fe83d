"""What may be shown of a run: its live spec without the values that came from secrets, and its facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fmctl.connect import Session
from fmctl.domain.live import Live
from fmctl.kinds.job_shown import HIDDEN


def shown_spec(live: Live, session: Session) -> dict[str, Any]:
    """The spec in the words of a manifest. The platform shows every parameter; which were secrets the ledger knows."""
    spec = dict(live.facts.get("spec", {}))
    if "parameters" in spec:
        secrets = fact(live, session, "intent").get("hidden", ())
        spec["parameters"] = {key: HIDDEN if key in secrets else text for key, text in spec["parameters"].items()}
    return spec


def fact(live: Live, session: Session, name: str) -> Mapping[str, Any]:
    """What the ledger says of a run of this set; each set has its own ledger."""
    if not live.hash or not live.owned_by(session.project.set):
        return {}
    return session.ledger.get(live.id.name, live.hash, name, live.attempt) or {}
