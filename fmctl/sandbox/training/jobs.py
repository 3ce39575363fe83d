"""The life of training jobs: created, queued, running, ended, stopped, deleted, as time passes.

Creating → Pending → Running → Completed | Failed | Abnormal
Running → Pending, when it failed and is to be started again
Creating | Pending | Running → Terminating → Terminated
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from fmctl.sandbox.account import Account
from fmctl.sandbox.runner import Ended, Runner
from fmctl.sandbox.store import Document
from fmctl.sandbox.training import messages, runs
from fmctl.sandbox.training.messages import Message, tell

COLLECTION = "training_jobs"
STOPPABLE = ("Creating", "Pending", "Running")
ACTIVE = (*STOPPABLE, "Terminating")
ENDED = ("Completed", "Failed", "Abnormal", "Terminated")
SECONDARY = {"Pending": "Queuing", "Abnormal": "Lost"}
STEP_SECONDS = 0.3
"""How long Creating, Pending and Terminating last at least, so that a watcher can see them."""
LINGER_SECONDS = 2.0
"""How long a deleted job can still be read, and its name is still taken."""
HOUR = 3600.0
OUTCOMES = {None: "Abnormal", 0: "Completed"}
REASONS = {"Completed": "job completed", "Terminated": "job terminated", "Abnormal": "job lost"}
GOING = "!"  # behind the phase in the store's state column: deleted, soon to vanish


class _Move(NamedTuple):
    """The phase of a job, when time alone changes it next, and whether its runner may tell that its code has begun."""

    phase: str
    due: float
    preparing: bool = False


class Training:
    """All jobs of the project. A record is the job as the API shows it, and what only the sandbox needs to know."""

    def __init__(self, sandbox: Account, runner: Runner | None = None) -> None:
        self._sandbox = sandbox
        self._store = sandbox.store
        self._runner = runner or sandbox.runner
        # What may change by itself: read at every tick, so kept beside the store.
        self._moving: dict[str, _Move] = {}
        self._ended: dict[str, Ended] = {}

    # What requests do

    def create(self, job: Document, now: float) -> Document:
        """Take in a job, in phase Creating."""
        record = {"job": job, "events": [], "since": now, "started_at": None, "delete_at": None}
        record |= asdict(self._runner.outlook(job["metadata"]["id"], job))
        record["user_id"] = self._sandbox.credentials.user_id
        runs.schedule(record, now)
        tell(record, now, messages.CREATED)
        self.save(record)
        return record

    def get(self, job_id: str) -> Document | None:
        return self._store.get(COLLECTION, job_id)

    def find(self, phases: tuple[str, ...] | None = None, **conditions: Any) -> list[Document]:
        """Records, in the order of their creation; conditions as in `Store.find`."""
        states = None if phases is None else [*phases, *(phase + GOING for phase in phases)]
        return self._store.find(COLLECTION, project=self._project, states=states, **conditions)

    def count(self) -> int:
        return self._store.count(COLLECTION, project=self._project)

    def by_experiment(self) -> Mapping[str, int]:
        """How many jobs each experiment has, by its id; 0 for one that has none."""
        references = (record["job"]["metadata"].get("training_experiment_reference") for record in self.find())
        return Counter(reference["id"] for reference in references if reference)

    def name_taken(self, name: str) -> bool:
        return self._store.count(COLLECTION, project=self._project, name=name) > 0

    def terminate(self, record: Document, now: float, why: Message = messages.STOPPED) -> None:
        """Begin to stop a job that is creating, waiting or running."""
        was_running = phase_of(record) == "Running"
        tell(record, now, why, "Warning")
        self._enter(record, "Terminating", now)
        if was_running:
            self._runner.stop(id_of(record), now)

    def delete(self, record: Document, now: float) -> None:
        """Accept a deletion: an active job is stopped, and for a moment the job can still be read."""
        if phase_of(record) in STOPPABLE:
            self.terminate(record, now)
        record["delete_at"] = record["delete_at"] or now + LINGER_SECONDS
        self.save(record)

    def save(self, record: Document) -> None:
        """Keep what was changed in a record."""
        metadata = record["job"]["metadata"]
        state = phase_of(record) + (GOING if record["delete_at"] else "")
        self._store.put(COLLECTION, metadata["id"], record, project=self._project, name=metadata["name"], state=state)
        if phase_of(record) in ACTIVE or record["delete_at"]:
            self._moving[metadata["id"]] = _next_move(record)
        else:
            self._moving.pop(metadata["id"], None)

    def log(self, job_id: str, task: str) -> bytes | None:
        """What a task has written so far."""
        return self._runner.log(job_id, task)

    def metrics(self, job_id: str, task: str) -> Mapping[str, list[float]] | None:
        """What a task has used of its machine, minute by minute."""
        return self._runner.metrics(job_id, task)

    def folder(self, job_id: str) -> Path | None:
        """Where the programs of the platform that run as this job leave what they know; see `programs.py`."""
        return self._runner.folder(job_id)

    # What time does

    def recover(self) -> None:
        """Jobs that ran when the last process ended are lost; those that waited go on waiting."""
        now = self._sandbox.clock.now()
        for record in self.find(("Running", "Terminating")):
            self._runner.recover(id_of(record))
            if runs.is_at_work(record):
                tell(record, now, messages.SERVER_LOST, "Error")
            self._end(record, "Abnormal" if phase_of(record) == "Running" else "Terminated", Ended(None), now)
        for record in self._store.find(COLLECTION, states=[*ACTIVE, *(phase + GOING for phase in (*ACTIVE, *ENDED))]):
            self._moving[id_of(record)] = _next_move(record)

    def tick(self) -> None:
        now = self._sandbox.clock.now()
        ripe = [job_id for job_id, move in tuple(self._moving.items()) if self._is_ripe(job_id, move, now)]
        if ripe or self._startable(now):
            with self._store.transaction():
                for job_id in ripe:
                    self._advance(job_id, now)
                self._start_queued(now)

    def close(self) -> None:
        self._runner.close()

    def _is_ripe(self, job_id: str, move: "_Move", now: float) -> bool:
        """Whether there is something to do for a job, found out without reading its record."""
        if move.phase == "Running" and job_id not in self._ended and (ended := self._runner.poll(job_id, now)):
            self._ended[job_id] = ended
        begun = move.preparing and self._runner.has_begun(job_id)
        return move.phase != "Pending" and (now >= move.due or begun or job_id in self._ended)

    def _advance(self, job_id: str, now: float) -> None:
        record = self.get(job_id)
        if record is None:
            del self._moving[job_id]
            return
        phase, ended = phase_of(record), self._ended.get(job_id)
        if runs.is_preparing(record) and self._runner.has_begun(job_id):
            self._begin(record, now)
        if phase == "Creating" and record.get("create_error"):
            self._give_up(record, now)
        elif phase == "Creating":
            tell(record, now, messages.QUEUED)
            self._enter(record, "Pending", now)
        elif phase == "Running" and ended and ended.exit_code and runs.retries_of(record):
            self._fail(record, ended, now)
        elif phase == "Running" and ended:
            self._end(record, OUTCOMES.get(ended.exit_code, "Failed"), ended, now)
        elif phase == "Running" and now >= self._moving[job_id].due:
            hours = record["job"]["spec"]["auto_stop"]["duration"]
            self.terminate(record, now, messages.TIMED_OUT.of(hours=hours))
        elif phase == "Terminating":
            self._stopped(record, now)
        elif phase in ENDED:
            self._runner.forget(job_id)
            self._store.delete(COLLECTION, job_id)
            del self._moving[job_id]

    def _give_up(self, record: Document, now: float) -> None:
        """It cannot even be created."""
        tell(record, now, messages.NOT_CREATED.of(why=record["create_error"]), "Error")
        runs.end(record, now, record["create_error"])
        self._enter(record, "Abnormal", now, "CreateFailed")

    def _stopped(self, record: Document, now: float) -> None:
        """A job that was asked to stop has stopped when its process has."""
        job_id = id_of(record)
        ended = self._ended.get(job_id) or self._runner.poll(job_id, now) if runs.is_at_work(record) else Ended(None)
        if ended:
            self._end(record, "Terminated", ended, now)

    def _startable(self, now: float) -> list[str]:
        """Waiting jobs that have waited their moment, when there is room for another one."""
        moves = tuple(self._moving.items())
        if self._room() <= 0:
            return []
        return [job_id for job_id, move in moves if move.phase == "Pending" and now >= move.due]

    def _room(self) -> int:
        busy = sum(move.phase in ("Running", "Terminating") for move in tuple(self._moving.values()))
        return self._sandbox.jobs_at_once - busy

    def _start_queued(self, now: float) -> None:
        """Start jobs while there is room: higher priorities first, then in the order of their creation."""
        queue = [record for job_id in self._startable(now) if (record := self.get(job_id))]
        for record in sorted(queue, key=_priority, reverse=True)[: max(self._room(), 0)]:
            if not record["started_at"]:
                record["started_at"] = now
                record["job"]["status"]["start_time"] = round(now * 1000)
            runs.begin(record, now)
            tell(record, now, messages.RUNNING)
            self._enter(record, "Running", now)
            self._runner.start(id_of(record), record["job"], now)
            if self._runner.has_begun(id_of(record)):
                self._begin(record, now)

    def _begin(self, record: Document, now: float) -> None:
        """The job's own code runs from now on."""
        runs.prepare(record, now)
        for task in record["job"]["status"]["tasks"]:
            tell(record, now, messages.STARTED.of(task=task), source="Task")
        self.save(record)

    def _fail(self, record: Document, ended: Ended, now: float) -> None:
        """The job failed and wants to be started again: it is, unless that was done as often as it wants."""
        self._close(record, "Failed", ended, now)
        runs.note_recovery(record, now, ended.message, task=ended.task)
        if not runs.retries_left(record):
            self._finish(record, "Failed", now)
            return
        time, times = len(runs.runs_of(record)), runs.retries_of(record)
        runs.schedule(record, now)
        tell(record, now, messages.RESTARTED.of(time=time, times=times), "Warning")
        self._enter(record, "Pending", now)

    def _end(self, record: Document, phase: str, ended: Ended, now: float) -> None:
        self._close(record, phase, ended, now)
        self._finish(record, phase, now)

    def _finish(self, record: Document, phase: str, now: float) -> None:
        tell(record, now, messages.ENDS[phase], "Error" if phase in ("Failed", "Abnormal") else "Info")
        self._enter(record, phase, now)

    def _close(self, record: Document, phase: str, ended: Ended, now: float) -> None:
        """Keep how a run of the job ended."""
        status, started = record["job"]["status"], record["started_at"]
        for text in ended.events:
            tell(record, now, text, "Error" if phase == "Failed" else "Info", "Task")
        if ended.exit_code is not None:
            codes = {task: ended.codes.get(task, ended.exit_code) for task in status["tasks"]}
            for task, code in codes.items():
                tell(record, now, messages.FINISHED.of(task=task, code=code), source="Task")
            status["task_statuses"] = [_state(task, code, ended) for task, code in codes.items()]
        if started:
            status["duration"] = round((now - started) * 1000)
        failed = phase == "Failed"
        runs.end(record, now, ended.message if failed else REASONS[phase], task=ended.task if failed else "")
        self._ended.pop(id_of(record), None)

    def _enter(self, record: Document, phase: str, now: float, secondary: str = "") -> None:
        record["since"] = now
        record["job"]["status"] |= {"phase": phase, "secondary_phase": secondary or SECONDARY.get(phase, phase)}
        self.save(record)

    @property
    def _project(self) -> str:
        return self._sandbox.credentials.project_id


