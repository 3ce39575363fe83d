"""Training jobs.

POST, GET, PUT, DELETE /v2/{project_id}/training-jobs[/{id}] · POST …/{id}/actions · POST …/batch-delete ·
POST /v2/{project_id}/training-job-searches · GET /v2/{project_id}/training-job-names
"""

import uuid
from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.api.authorizations import need_authorization
from fmctl.sandbox.autosearch.checks import check_search
from fmctl.sandbox.finetuning.checks import complete_fine_tuning, wants_fine_tuning
from fmctl.sandbox.shapes import accept
from fmctl.sandbox.store import Document
from fmctl.sandbox.training import checks, resources
from fmctl.sandbox.training.algorithms import apply_algorithm, find_algorithm
from fmctl.sandbox.training.code import check_source
from fmctl.sandbox.training.experiments import join_experiment
from fmctl.sandbox.training.fill import new_job
from fmctl.sandbox.training.jobs import ACTIVE, STOPPABLE, Training, phase_of, shown
from fmctl.sandbox.training.parameters import check_parameters
from fmctl.sandbox.training.quotas import quota_of
from fmctl.sandbox.training.requests import UPDATE
from fmctl.sandbox.training.search import MAX_LIMIT, search, task_ips
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route
from fmctl.sandbox.workspaces import workspace_of

JOBS = "/v2/{project_id}/training-jobs"
JOB = JOBS + "/{training_job_id}"
MAX_BATCH = 100
CHANGEABLE_ANNOTATION = "jupyter-lab/enable"


@route("POST", JOBS)
def create_training_job(call: Call) -> Reply:
    """201 with the whole job, in phase Creating and without a user name yet."""
    need_authorization(call)
    body, now = checks.accept_job(call.json()), call.sandbox.clock.now()
    with call.sandbox.store.transaction():
        _check(call, body)
        join_experiment(call.sandbox.store, call.project_id, body, now)
        job = new_job(body, str(uuid.uuid4()), call.user, now)
        call.sandbox.part(Training).create(job, now)
    return Reply(201, job | {"metadata": job["metadata"] | {"user_name": ""}})


@route("GET", JOB)
def show_training_job_details(call: Call) -> Reply:
    """The whole job; an unknown id is a 400."""
    return Reply(200, shown(find_job(call), call.sandbox.clock.now()))


@route("PUT", JOB)
def change_training_job_description(call: Call) -> Reply:
    """Description, notification, schedule policy, ssh keys and one annotation; everything else is for ever."""
    body, training = accept(call.json(), UPDATE), call.sandbox.part(Training)
    with call.sandbox.store.transaction():
        record = find_job(call)
        _change(record["job"], body)
        training.save(record)
    return Reply(200, "null")


@route("POST", JOB + "/actions")
def stop_training_job(call: Call) -> Reply:
    """202 with the job, in phase Terminating."""
    action, now = call.json().get("action_type"), call.sandbox.clock.now()
    with call.sandbox.store.transaction():
        record = find_job(call)
        if action == "restart":  # the platform knows the word, and documents no job that it may be said to
            raise WireError(409, "ModelArts.2813", "The training job is not allowed to be restarted.")
        if action != "terminate":
            raise WireError(400, "ModelArts.2812", f"Unsupported action type {action!r}.")
        if phase_of(record) not in STOPPABLE:
            message = f"Training job in phase {phase_of(record)} is not allowed to be terminated."
            raise WireError(409, "ModelArts.2796", message)
        call.sandbox.part(Training).terminate(record, now)
    return Reply(202, shown(record, now))


@route("DELETE", JOB)
def delete_training_job(call: Call) -> Reply:
    """202; the job can be read for a moment longer, and its name is taken for as long."""
    with call.sandbox.store.transaction():
        call.sandbox.part(Training).delete(find_job(call), call.sandbox.clock.now())
    return Reply(202, '""')


@route("POST", JOBS + "/batch-delete")
def batch_delete_training_job(call: Call) -> Reply:
    """All of up to 100 jobs of one workspace, or none when one of them does not exist."""
    jobs = checks.items(call.json(), "jobs")
    if not 0 < len(jobs) <= MAX_BATCH:
        raise WireError(400, "ModelArts.2816", f"jobs must have 1 to {MAX_BATCH} entries.")
    training, now = call.sandbox.part(Training), call.sandbox.clock.now()
    with call.sandbox.store.transaction():
        records = [_need(training, str(checks.mapping(job, "metadata").get("id"))) for job in jobs]
        if len({record["job"]["metadata"]["workspace_id"] for record in records}) > 1:
            raise checks.invalid("all jobs must be in one workspace.")
        for record in records:
            training.delete(record, now)
    return Reply(202)


