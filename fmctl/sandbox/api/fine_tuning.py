"""What a fine-tuning job has learned and left.

GET /v2/{project_id}/training-jobs/{id}/ft-detail · …/ft-metrics · …/ft-artifacts
"""

from collections.abc import Sequence

from fmctl.sandbox.api.queries import records
from fmctl.sandbox.api.training_jobs import JOB, find_job
from fmctl.sandbox.finetuning import starting, views
from fmctl.sandbox.models.publishing import MODELS
from fmctl.sandbox.programs import FINE_TUNING, program_of
from fmctl.sandbox.store import Document
from fmctl.sandbox.training.jobs import shown
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route, unsupported

PUBLISHED = "published_artifacts"
"""The collection that says which model was made of an artifact."""
FILTERS = {"steps": int, "epoch": int, "loss": float}


@route("GET", JOB + "/ft-detail")
def show_ft_detail(call: Call) -> Reply:
    """The job, its model, its data and its progress in one."""
    record, now = find_tuning(call), call.sandbox.clock.now()
    shown(record, now)
    checkpoint = record["job"]["ftjob_config"]["checkpoint_config"]
    wanted = checkpoint.get("checkpoint_id") if checkpoint["restore_training"] else None
    start = starting.find_artifact(call.sandbox, wanted) if wanted else None
    progress = starting.progress_of(call.sandbox, record)
    return Reply(200, {"project_id": call.project_id, **views.detail(record, progress, start, now)})


@route("GET", JOB + "/ft-metrics")
def show_ft_metrics(call: Call) -> Reply:
    """The curves as far as they have come."""
    progress = starting.progress_of(call.sandbox, find_tuning(call))
    return Reply(200, views.metrics(progress, call.sandbox.clock.now()))


@route("GET", JOB + "/ft-artifacts")
def list_ft_artifacts(call: Call) -> Reply:
    """Checkpoints and the finished model, the newest first unless asked otherwise; `offset` counts artifacts."""
    found = [one for one in artifacts_of(call) if _wanted(call, one)]
    if call.query.get("order_by_create_time_asc", "").lower() != "true":
        found.reverse()
    return Reply(200, {"total": len(found), "artifact_info": list(records(call, found))})


ROUTES: Sequence[Route] = (show_ft_detail, show_ft_metrics, list_ft_artifacts)


def find_tuning(call: Call) -> Document:
    """The record of the fine-tuning job that the path names."""
    record = find_job(call)
    if program_of(record["job"]) != FINE_TUNING:
        raise unsupported("this is no fine-tuning job: it has no train_type and no spec.asset_id.")
    return record


def artifacts_of(call: Call) -> list[Document]:
    """Everything about the artifacts of the job, in the order in which they were made."""
    record = find_tuning(call)
    progress, tuned = starting.progress_of(call.sandbox, record), list(starting.tuned_jobs(call.sandbox))
    best = progress.best()
    return [
        views.artifact(
            one,
            record,
            best=one.id == best,
            published=_published(call, one.id),
            tasks=[other for other in tuned if _starts_from(other, one.id)],
        )
        for one in progress.artifacts
    ]


def _published(call: Call, artifact_id: str) -> Document:
    """The model that was made of an artifact; nothing when there is none, or none any more."""
    noted = call.sandbox.store.get(PUBLISHED, artifact_id)
    model = call.sandbox.store.get(MODELS, noted["model_id"]) if noted else None
    return dict(model["model"]) if model else {}


def _starts_from(record: Document, artifact_id: str) -> bool:
    checkpoint = record["job"]["ftjob_config"]["checkpoint_config"]
    return bool(checkpoint["restore_training"]) and checkpoint.get("checkpoint_id") == artifact_id


def _wanted(call: Call, one: Document) -> bool:
    if call.query.get("status", "") not in ("", one["status"]):
        return False
    for name, kind in FILTERS.items():
        text = call.query.get(name)
        try:
            if text and kind(text) != one[name]:
                return False
        except ValueError as error:
            raise WireError(400, "ModelArts.2764", f"{name} must be a number.") from error
    return True
