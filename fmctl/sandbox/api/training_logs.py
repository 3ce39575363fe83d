"""What a training job has written and used.

GET /v2/{project_id}/training-jobs/{id}/tasks/{task_id}/logs/preview · …/logs/url ·
GET …/{id}/logs/{task_id} · GET …/{id}/metrics/{task_id}
"""

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from fmctl.sandbox.api.queries import choice, number
from fmctl.sandbox.api.training_jobs import JOB, find_task
from fmctl.sandbox.object_info import About
from fmctl.sandbox.obs_signature import ObsRequest, sign_v2
from fmctl.sandbox.training.jobs import Training
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route

PREVIEW_BYTES = 5 << 20
LINK_SECONDS = 300
LOG_BUCKET = "fmctl-sandbox"
MAX_LINES = 500


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
        call.sandbox.objects.put(LOG_BUCKET, key, log, about=About("text/plain"))
    return Reply(200, {"obs_url": _link(call, f"/{LOG_BUCKET}/{key}")})


@route("GET", JOB + "/metrics/{task_id}")
def show_training_job_metrics(call: Call) -> Reply:
    """Six series with a sample a minute, -1 where nothing is measured; 204 before the first."""
    samples = call.sandbox.part(Training).metrics(call.path["training_job_id"], find_task(call))
    if samples is None:
        return Reply(204)
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
    task = find_task(call)
    return call.sandbox.part(Training).log(call.path["training_job_id"], task)


def _link(call: Call, path: str) -> str:
    owner = call.sandbox.credentials
    expires = str(int(call.sandbox.wall.now()) + LINK_SECONDS)
    signature = sign_v2(ObsRequest("GET", path, [], {}), owner.secret_key, expires)
    query = urlencode({"AWSAccessKeyId": owner.access_key, "Expires": expires, "Signature": signature})
    return f"{call.request.host_url.rstrip('/')}{quote(path)}?{query}"
