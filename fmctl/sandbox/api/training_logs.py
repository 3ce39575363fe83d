"""What a training job has written and used.

GET /v2/{project_id}/training-jobs/{id}/tasks/{task_id}/logs/preview · …/logs/url ·
GET …/{id}/logs/{task_id} · GET …/{id}/metrics/{task_id}
"""

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from fmctl.sandbox.api.queries import choice, number
from fmctl.sandbox.api.training_jobs import JOB, find_job, find_task
from fmctl.sandbox.meter import METRICS
from fmctl.sandbox.object_info import About
from fmctl.sandbox.obs_signature import ObsRequest, sign_v2
from fmctl.sandbox.training.jobs import ENDED, Training, phase_of
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route

PREVIEW_BYTES = 5 << 20
LINK_SECONDS = 300
LOG_BUCKET = "fmctl-sandbox"
MAX_LINES = 500
KEPT_SECONDS = 30 * 24 * 3600.0
DOWNLOAD = "application/octet-stream"


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
    """A link to the log as it is now, good for five minutes: to be read, or as application/octet-stream to be saved."""
    log = _log(call)
    if log is None:
        raise _not_generated()
    key = f"training-logs/{call.path['training_job_id']}/{call.path['task_id']}.log"
    with call.sandbox.store.background():
        call.sandbox.objects.put(LOG_BUCKET, key, log, about=About("text/plain"))
    # Its documentation says header and shows an argument.
    wanted = {call.request.mimetype, call.query.get("Content-Type", "")}
    changes = _download(call.path["task_id"]) if DOWNLOAD in wanted else []
    return Reply(200, {"obs_url": _link(call, f"/{LOG_BUCKET}/{key}", changes)})


@route("GET", JOB + "/metrics/{task_id}")
def show_training_job_metrics(call: Call) -> Reply:
    """Six series with a sample a minute, -1 where nothing is measured; 204 before the first, if one may come."""
    samples = call.sandbox.part(Training).metrics(call.path["training_job_id"], find_task(call))
    if samples is None and phase_of(find_job(call)) not in ENDED:
        return Reply(204)
    samples = samples or {name: [] for name in METRICS}
    return Reply(200, {"metrics": [{"metric": name, "value": values} for name, values in samples.items()]})


@route("GET", JOB + "/logs/{task_id}")
def show_training_job_logs_from_aom(call: Call) -> Reply:
    """Some lines after or before `base_line`, which is a line that was seen already; the newest without it."""
    most, order = number(call, "lines", 50, 1, MAX_LINES), choice(call, "order", "desc", ("asc", "desc"))
    log = _log(call)
    if log is None:
        return Reply(204)
    written = list(enumerate(log.decode(errors="replace").splitlines(), start=1))
    if order == "desc":
        base = number(call, "base_line", len(written) + 1, 0)
        found = [(at, line) for at, line in reversed(written) if at < base][:most]
    else:
        base = number(call, "base_line", 0, 0)
        found = [(at, line) for at, line in written if at > base][:most]
    first, last = (str(found[0][0]), str(found[-1][0])) if found else ("", "")
    content = "".join(f"{line}\n" for _, line in found)
    return Reply(200, {"start_line": first, "end_line": last, "lines": len(found), "content": content})


ROUTES: Sequence[Route] = (
    show_training_job_logs_preview,
    show_training_job_logs_url,
    show_training_job_logs_from_aom,
    show_training_job_metrics,
)


def _log(call: Call) -> bytes | None:
    """All that the task has written; None while it may still begin to."""
    task, record = find_task(call), find_job(call)
    log = call.sandbox.part(Training).log(call.path["training_job_id"], task)
    if phase_of(record) not in ENDED:
        return log
    exported = (record["job"]["spec"].get("log_export_path") or {}).get("obs_url")
    if not exported and call.sandbox.clock.now() - record["since"] > KEPT_SECONDS:
        raise WireError(400, "ModelArts.2819", "The log has been cleared: it is kept for 30 days.")
    if log is None:
        raise _not_generated()
    return log


def _not_generated() -> WireError:
    return WireError(400, "ModelArts.2818", "The log is not generated.")


def _download(task: str) -> list[tuple[str, str]]:
    """What makes a browser save what it would show."""
    saved = f"attachment; filename={task}.log"
    return [("response-content-type", DOWNLOAD), ("response-content-disposition", saved)]


def _link(call: Call, path: str, changes: list[tuple[str, str]]) -> str:
    owner = call.sandbox.credentials
    expires = str(int(call.sandbox.wall.now()) + LINK_SECONDS)
    signature = sign_v2(ObsRequest("GET", path, changes, {}), owner.secret_key, expires)
    signed = [("AWSAccessKeyId", owner.access_key), ("Expires", expires), ("Signature", signature)]
    query = urlencode([*signed, *changes])
    return f"{call.request.host_url.rstrip('/')}{quote(path)}?{query}"
