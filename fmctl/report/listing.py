"""What there is: live objects as a table, and as the JSON and YAML of ``fmctl get``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fmctl.connect import Session
from fmctl.domain.live import Health, Live
from fmctl.domain.resource import API_VERSION, Resource, ResourceId
from fmctl.domain.values import is_secret_name, span
from fmctl.kinds import KINDS
from fmctl.load import dump
from fmctl.observe import observe
from fmctl.report.table import table

FORMATS = ("table", "wide", "json", "yaml", "name")


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource: as declared where a manifest is given, as it is, and its runs."""

    id: ResourceId
    live: Live | None
    runs: tuple[Live, ...] = ()
    desired: Resource | None = None

    @property
    def remote_name(self) -> str:
        """The name on the platform, empty while there is none."""
        return self.live.remote_name if self.live else ""


def entries(
    session: Session, resources: Sequence[Resource], kind: str | None, *, every: bool, only_declared: bool
) -> list[Entry]:
    """Declared resources as observed, or everything in the workspace that carries a marker."""
    wanted = [kind] if kind else list(KINDS)
    if only_declared:
        world = observe(resources, KINDS, session.api, session.ledger, session.project.set)
        seen = ((r, world.observed[r.id]) for r in resources if r.kind in wanted)
        return [Entry(r.id, o.live, tuple(_runs(o.live, o.others)), r) for r, o in seen]
    found: list[Entry] = []
    for name in wanted:
        lives = [live for live in KINDS[name].everything(session.api) if every or live.marker]
        found.extend(_grouped(lives) if KINDS[name].is_run else (Entry(live.id, live) for live in lives))
    return [
        _complete(entry, session) for entry in sorted(found, key=lambda entry: (wanted.index(entry.id.kind), entry.id))
    ]


def _runs(live: Live | None, others: Iterable[Live]) -> Iterator[Live]:
    """All runs of a resource, oldest first."""
    yield from sorted([*others, *([live] if live and live.id.kind == "TrainingJob" else [])], key=_age)


def _age(live: Live) -> tuple[int, int, str]:
    return live.created, live.attempt, live.remote_name


def _grouped(lives: Iterable[Live]) -> Iterator[Entry]:
    """Runs by the resource in their name; the newest is the current one."""
    groups: dict[ResourceId, list[Live]] = {}
    for live in lives:
        groups.setdefault(live.id, []).append(live)
    for id, runs in groups.items():
        ordered = sorted(runs, key=_age)
        yield Entry(id, ordered[-1], tuple(ordered))


def _complete(entry: Entry, session: Session) -> Entry:
    """Lists of services lack configs and addresses: one detail each."""
    live = entry.live
    if live is None or live.id.kind != "Service" or "models" in live.spec:
        return entry
    poll = KINDS["Service"].poll
    from fmctl.kinds.base import Watch

    detail = poll([Watch(live.remote_id, live.remote_name)], session.api).get(live.remote_name)
    return Entry(entry.id, detail or live, entry.runs, entry.desired)


def item(entry: Entry) -> dict[str, Any]:
    """One element of ``items``."""
    live = entry.live
    spec = entry.desired.spec if entry.desired else (_shown_spec(live) if live else {})
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
        },
    }


def _shown_spec(live: Live) -> dict[str, Any]:
    """What is live, without the values of variables: which of them came from a secret does not show there."""
    shown = {key: value for key, value in live.spec.items() if value not in ("", 0, None)}
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


def formatted(found: Sequence[Entry], format: str, columns: int | None = None) -> str:
    """The listing in one of FORMATS; the table fits into ``columns`` where that is given."""
    if format == "name":
        return "\n".join(str(entry.id) for entry in found)
    whole = {"items": [item(entry) for entry in found]} if format in ("json", "yaml") else {}
    if format == "yaml":
        return dump(whole).rstrip("\n")
    if format == "json":
        return json.dumps(whole, ensure_ascii=False, indent=2)
    return "\n".join(lines(found, columns, wide=format == "wide")) if found else "Nothing here."


def lines(found: Sequence[Entry], columns: int | None = None, *, wide: bool = False) -> list[str]:
    """The table: its head, and one line an entry."""
    heads: tuple[str, ...] = ("KIND/NAME", "PHASE", "HEALTH", "RAN", "REMOTE NAME")
    rows: list[tuple[str, ...]] = [_row(entry) for entry in found]
    if wide:
        heads = (*heads, "OWNER", "ID", "LABELS", "URL")
        rows = [(*row, *_more(entry)) for row, entry in zip(rows, found, strict=True)]
    return table(heads, rows, columns)


def _row(entry: Entry) -> tuple[str, ...]:
    live = entry.live
    if live is None:
        return str(entry.id), "-", str(Health.MISSING), "-", "-"
    ran = span(live.duration / 1000) if live.duration else "-"
    return str(entry.id), live.phase or "-", str(live.health), ran, live.remote_name


def _more(entry: Entry) -> tuple[str, ...]:
    labels = entry.desired.labels if entry.desired else {}
    shown = ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or "-"
    if entry.live is None:
        return "-", "-", shown, "-"
    owner = entry.live.marker.set if entry.live.marker else "-"
    return owner, entry.live.remote_id, shown, entry.live.url or "-"
