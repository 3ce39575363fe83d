"""One resource for people: what it is, where, how it is doing and why, what happened, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fmctl.about import BY_FMCTL
from fmctl.domain.live import Health, Live
from fmctl.domain.plan import Target
from fmctl.domain.record import Details, Happening, Link, ServiceUpdate, Usage
from fmctl.domain.values import span
from fmctl.kinds.remedies import remedy
from fmctl.kinds.runs import recovering
from fmctl.report.table import clipped, folded, legible, table, width
from fmctl.report.times import clock, when

NEWEST_EVENTS = 10
NEWEST_UPDATES = 3
NEWEST_RUNS = 10
_WIDEST = 22
_INDENT = "  "
_SINCE = {"Service": "Deployed"}
"""What the oldest time that is known of an object tells: of a service it is that of its newest configuration."""

_HEALTH = {
    Health.HEALTHY: {
        "TrainingJob": "ran to completion",
        "ModelVersion": "published, ready to be served",
        "Service": "answers predictions",
    },
    Health.PROGRESSING: {
        "TrainingJob": "on its way; nothing to do but wait",
        "ModelVersion": "being published",
        "Service": "changing; it will settle by itself",
    },
    Health.DEGRADED: {
        "TrainingJob": "did not end as wanted",
        "ModelVersion": "could not be published",
        "Service": "does not work as it should",
    },
    Health.SUSPENDED: {"TrainingJob": "was stopped before its end", "Service": "is stopped and answers nothing"},
    Health.UNKNOWN: {},
}


def details_text(details: Details, target: Target, now: float, columns: int | None = None, options: str = "") -> str:
    """The whole description, in sections, folded to ``columns`` where that is given, of a log its lines cut.

    ``options`` belong to every command that is named, so that it works as it stands.
    """
    live, room = details.live, columns and max(1, columns - len(_INDENT))
    log = [legible(line) for line in details.log]
    sections: list[tuple[str, Sequence[str]]] = [
        ("", _pairs([*_head(details, target, now), *details.about], columns)),
        ("Runs", _runs(details.runs, room)),
        ("Used", list(map(_used, details.usage))),
        ("Updates", list(map(_update, details.updates[:NEWEST_UPDATES]))),
        ("Made from", _links(details.sources, room)),
        ("Used by", _links(details.users, room)),
        ("Events", events_lines(details.events[-NEWEST_EVENTS:], room)),
        ("Log, the last lines", [clipped(line, room) for line in log] if room else log),
        ("Next", [part for line in _next(live, details, now) for part in _advice(line, options, room)]),
    ]
    return "\n".join(_sections(sections))


def _advice(line: str, options: str, columns: int | None) -> Sequence[str]:
    """A line of advice; one that names a command stays whole, to be copied."""
    return [line + options] if ": fmctl " in line else folded(line, columns, hang=2)


def _sections(sections: Sequence[tuple[str, Sequence[str]]]) -> Iterator[str]:
    for title, lines in sections:
        if title and lines:
            yield ""
            yield f"{title}:"
        yield from (_INDENT + line if title else line for line in lines)


def _pairs(pairs: Sequence[tuple[str, str]], columns: int | None) -> Sequence[str]:
    """Names and values, the values below each other; a very long name may stand out."""
    room = min(_WIDEST, max(width(name) for name, _ in pairs)) + 2
    lines = (f"{name}:" + " " * max(1, room - width(name) - 1) + legible(value) for name, value in pairs)
    return [part for line in lines for part in folded(line, columns, room)]


# ------------------------------------------------------------------- the head


def _head(details: Details, target: Target, now: float) -> Iterator[tuple[str, str]]:
    live = details.live
    yield "Kind", live.id.kind
    yield "Name", live.id.name
    if live.description:
        yield "Description", live.description
    yield "Phase", live.phase or "-"
    yield "Health", _health(live)
    if details.why:
        yield "Why", details.why
    yield _SINCE.get(live.id.kind, "Created"), when(live.created, now)
    yield "On ModelArts", f"{live.remote_name}, id {live.remote_id}"
    yield "Owner", f"{live.owner}, marker {live.marker}" if live.marker else live.owner
    yield "Context", f"{target.context} ({target.host})"
    yield "Project", f"{target.project}, workspace {target.workspace}"


def _health(live: Live) -> str:
    words = _HEALTH.get(live.health, {}).get(live.id.kind, "a phase that this version of fmctl does not know")
    return f"{live.health}: {words}"


# ------------------------------------------------------------------- sections


def _runs(runs: Sequence[Live], columns: int | None) -> Sequence[str]:
    """The newest first, as people look for it; what the platform says about a run stands below it."""
    if not runs:
        return ()
    newest = list(reversed(runs))[:NEWEST_RUNS]
    head, *lines = table(("RUN", "TRY", "PHASE", "CREATED", "STARTED", "RAN"), list(map(_run, newest)), columns)
    told = (text for line, run in zip(lines, newest, strict=True) for text in (line, *_said(run, columns)))
    more = len(runs) - len(newest)
    return [head, *told, *([f"… and {more} before them: fmctl get {newest[0].id} -o json lists them"] if more else [])]


def _run(run: Live) -> tuple[str, ...]:
    started = f"{span((run.started - run.created) / 1000)} later" if run.started else "-"
    ran = span(run.duration / 1000) if run.duration else "-"
    return run.remote_name, str(run.attempt), run.phase, clock(run.created), started, ran


def _used(one: Usage) -> str:
    return f"{one.name}: {one.newest:.3g} %, mean {one.mean:.3g}, most {one.most:.3g}"


def _said(run: Live, columns: int | None) -> Sequence[str]:
    return folded(_INDENT + legible(run.message), columns, hang=0) if run.message else ()


def _update(update: ServiceUpdate) -> str:
    shares = ", ".join(f"{name} {weight} %" for name, weight in update.shares)
    return f"{clock(update.at)}  {update.result}  {shares}".rstrip()


def _links(links: Sequence[Link], columns: int | None) -> Sequence[str]:
    return [part for link in links for part in folded(link_text(link), columns)]


def link_text(link: Link) -> str:
    """``ModelVersion/digits-1-0-0  digits 1.0.0, published``, indented by its depth."""
    how = f" ({link.how})" if link.how else ""
    return f"{'  ' * link.depth}{link.id}  {link.remote_name}, {link.phase}{how}"


def events_lines(events: Sequence[Happening], columns: int | None = None) -> Sequence[str]:
    """Events as a table, oldest first."""
    if not events:
        return ()
    heads = ("TIME", "LEVEL", "SOURCE", "MESSAGE")
    rows = [(clock(e.at), e.level or "-", e.source or "-", e.message) for e in events]
    return table(heads, rows, columns, fold=True)


# ------------------------------------------------------------------- what to do


def _next(live: Live, details: Details, now: float) -> Iterator[str]:
    match live.id.kind:
        case "TrainingJob":
            yield from _next_job(live, details, now)
        case "ModelVersion":
            yield from _next_model(live, details)
        case _:
            yield from _next_service(live)


def _next_job(live: Live, details: Details, now: float) -> Iterator[str]:
    if live.active:
        yield f"follow it: fmctl logs -f {live.id}"
        yield f"wait for it: fmctl wait {live.id}"
        yield f"stop it: fmctl stop {live.id}"
    elif live.health is Health.HEALTHY:
        yield from (f"get what it wrote: fmctl cp {live.id}:{name} ./{name}" for name in live.facts.get("outputs", {}))
    elif recovering(live, now):
        yield f"see what happened: fmctl events {live.id}"
        yield f"wait, since the platform may yet bring it back: fmctl wait {live.id}"
    else:
        yield f"see its log: fmctl logs {live.id}"
        if details.why.startswith(BY_FMCTL):
            yield "to run it again, apply its manifest with state: running"
        else:
            remedied = remedy(live, "\n".join(details.log))
            yield f"{remedied}; then apply"


def _next_model(live: Live, details: Details) -> Iterator[str]:
    if live.health is Health.DEGRADED:
        yield from (f"see what it was made from: fmctl describe {one.id}" for one in details.sources[:1])
        yield "correct the model folder and apply: a version that was never published is published anew"
    elif live.active:
        yield f"wait for it: fmctl wait {live.id}"
    elif not details.users:
        yield f"serve it: name it in a Service, {{modelRef: ...}} in this set or {{modelId: {live.remote_id}}}"


def _next_service(live: Live) -> Iterator[str]:
    if live.health is Health.SUSPENDED:
        yield f"start it: fmctl start {live.id}"
    elif live.health is Health.DEGRADED:
        yield f"see why: fmctl events {live.id}"
        yield "apply again: a failed service with the right config is started once"
    elif live.health is Health.HEALTHY:
        yield f"ask it: fmctl predict {live.id} --file FILE"
    else:
        yield f"wait for it: fmctl wait {live.id}"
