"""Saving what a running job has made of its working folder.

POST, GET /v2/{project_id}/training-jobs/{id}/tasks/{task_id}/save-image-job
"""

import re
from collections.abc import Sequence

from fmctl.sandbox.api.training_jobs import JOB, find_job, find_task
from fmctl.sandbox.image_saving import UNFINISHED, Images
from fmctl.sandbox.images import BUCKET, key_of, url_of
from fmctl.sandbox.shapes import Kind, accept
from fmctl.sandbox.store import Document
from fmctl.sandbox.training import checks
from fmctl.sandbox.training.jobs import Training
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route, unsupported
from fmctl.sandbox.workdir import code_home

IMAGE = JOB + "/tasks/{task_id}/save-image-job"
NAME = re.compile(r"[a-z0-9_.-]{1,512}")
TAG = re.compile(r"[A-Za-z0-9_.-]{1,64}")
NAMESPACE = re.compile(r"[a-z0-9_.-]{1,64}")
MAX_DESCRIPTION = 512
SHOWN = ("name", "namespace", "tag", "description", "status", "message", "create_time")


@route("POST", IMAGE)
def create_save_image_job(call: Call) -> Reply:
    """Of a debug job that runs; what it is refused for comes in the order of the platform."""
    named, images = _named(call), call.sandbox.part(Images)
    job_id, node = call.path["training_job_id"], find_task(call)
    with call.sandbox.store.transaction():
        _check(call, f"{job_id}/{node}", named)
        folder = call.sandbox.part(Training).folder(job_id)
        if folder is None:
            raise unsupported("this job follows a script, so it has no files to save.")
        made = images.begin(f"{job_id}/{node}", code_home(folder, node), named)
    return Reply(200, _shown(made))


@route("GET", IMAGE)
def show_save_image_job(call: Call) -> Reply:
    """How far it is; the newest of a task."""
    image = call.sandbox.part(Images).get(f"{call.path['training_job_id']}/{find_task(call)}")
    if image is None:
        raise WireError(404, "ModelArts.2881", "There is no image-saving job of this task.")
    return Reply(200, _shown(image))


ROUTES: Sequence[Route] = (create_save_image_job, show_save_image_job)


def _named(call: Call) -> Document:
    named = accept(call.json(), dict.fromkeys(("name", "namespace", "tag", "description"), Kind.TEXT))
    for field, rule in (("name", NAME), ("namespace", NAMESPACE), ("tag", TAG)):
        if not rule.fullmatch(named.get(field) or ""):
            raise checks.invalid(f"{field} must match {rule.pattern}.")
    if len(named.get("description") or "") > MAX_DESCRIPTION:
        raise checks.invalid(f"description must have at most {MAX_DESCRIPTION} characters.")
    return {"description": "", **named}


def _check(call: Call, task: str, named: Document) -> None:
    job, before = find_job(call)["job"], call.sandbox.part(Images).get(task)
    if job["spec"]["runtime_type"] != "debug":
        raise WireError(400, "ModelArts.2879", "The image of a job can be saved when its runtime_type is debug.")
    if job["status"]["secondary_phase"] != "Running":
        raise WireError(400, "ModelArts.2883", "The image of a job can be saved while it is running.")
    if before and before["status"] in UNFINISHED:
        raise WireError(400, "ModelArts.2880", "An image of this task is being saved already.")
    if call.sandbox.objects.head(BUCKET, key_of(url_of(named))):
        raise WireError(400, "ModelArts.2884", f"The image {url_of(named)} exists already.")


def _shown(image: Document) -> Document:
    return {name: image[name] for name in SHOWN}
