"""Where one is, in words: context, who, counts. No secrets: of a key pair the end of the access key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from fmctl.connect import Session
from fmctl.domain.live import Health
from fmctl.kinds import KINDS
from fmctl.listing import Entry
from fmctl.report.table import table
from fmctl.settings import Context

_SHOWN = 4


def status_text(session: Session, found: Sequence[Entry]) -> str:
    """The session, and how many resources of each kind are how."""
    context, target = session.context, session.target
    pairs = {
        "Context": f"{target.context}{' (up)' if context.state_dir else ''}",
        "Who": who(context),
        "ModelArts": context.modelarts,
        "Storage": context.obs or "none",
        "Project": target.project,
        "Workspace": target.workspace,
        "Set": target.set if session.project.document else f"{target.set} (no fmctl.yaml here)",
        "Uploads to": context.code_prefix or "nowhere: set FMCTL_CODE_PREFIX",
        "Ledger": context.ledger or "none",
    }
    lines = [f"{name + ':':<13}{value}" for name, value in pairs.items()]
    return "\n".join([*lines, "", *_counts(found)])


def who(context: Context) -> str:
    """The credential that is used, as far as it may be shown."""
    if context.access_key:
        temporary = ", temporary" if context.security_token else ""
        return f"key pair ending in {context.access_key[-_SHOWN:]}{temporary}"
    if context.token:
        return "a token"
    return f"user {context.user} of {context.domain}"


def _counts(found: Sequence[Entry]) -> Iterator[str]:
    count = Counter((entry.id.kind, entry.live.health) for entry in found if entry.live)
    shown = [health for health in Health if any(count[kind, health] for kind in KINDS)]
    if not shown:
        yield "No resource here carries the marker of a set."
        return
    rows = [(kind, *(str(count[kind, health]) for health in shown)) for kind in KINDS]
    yield from table(("KIND", *(str(health).upper() for health in shown)), rows)
