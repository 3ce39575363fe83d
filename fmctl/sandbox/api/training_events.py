"""What happened to a training job, and of what it could tell.

GET /v2/{project_id}/training-jobs/{id}/events · GET /v2/{project_id}/training-event-categories
"""

from collections.abc import Sequence

from fmctl.sandbox.api.queries import choice, number
from fmctl.sandbox.api.training_jobs import JOB, find_job
from fmctl.sandbox.store import Document
from fmctl.sandbox.training.messages import told
from fmctl.sandbox.training.times import local, parse
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route

LEVELS = ("Info", "Warning", "Error")
MAX_EVENTS = 100
MAX_PATTERN = 256
CATEGORIES = {
    "JobStarted": "The job is running.",
    "JobCompleted": "The job has completed.",
    "JobFailed": "The job has failed.",
    "JobTerminated": "The job was stopped.",
    "JobRestarted": "The job failed and was started again.",
    "JobHanged": "The job seems to hang; not looked for in the sandbox.",
    "JobPreempted": "Another job took the resources; never happens in the sandbox.",
}


@route("GET", JOB + "/events")
def list_training_job_events(call: Call) -> Reply:
    """What happened, newest first unless asked otherwise, in the reader's language; `offset` counts pages."""
    limit, offset = number(call, "limit", 50, 1, MAX_EVENTS), number(call, "offset", 0, 0)
    order, span = choice(call, "order", "desc", ("asc", "desc")), _span(call)
    choice(call, "level", "", ("", *LEVELS))
    language = call.request.headers.get("X-Language", "")
    if len(call.query.get("pattern", "")) > MAX_PATTERN:
        raise WireError(400, "ModelArts.2764", f"pattern must have at most {MAX_PATTERN} characters.")
    found = [event for event in find_job(call)["events"] if _wanted(call, event, span, language)]
    if order == "desc":
        found.reverse()
    page = [told(event, language) for event in found[offset * limit : (offset + 1) * limit]]
    about = {"total": len(found), "limit": limit, "offset": offset, "order": order}
    first, last = (local(time) for time in span) if span else ("", "")
    times = {"start_time": first, "end_time": last}
    return Reply(200, {**about, **times, "events": page})


@route("GET", "/v2/{project_id}/training-event-categories")
def list_event_categories(call: Call) -> Reply:
    """Events that a job can ask to be told of; the sandbox tells nobody."""
    choice(call, "flavor_type", "", ("", "CPU", "GPU", "Ascend"))
    known = CATEGORIES.items()
    found = [{"id": name, "name": name, "description": text, "notification": False} for name, text in known]
    return Reply(200, {"event-categories": found})


ROUTES: Sequence[Route] = (list_training_job_events, list_event_categories)


def _wanted(call: Call, event: Document, span: tuple[float, float] | None, language: str) -> bool:
    level, source, pattern = (call.query.get(name, "") for name in ("level", "source", "pattern"))
    inside = span is None or span[0] <= event["time"] <= span[1]
    text = told(event, language)["message"]
    return inside and level in ("", event["level"]) and source in ("", event["source"]) and pattern in text


def _span(call: Call) -> tuple[float, float] | None:
    given = [call.query.get(name, "") for name in ("start_time", "end_time")]
    if not any(given):
        return None
    try:
        first, last = (parse(text) for text in given)
    except (ValueError, OverflowError) as error:
        message = "start_time and end_time come together, as milliseconds or in ISO 8601."
        raise WireError(400, "ModelArts.2764", message) from error
    return first, last
