"""The life of training jobs: created, queued, running, ended, stopped, deleted, as time passes.

Creating → Pending → Running → Completed | Failed | Abnormal
Creating | Pending | Running → Terminating → Terminated
"""

from typing import TYPE_CHECKING, Any

from fmctl.sandbox.runner import ONLY_TASK, Ended
from fmctl.sandbox.store import Document

if TYPE_CHECKING:
    from fmctl.sandbox.sandbox import Sandbox

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
GOING = "!"  # behind the phase in the store's state column: deleted, soon to vanish


class Training:
    """All jobs of the project. A record is the job as the API shows it, and what only the sandbox needs to know."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox
        self._store = sandbox.store
        self._runner = sandbox.runner

    # What requests do

    def create(self, job: Document, now: float) -> Document:
        """Take in a job, in phase Creating."""
        record = {"job": job, "events": [], "since": now, "started_at": None, "delete_at": None}
        tell(record, now, "Training job is created.")
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

    def name_taken(self, name: str) -> bool:
        return self._store.count(COLLECTION, project=self._project, name=name) > 0

    def terminate(self, record: Document, now: float, why: str = "The user stopped the training job.") -> None:
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

    def log(self, job_id: str, task: str) -> bytes | None:
        """What a task has written so far; one process runs, as the first task, whatever the number of nodes."""
        return self._runner.log(job_id) if task == ONLY_TASK else None

    # What time does

    def recover(self) -> None:
        """Jobs that ran when the last process ended are lost; those that waited go on waiting."""
        now = self._sandbox.clock.now()
        for record in self.find(("Running", "Terminating")):
            self._runner.recover(id_of(record))
            tell(record, now, "The sandbox was restarted while the training job ran.", "Error")
            self._end(record, "Abnormal" if phase_of(record) == "Running" else "Terminated", Ended(None), now)

    def tick(self) -> None:
        now, moving = self._sandbox.clock.now(), [*ACTIVE, *(phase + GOING for phase in (*ACTIVE, *ENDED))]
        if not self._store.count(COLLECTION, states=moving):
            return
        with self._store.transaction():
            for record in self._store.find(COLLECTION, states=moving):
                self._advance(record, now)
            self._start_queued(now)

    def close(self) -> None:
        self._runner.close()

    def _advance(self, record: Document, now: float) -> None:
        phase, ripe = phase_of(record), now >= record["since"] + STEP_SECONDS
        if phase == "Creating" and ripe:
            tell(record, now, "Training job is queued.")
            self._enter(record, "Pending", now)
        elif phase == "Running":
            self._watch(record, now)
        elif phase == "Terminating" and ripe:
            ended = self._runner.poll(id_of(record), now) if record["started_at"] else Ended(None)
            if ended:
                self._end(record, "Terminated", ended, now)
        elif phase in ENDED and now >= record["delete_at"]:
            self._runner.forget(id_of(record))
            self._store.delete(COLLECTION, id_of(record))

    def _start_queued(self, now: float) -> None:
        """Start what has waited its moment while there is room, higher priorities first."""
        free = self._sandbox.jobs_at_once - self._store.count(COLLECTION, states=("Running", "Terminating"))
        queue = [record for record in self.find(("Pending",)) if now >= record["since"] + STEP_SECONDS]
        for record in sorted(queue, key=_priority, reverse=True)[: max(free, 0)]:
            record["started_at"] = now
            record["job"]["status"]["start_time"] = round(now * 1000)
            tell(record, now, "Training job is running.")
            self._enter(record, "Running", now)
            self._runner.start(id_of(record), record["job"], now)

    def _watch(self, record: Document, now: float) -> None:
        """See whether a running job has ended, or has run for as long as it may."""
        ended = self._runner.poll(id_of(record), now)
        hours = (record["job"]["spec"].get("auto_stop") or {}).get("duration")
        if ended:
            by_code = {None: "Abnormal", 0: "Completed"}
            self._end(record, by_code.get(ended.exit_code, "Failed"), ended, now)
        elif hours and now >= record["started_at"] + hours * HOUR:
            self.terminate(record, now, f"Training job has been stopped (maximum running duration {hours} hours).")

    def _end(self, record: Document, phase: str, ended: Ended, now: float) -> None:
        status, started = record["job"]["status"], record["started_at"]
        for message in ended.events:
            tell(record, now, message, "Error" if phase == "Failed" else "Info", "Task")
        if ended.exit_code is not None:
            tell(record, now, f"[{ONLY_TASK}] Training finished. Exit code {ended.exit_code}.", source="Task")
            state = {"task": ONLY_TASK, "exit_code": ended.exit_code, "message": ended.message}
            status["task_statuses"] = [state]
        if started:
            status["duration"] = round((now - started) * 1000)
            status["running_records"] = [_run(started, now, ended.message)]
        tell(record, now, f"Training job {phase.lower()}.", "Error" if phase in ("Failed", "Abnormal") else "Info")
        self._enter(record, phase, now)

    def _enter(self, record: Document, phase: str, now: float) -> None:
        record["since"] = now
        record["job"]["status"] |= {"phase": phase, "secondary_phase": SECONDARY.get(phase, phase)}
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
    """The job of a record, its duration counted up to now while it runs."""
    job: Document = record["job"]
    if record["started_at"] and phase_of(record) in ACTIVE:
        job["status"]["duration"] = round((now - record["started_at"]) * 1000)
    return job


def tell(record: Document, now: float, message: str, level: str = "Info", source: str = "Job") -> None:
    """Add an event to a record."""
    record["events"].append({"time": now, "level": level, "source": source, "message": message})


def _priority(record: Document) -> int:
    return int(record["job"]["spec"]["schedule_policy"]["priority"])


def _run(started: float, ended: float, reason: str) -> Document:
    """One entry of running_records, whose times are in seconds."""
    return {
        "start_at": round(started),
        "end_at": round(ended),
        "start_type": "init_or_rescheduled",
        "end_reason": reason,
        "end_related_task": ONLY_TASK,
    }
