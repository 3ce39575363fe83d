"""What the platform recorded about a run or a service: events, measures, updates. Read only.

Endpoints:
    GET /v2/{project_id}/training-jobs/{training_job_id}/events             newest first, in pages of up to 100
    GET /v2/{project_id}/training-jobs/{training_job_id}/metrics/{task_id}  204 while there are none; -1 is no data
    GET /v1/{project_id}/services/{service_id}/events                       newest first, kept for a month
    GET /v1/{project_id}/services/{service_id}/logs                         the update history
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from fmctl.domain.live import Live
from fmctl.domain.ports import Api
from fmctl.domain.problem import NoAnswer
from fmctl.domain.record import Happening, ServiceUpdate, Usage
from fmctl.kinds.job_wire import JOBS
from fmctl.kinds.service_wire import SERVICES

JOB_EVENTS = 100
SERVICE_EVENTS = 1000
T = TypeVar("T")


def events(live: Live, api: Api) -> Sequence[Happening]:
    """What happened to a run or a service, oldest first."""
    if live.id.kind == "Service":
        path, query = f"{SERVICES}/{live.remote_id}/events", {"limit": SERVICE_EVENTS}
        found = _listed(api.call("GET", path, query=query), "events", _service_event)
    else:
        path, query = f"{JOBS}/{live.remote_id}/events", {"limit": JOB_EVENTS}
        found = _listed(api.call("GET", path, query=query), "events", _job_event)
    return found[::-1]  # newest first on the wire; what has one time keeps its order


def _job_event(event: Any) -> Happening:
    at = _milliseconds(str(event.get("time") or ""))
    return Happening(at, str(event.get("level") or ""), str(event.get("source") or ""), str(event.get("message") or ""))


def _service_event(event: Any) -> Happening:
    level = "Warning" if event.get("event_type") == "abnormal" else "Info"
    return Happening(int(event.get("occur_time") or 0), level, "Service", str(event.get("event_info") or ""))


def _milliseconds(text: str) -> int:
    """An ISO time, or a number in text, as epoch milliseconds; 0 for anything else."""
    if text.isdecimal():
        return int(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return 0
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def updates(live: Live, api: Api) -> Sequence[ServiceUpdate]:
    """The update history of a service, newest first."""
    return sorted(_listed(api.call("GET", f"{SERVICES}/{live.remote_id}/logs"), "logs", _update), reverse=True)


def _update(log: Any) -> ServiceUpdate:
    shares = (
        (f"{item.get('model_name') or item.get('model_id')} {item.get('model_version') or ''}".strip(), item["weight"])
        for item in log.get("config") or ()
    )
    return ServiceUpdate(
        int(log.get("update_time") or 0), str(log.get("result") or ""), tuple((name, int(w or 0)) for name, w in shares)
    )


def usage(run: Live, api: Api, task: str = "worker-0") -> Sequence[Usage]:
    """What a run used, of the measures that have data."""
    found = _listed(api.call("GET", f"{JOBS}/{run.remote_id}/metrics/{task}"), "metrics", _measure)
    return [one for one in found if one]


def _measure(metric: Any) -> Usage | None:
    values = [float(value) for value in metric.get("value") or () if float(value) >= 0]
    if not values:
        return None
    return Usage(str(metric.get("metric")), values[-1], sum(values) / len(values), max(values))


def _listed(answer: Any, key: str, read: Callable[[Any], T]) -> list[T]:
    """Every item of a list, of which there may be none (204); an answer of another shape is no answer."""
    try:
        return [read(item) for item in (answer or {}).get(key) or ()]
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        msg = f"the answer has no {key} as ModelArts writes them"
        raise NoAnswer(msg, hint="is the endpoint right, or is there a proxy between?") from error