def phase_of(record: Document) -> str:
    """The phase that the API shows."""
    return str(record["job"]["status"]["phase"])


def id_of(record: Document) -> str:
    """The id of a record's job."""
    return str(record["job"]["metadata"]["id"])


def shown(record: Document, now: float) -> Document:
    """The job of a record, its durations counted up to now: of its runs, and of keeping it when that was asked for."""
    job: Document = record["job"]
    if record["started_at"] and phase_of(record) in ACTIVE:
        job["status"]["duration"] = round((now - record["started_at"]) * 1000)
    if job["spec"].get("reserved_time"):
        kept = now - record["since"] if phase_of(record) in ENDED else 0
        job["status"]["retention_time"] = round(kept * 1000)
    return job


def _state(task: str, code: int, ended: Ended) -> Document:
    message = ended.message if task == ended.task else f"exit code {code}" if code else ""
    return {"task": task, "exit_code": code, "message": message}


def _next_move(record: Document) -> _Move:
    phase = phase_of(record)
    hours = (record["job"]["spec"].get("auto_stop") or {}).get("duration")
    if phase == "Running":
        due = record["started_at"] + hours * HOUR if hours else math.inf
        return _Move(phase, due, runs.is_preparing(record))
    if phase in ENDED:
        return _Move(phase, record["delete_at"])
    lasts = max(record.get("pending", 0.0), STEP_SECONDS) if phase == "Pending" else STEP_SECONDS
    return _Move(phase, record["since"] + lasts)


def _priority(record: Document) -> int:
    return int(record["job"]["spec"]["schedule_policy"]["priority"])
