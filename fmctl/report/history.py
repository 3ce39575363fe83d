"""The facts of the ledger for people."""

from __future__ import annotations

from collections.abc import Sequence

from fmctl.domain.record import Fact
from fmctl.domain.values import span
from fmctl.report.table import table


def history_text(facts: Sequence[Fact], columns: int | None = None) -> str:
    """One line a fact."""
    heads = ("TIME", "FACT", "HASH", "ATTEMPT", "WHAT")
    rows = [(_at(f.at), f.fact, f.hash, str(f.attempt), _what(f)) for f in facts]
    return "\n".join(table(heads, rows, columns, fold=True))


def _at(text: str) -> str:
    """The ledger's time, which is UTC, to the second."""
    return text[:19].replace("T", " ") + "Z" if text else "-"


def _what(fact: Fact) -> str:
    content = fact.content
    match fact.fact:
        case "intent":
            return f"about to start {content.get('run', '')}".rstrip()
        case "created":
            return f"{content.get('run', '')} is {content.get('remoteId', '?')}".strip()
        case "stopped":
            return f"stopped by fmctl: {content.get('reason', 'no reason given')}"
        case "end":
            ran = span(int(content.get("duration") or 0) / 1000)
            cause = f" ({content['class']})" if content.get("class") else ""
            return f"{content.get('phase', '?')}{cause} after {ran}"
    models = (content.get("config") or {}).get("models") or ()
    shares = ", ".join(f"{model.get('modelId')} {model.get('weight')} %" for model in models)
    return f"applied {shares}".rstrip()
