"""The trials of a job that searches hyper-parameters.

GET /v2/{project_id}/training-jobs/{id}/autosearch-trials[/{trial_id}] ·
POST …/{id}/autosearch-trial-earlystop/{trial_id}
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fmctl.sandbox.api.queries import number
from fmctl.sandbox.api.training_jobs import JOB, find_job
from fmctl.sandbox.autosearch.records import Trial, TrialStatus, ask_to_stop, read_trials
from fmctl.sandbox.autosearch.request import Search, read_search
from fmctl.sandbox.autosearch.table import trial_header, trial_rows, trials_header, trials_row
from fmctl.sandbox.programs import SEARCH, program_of
from fmctl.sandbox.store import Document
from fmctl.sandbox.training import checks
from fmctl.sandbox.training.jobs import ACTIVE, Training, phase_of
from fmctl.sandbox.training.messages import tell
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route, unsupported

MAX_LIMIT = 50


@route("GET", JOB + "/autosearch-trials")
def show_auto_search_trials(call: Call) -> Reply:
    """A page of the trials that have begun; `offset` counts pages. A config is an object, all else text."""
    limit, offset = number(call, "limit", MAX_LIMIT, 1, MAX_LIMIT), number(call, "offset", 0, 0)
    search, trials = find_search(call), find_trials(call)
    rows = [trials_row(search.rewards, trial) for trial in trials[offset * limit : (offset + 1) * limit]]
    about = {"total": len(trials), "count": len(rows), "limit": limit, "offset": offset, "group_by": ""}
    return Reply(200, about | {"items": {"header": trials_header(search.rewards), "data": rows}})


@route("GET", JOB + "/autosearch-trials/{trial_id}")
def show_auto_search_per_trial(call: Call) -> Reply:
    """A row for each time that the trial wrote its reward."""
    search = find_search(call)
    return Reply(200, {"header": trial_header(search.rewards), "data": trial_rows(search.rewards, _find_trial(call))})


@route("POST", JOB + "/autosearch-trial-earlystop/{trial_id}")
def show_auto_search_trial_early_stop(call: Call) -> Reply:
    """The trial is ended, the search goes on with the next one; what the trial has written until then counts."""
    find_search(call)
    trial, now = _find_trial(call), call.sandbox.clock.now()
    if trial.done:
        raise WireError(409, "ModelArts.2796", f"Trial {trial.id} has ended and is not allowed to be terminated.")
    with call.sandbox.store.transaction():
        record = find_job(call)
        tell(record, now, f"Trial {trial.id} is stopped early.", "Warning")
        call.sandbox.part(Training).save(record)
        ask_to_stop(_folder(call, record), trial.id)
    return Reply(200, {"earlystop_trial": trial.id})


ROUTES: Sequence[Route] = (
    show_auto_search_trials,
    show_auto_search_per_trial,
    show_auto_search_trial_early_stop,
)


def find_search(call: Call) -> Search:
    """What the job that the path names searches."""
    job = find_job(call)["job"]
    if program_of(job) != SEARCH:
        raise unsupported("this job searches no hyper-parameters: it has no algorithm.policies.auto_search.")
    return read_search(job["algorithm"]["policies"]["auto_search"], job["algorithm"]["parameters"])


def find_trials(call: Call) -> list[Trial]:
    """Its trials; none goes on in a job that has ended."""
    record = find_job(call)
    trials = read_trials(_folder(call, record))
    if phase_of(record) in ACTIVE:
        return trials
    return [trial if trial.done else replace(trial, status=TrialStatus.TERMINATED, stopped=True) for trial in trials]


def _find_trial(call: Call) -> Trial:
    wanted = call.path["trial_id"]
    found = next((trial for trial in find_trials(call) if trial.id == wanted), None)
    if found is None:
        raise checks.invalid(f"the job has no trial {wanted}.")
    return found


def _folder(call: Call, record: Document) -> Path:
    root = call.sandbox.part(Training).folder(record["job"]["metadata"]["id"])
    if root is None:
        raise unsupported("this job follows a script, so it has no trials.")
    return root / SEARCH
