"""What there is: live objects as a table, and as the JSON and YAML of ``fmctl get``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from fmctl.domain.live import Health, Live
from fmctl.domain.resource import API_VERSION
from fmctl.domain.values import is_secret_name, span
from fmctl.listing import Entry
from fmctl.load import dump
from fmctl.report.table import table, width
from fmctl.report.times import age


def item(entry: Entry) -> dict[str, Any]:
    """One element of ``items``."""
    live = entry.live
    spec = entry.desired.spec if entry.desired else (_shown_spec(live, entry) if live else {})
    metadata: dict[str, Any] = {"name": entry.id.name}
    if entry.desired and entry.desired.labels:
        metadata["labels"] = dict(entry.desired.labels)
    return {
        "apiVersion": API_VERSION,
        "kind": entry.id.kind,
        "metadata": metadata,
        "spec": _masked(spec),
        "status": {
            "phase": live.phase if live else "",
            "health": str(live.health if live else Health.MISSING),
            "remoteId": live.remote_id if live else "",
            "remoteName": live.remote_name if live else "",
            "runs": [_run(run) for run in entry.runs],
            "url": live.url if live else "",
            "owner": live.marker.set if live and live.marker else "",
            "message": live.message if live else "",
            "created": live.created if live else 0,
        },
    }


def _shown_spec(live: Live, entry: Entry) -> dict[str, Any]:
    """What is live, without the values of variables: which of them came from a secret does not show there."""
    told = {"description": live.description, **live.spec, **entry.more}
    shown = {key: value for key, value in told.items() if value not in ("", 0, None)}
    if "models" in shown:
        shown["models"] = [{**model, "env": dict.fromkeys(model.get("env", {}), "***")} for model in shown["models"]]
    return shown


def _masked(value: Any, key: str = "") -> Any:
    """A copy without values under names that hold secrets."""
    if isinstance(value, dict):
        return {name: _masked(item, name) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(item) for item in value]
    return "***" if key and is_secret_name(key) and isinstance(value, str) else value


def _run(run: Live) -> dict[str, Any]:
    return {
        "name": run.remote_name,
        "id": run.remote_id,
        "phase": run.phase,
        "health": str(run.health),
        "attempt": run.attempt,
        "created": run.created,
        "started": run.started,
        "duration": run.duration,
        "message": run.message,
    }


# -------------------------------------------------------------------- formats


def formatted(found: Sequence[Entry], format: str, now: float, columns: int | None = None) -> str:
    """The listing as ``table``, ``wide``, ``json``, ``yaml`` or ``name``; the table fits into ``columns``."""
    match format:
        case "name":
            return "\n".join(str(entry.id) for entry in found)
        case "yaml":
            return dump({"items": list(map(item, found))}).rstrip("\n")
        case "json":
            return json.dumps({"items": list(map(item, found))}, ensure_ascii=False, indent=2)
    return "\n".join(lines(found, now, columns, wide=format == "wide"))


HEADS = ("KIND/NAME", "PHASE", "HEALTH", "RAN", "AGE", "REMOTE NAME")
LEAST = 2
"""Columns that are there however narrow it is."""
MORE = ("OWNER", "RUNS", "SIZE", "ID", "LABELS", "URL", "MESSAGE")


def lines(found: Sequence[Entry], now: float, columns: int | None = None, *, wide: bool = False) -> list[str]:
    """The table: its head, and one line an entry. Columns are left out from the right until names need not be cut."""
    rows = [_row(entry, now) for entry in found]
    if wide:
        return table((*HEADS, *MORE), [(*row, *_more(entry)) for row, entry in zip(rows, found, strict=True)])
    for count in range(len(HEADS), LEAST, -1):
        shown = table(HEADS[:count], [row[:count] for row in rows])
        if columns is None or max(map(width, shown)) <= columns:
            return shown
    return table(HEADS[:LEAST], [row[:LEAST] for row in rows], columns)


def _row(entry: Entry, now: float) -> tuple[str, ...]:
    live = entry.live
    if live is None:
        return str(entry.id), "-", str(Health.MISSING), "-", "-", "-"
    ran = span(live.duration / 1000) if live.duration else "-"
    return str(entry.id), live.phase or "-", str(live.health), ran, age(live.created, now), live.remote_name


def _more(entry: Entry) -> tuple[str, ...]:
    labels = entry.desired.labels if entry.desired else {}
    shown = ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or "-"
    live = entry.live
    if live is None:
        return "-", "-", "-", "-", shown, "-", "-"
    owner = live.marker.set if live.marker else "-"
    runs = str(len(entry.runs) or "-")
    return owner, runs, sizes(entry) or "-", live.remote_id, shown, live.url or "-", live.message or "-"


def sizes(entry: Entry) -> str:
    """On what it runs: ``2 x modelarts.vm.cpu.8u``, one part for each model of a service."""
    resources = entry.more.get("resources")
    if resources:
        return size_text(resources.get("nodes", 1), resources)
    models = entry.live.spec.get("models", ()) if entry.live else ()
    return ", ".join(size_text(model["instances"], model) for model in models)


def size_text(count: int, what: Any) -> str:
    """How many of which flavor, on which pool, or of what size where that is custom."""
    pool = f" on pool {what['pool']}" if what.get("pool") else ""
    return f"{count} x {what.get('flavor') or 'any'}{pool}"
