"""How far a training job has come and where it runs, and what its own process reports.

GET /v2/{project_id}/training-jobs/{id}/stages · GET …/{id}/tasks · POST …/{id}/tasks/{task_id}/reports/{report_type}
"""

from collections.abc import Sequence

from fmctl.sandbox.api.queries import number
from fmctl.sandbox.api.training_jobs import JOB, find_job, find_task
from fmctl.sandbox.training import checks
from fmctl.sandbox.training.jobs import ENDED, Training, phase_of
from fmctl.sandbox.training.messages import tell
from fmctl.sandbox.training.runs import runs_of
from fmctl.sandbox.training.stages import stages_of
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route


@route("GET", JOB + "/stages")
def list_training_job_stages(call: Call) -> Reply:
    """The stages of each time that the job ran; the newest comes last."""
    found = [{"record_order": at, "stages": stages} for at, stages in enumerate(stages_of(find_job(call)), start=1)]
    return Reply(200, {"total_count": len(found), "running_records": found})


@route("GET", JOB + "/tasks")
def list_training_job_tasks(call: Call) -> Reply:
    """The tasks as a bare list, for each time that they were scheduled; every one is on this machine."""
    record, wanted = find_job(call), number(call, "schedule_count", 0, 0)
    counts = range(1, max(len(runs_of(record)), 1) + 1)
    tasks = record["job"]["status"]["tasks"]
    here = {"ip": "127.0.0.1", "host_ip": "127.0.0.1"}
    return Reply(
        200,
        [{"task": task, **here, "schedule_count": at} for at in counts for task in tasks if wanted in (0, at)],
    )


@route("POST", JOB + "/tasks/{task_id}/reports/{report_type}")
def notify_training_job_information(call: Call) -> Reply:
    """What the job's own process wants to be known; it becomes an event."""
    kind, now = call.json().get("type"), call.sandbox.clock.now()
    if call.path["report_type"] != "training-event" or not isinstance(kind, str) or not 0 < len(kind) <= 256:
        raise checks.invalid("a report of type training-event has a type of 1 to 256 characters.")
    with call.sandbox.store.transaction():
        task, record = find_task(call), find_job(call)
        if phase_of(record) in ENDED:
            raise WireError(409, "ModelArts.2878", "The status of the training job has changed.")
        tell(record, now, f"[{task}] {kind}", source="Task")
        call.sandbox.part(Training).save(record)
    return Reply(200)


ROUTES: Sequence[Route] = (
    list_training_job_stages,
    list_training_job_tasks,
    notify_training_job_information,
)
