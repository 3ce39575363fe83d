"""What a training job has written and used, and what happened to it.

GET /v2/{project_id}/training-jobs/{id}/tasks/{task_id}/logs/preview · …/logs/url ·
GET …/{id}/metrics/{task_id} · GET …/{id}/events · GET …/{id}/tasks
"""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote, urlencode

from fmctl.sandbox.api.training_jobs import JOB, find_job
from fmctl.sandbox.obs_signature import ObsRequest, sign_v2
from fmctl.sandbox.store import Document
from fmctl.sandbox.training.jobs import Training
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route

PREVIEW_BYTES = 5 << 20
LINK_SECONDS = 300
LOG_BUCKET = "fmctl-sandbox"
BEIJING = timezone(timedelta(hours=8))
MAX_EVENTS = 100


@route("GET", JOB + "/tasks/{task_id}/logs/preview")
def show_training_job_logs_preview(call: Call) -> Reply:
    """The newest 5 MB of the log, also while the job runs; 204 before there is one."""
    log = _log(call)
    if log is None:
        return Reply(204)
    newest = log[-PREVIEW_BYTES:]
    sizes = {"current_size": len(newest), "full_size": len(log)}
    return Reply(200, {"content": newest.decode(errors="replace"), **sizes})


@route("GET", JOB + "/tasks/{task_id}/logs/url")
def show_training_job_logs_url(call: Call) -> Reply:
    """A link to the log as it is now, good for five minutes."""
    log = _log(call)
    if log is None:
        raise WireError(400, "ModelArts.2818", "The log is not generated.")
    key = f"training-logs/{call.path['training_job_id']}/{call.path['task_id']}.log"
    with call.sandbox.store.background():
        call.sandbox.objects.put(LOG_BUCKET, key, log, content_type="text/plain")
    return Reply(200, {"obs_url": _link(call, f"/{LOG_BUCKET}/{key}")})


@route("GET", JOB + "/metrics/{task_id}")
def show_training_job_metrics(call: Call) -> Reply:
    """Six series with a sample a minute, -1 where nothing is measured; 204 before the first."""
    samples = call.sandbox.part(Training).metrics(call.path["training_job_id"], _task(call))
    if samples is None:
        return Reply(204)
    return Reply(200, {"metrics": [{"metric": name, "value": values} for name, values in samples.items()]})


@route("GET", JOB + "/events")
def list_training_job_events(call: Call) -> Reply:
    """What happened, newest first unless asked otherwise; `offset` counts pages."""
    limit, offset = _number(call, "limit", 50, 1, MAX_EVENTS), _number(call, "offset", 0, 0, 1_000_000)
    order, span = call.query.get("order", "desc"), _span(call)
    found = [event for event in find_job(call)["events"] if _wanted(call, event, span)]
    if order == "desc":
        found.reverse()
    elif order != "asc":
        raise WireError(400, "ModelArts.2764", "order must be asc or desc.")
    page = [event | {"time": _local(event["time"])} for event in found[offset * limit : (offset + 1) * limit]]
    about = {"total": len(found), "limit": limit, "offset": offset, "order": order}
    times = {name: call.query.get(name, "") for name in ("start_time", "end_time")}
    return Reply(200, {**about, **times, "events": page})


@route("GET", JOB + "/tasks")
def list_training_job_tasks(call: Call) -> Reply:
    """The tasks as a bare list; every one is on this machine."""
    here = {"ip": "127.0.0.1", "host_ip": "127.0.0.1", "schedule_count": 1}
    return Reply(200, [{"task": task, **here} for task in find_job(call)["job"]["status"]["tasks"]])


ROUTES: Sequence[Route] = (
    show_training_job_logs_preview,
    show_training_job_logs_url,
    show_training_job_metrics,
    list_training_job_events,
    list_training_job_tasks,
)


def _log(call: Call) -> bytes | None:
    task = _task(call)
    return call.sandbox.part(Training).log(call.path["training_job_id"], task)


def _task(call: Call) -> str:
    """The task that the path names, of a job that exists."""
    record, task = find_job(call), call.path["task_id"]
    if task not in record["job"]["status"]["tasks"]:
        raise WireError(400, "ModelArts.2788", f"Invalid parameter: the job has no task {task}.")
    return task


def _link(call: Call, path: str) -> str:
    owner = call.sandbox.credentials
    expires = str(int(call.sandbox.clock.now()) + LINK_SECONDS)
    signature = sign_v2(ObsRequest("GET", path, [], {}), owner.secret_key, expires)
    query = urlencode({"AWSAccessKeyId": owner.access_key, "Expires": expires, "Signature": signature})
    return f"{call.request.host_url.rstrip('/')}{quote(path)}?{query}"


def _wanted(call: Call, event: Document, span: tuple[float, float] | None) -> bool:
    level, pattern = call.query.get("level"), call.query.get("pattern", "")
    inside = span is None or span[0] <= event["time"] * 1000 <= span[1]
    return inside and level in (None, "", event["level"]) and pattern in event["message"]


def _span(call: Call) -> tuple[float, float] | None:
    given = [call.query.get(name) for name in ("start_time", "end_time")]
    if not any(given):
        return None
    if not all(text and text.isdigit() for text in given):
        raise WireError(400, "ModelArts.2764", "start_time and end_time come together, in milliseconds.")
    first, last = (float(text or 0) for text in given)
    return first, last


def _number(call: Call, name: str, default: int, least: int, most: int) -> int:
    text: Any = call.query.get(name) or str(default)
    if not text.isdigit() or not least <= int(text) <= most:
        raise WireError(400, "ModelArts.2764", f"{name} must be an integer from {least} to {most}.")
    return int(text)


def _local(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, BEIJING).isoformat(timespec="milliseconds")
