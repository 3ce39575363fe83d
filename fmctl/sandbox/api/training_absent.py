"""What training jobs can do in ModelArts and not here, each refused after the job was found to exist.

…/training-jobs/{id}/route_plan · tasks/{task_id}/save-image-job
"""

from collections.abc import Sequence

from fmctl.sandbox.api.training_jobs import JOB, find_job, find_task
from fmctl.sandbox.training import checks
from fmctl.sandbox.wire import Call, Handler, Reply, Route, WireError, route, unsupported

FAMILIES = (("GET", JOB + "/route_plan", "the sandbox has no network whose ranks could be arranged."),)
IMAGE = JOB + "/tasks/{task_id}/save-image-job"


@route("POST", IMAGE)
def create_save_image_job(call: Call) -> Reply:
    """Refused with the platform's reasons first: only a debug job that runs has an image to save."""
    body = call.json()
    for name in ("name", "namespace", "tag"):
        if not isinstance(body.get(name), str) or not body[name]:
            raise checks.invalid(f"{name} must be text.")
    find_task(call)
    job = find_job(call)["job"]
    if job["spec"]["runtime_type"] != "debug":
        raise WireError(400, "ModelArts.2879", "The image of a job can be saved when its runtime_type is debug.")
    if job["status"]["secondary_phase"] != "Running":
        raise WireError(400, "ModelArts.2883", "The image of a job can be saved while it is running.")
    raise unsupported("jobs run on this machine, not in an image that could be saved.")


@route("GET", IMAGE)
def show_save_image_job(call: Call) -> Reply:
    """None was ever begun."""
    find_task(call)
    raise WireError(404, "ModelArts.2881", "There is no image-saving job of this task.")


def _refuse(reason: str) -> Handler:
    def refuse(call: Call) -> Reply:
        find_job(call)
        raise unsupported(reason)

    return refuse


ROUTES: Sequence[Route] = (
    create_save_image_job,
    show_save_image_job,
    *(Route(method, path, _refuse(reason)) for method, path, reason in FAMILIES),
)