@route("POST", "/v2/{project_id}/training-job-searches")
def list_training_jobs(call: Call) -> Reply:
    """One page of the jobs that fit the filters; `offset` counts pages, `total` ignores the filters."""
    body, training, now = call.json(), call.sandbox.part(Training), call.sandbox.clock.now()
    page, count = search(training, body, now)
    found: dict[str, Any] = {
        "total": training.count(),
        "count": count,
        "limit": body.get("limit") or MAX_LIMIT,
        "offset": body.get("offset") or 0,
        "sort_by": body.get("sort_by") or "create_time",
        "order": body.get("order") or "desc",
        "group_by": body.get("group_by") or "",
        "workspace_id": str(body.get("workspace_id") or "0"),
        "ai_project": "default-ai-project",
    }
    jobs = [shown(record, now) for record in page]
    if body.get("host_ips"):
        for record in page:
            record["job"]["status"]["task_ips"] = task_ips(record)
    return Reply(200, found | {"items": jobs})


@route("GET", "/v2/{project_id}/training-job-names")
def validate_training_job_name(call: Call) -> Reply:
    """Whether a job of this name exists."""
    name = call.query.get("job_name", "")
    if not checks.NAME.fullmatch(name):
        raise checks.invalid("job_name must have 1 to 64 letters, digits, underscores or hyphens.")
    return Reply(200, {"is_duplicate": call.sandbox.part(Training).name_taken(name)})


ROUTES: Sequence[Route] = (
    create_training_job,
    show_training_job_details,
    change_training_job_description,
    stop_training_job,
    delete_training_job,
    batch_delete_training_job,
    list_training_jobs,
    validate_training_job_name,
)


def find_job(call: Call) -> Document:
    """The record of the job that the path names."""
    return _need(call.sandbox.part(Training), call.path["training_job_id"])


def find_task(call: Call) -> str:
    """The task that the path names, of a job that exists."""
    record, task = find_job(call), call.path["task_id"]
    if task not in record["job"]["status"]["tasks"]:
        raise checks.invalid(f"the job has no task {task}.")
    return task


def _check(call: Call, body: Document) -> None:
    """Every rule for a new job; the first that is broken is the answer. A stored algorithm is filled in."""
    training, store, objects = call.sandbox.part(Training), call.sandbox.store, call.sandbox.objects
    body["metadata"]["workspace_id"] = workspace_of(store, call.project_id, body["metadata"])
    name = body["metadata"]["name"]
    if training.name_taken(name):
        raise WireError(400, "ModelArts.2751", f"Duplicate training job (name {name}).")
    if training.count() >= quota_of(store, "job-num"):
        raise WireError(400, "ModelArts.2815", "Quota exceeded (resource job-num).")
    algorithm, spec = checks.mapping(body, "algorithm"), checks.mapping(body, "spec")
    requirements: list[Document] = []
    if algorithm.get("id"):
        stored = find_algorithm(store, call.project_id, algorithm["id"])
        algorithm = body["algorithm"] = apply_algorithm(algorithm, stored)
        requirements = stored["resource_requirements"]
    if tuned := wants_fine_tuning(body):
        algorithm = body["algorithm"] = complete_fine_tuning(call.sandbox, body)
    else:
        check_source(algorithm, objects)
    flavor, nodes = resources.check_resource(spec), checks.mapping(spec, "resource").get("node_count") or 1
    resources.check_fit(flavor, nodes, checks.mapping(algorithm, "engine"), requirements)
    if not tuned:
        checks.check_channels(algorithm, objects)
    check_parameters(algorithm, complete=True)
    checks.check_environment(algorithm)
    check_search(body["kind"], algorithm)
    resources.check_spec(spec, objects)


def _need(training: Training, job_id: str) -> Document:
    record = training.get(job_id)
    if record is None:
        raise WireError(400, "ModelArts.2775", f"Training job (ID: {job_id}) not found.")
    return record


def _change(job: Document, body: Document) -> None:
    spec, policy = checks.mapping(body, "spec"), checks.mapping(checks.mapping(body, "spec"), "schedule_policy")
    notification = checks.mapping(spec, "notification")
    checks.check_description(body.get("description"))
    resources.check_schedule(policy, on_pool=bool(job["spec"]["resource"].get("pool_id")))
    resources.check_notification(notification)
    annotation = checks.mapping(checks.mapping(body, "metadata"), "annotation")
    if annotation.keys() - {CHANGEABLE_ANNOTATION}:
        raise checks.invalid(f"the annotation that can be changed is {CHANGEABLE_ANNOTATION}.")
    if policy and job["status"]["phase"] not in ACTIVE:
        raise WireError(409, "ModelArts.2878", "The status of the training job has changed.")
    if body.get("description") is not None:
        job["metadata"]["description"] = body["description"]
    job["spec"]["schedule_policy"] |= policy
    if notification:
        job["spec"]["notification"] = notification
    if body.get("endpoints"):
        job["endpoints"] = body["endpoints"]
    job["metadata"]["annotations"] |= annotation
