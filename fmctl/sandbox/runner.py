"""What runs a job: the contract, and the runner that follows a script instead of starting anything."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Protocol

FIRST_TASK = "worker-0"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a job ended: as the task that failed first, or as its first one. Without an exit code the platform lost it.

    `codes` are those of all tasks, where they are known one by one.
    """

    exit_code: int | None
    message: str = ""
    events: tuple[str, ...] = ()
    task: str = FIRST_TASK
    codes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known of a job before it runs."""

    pending: float = 0.0
    """Seconds that it waits at least, however much room there is."""
    create_error: str = ""
    """Why the platform cannot even create it."""


class Runner(Protocol):
    """Runs jobs in the background; `job` is a job as the API shows it. No method waits."""

    def outlook(self, job_id: str, job: Mapping[str, Any]) -> Outlook:
        """What awaits a new job, asked once."""

    def start(self, job_id: str, job: Mapping[str, Any], now: float) -> None:
        """Begin to run."""

    def has_begun(self, job_id: str) -> bool:
        """Whether it had all that it needs, and runs what it was made for."""

    def poll(self, job_id: str, now: float) -> Ended | None:
        """How it ended; None while it runs."""

    def stop(self, job_id: str, now: float) -> None:
        """Ask it to end, soon and by force if need be; `poll` tells when it has."""

    def log(self, job_id: str, task: str) -> bytes | None:
        """All that a task has written so far; None when it has not begun."""

    def metrics(self, job_id: str, task: str) -> Mapping[str, list[float]] | None:
        """Samples of a task by the name of the metric; None when there are none yet."""

    def folder(self, job_id: str) -> Path | None:
        """Where a job runs, and what it leaves is kept; None for one that is not really run."""

    def forget(self, job_id: str) -> None:
        """The job is deleted: stop it, and remove what is left of it."""

    def recover(self, job_id: str) -> None:
        """The job ran when the last process of the sandbox ended: make sure that nothing of it still runs."""

    def close(self) -> None:
        """Stop everything and wait until it has ended."""


@dataclass
class _Scripted:
    name: str
    ends_at: float
    exit_code: int | None
    log: str


@dataclass
class ScriptedRunner:
    """Runs nothing: a job ends after its `durations` seconds of the clock, as its `outcomes` say.

    Both are looked up by the first pattern (as in file names) that fits the job's name; without one a job takes
    1 second and exits with 0. The outcome None loses the job (Abnormal). `started` remembers all names in order.

        ScriptedRunner(durations={"digits-*": 60}, outcomes={"*-bad-*": 1, "*-lost-*": None})
    """

    durations: Mapping[str, float] = field(default_factory=dict)
    outcomes: Mapping[str, int | None] = field(default_factory=dict)
    started: list[str] = field(default_factory=list)
    _jobs: dict[str, _Scripted] = field(default_factory=dict)

    def outlook(self, job_id: str, job: Mapping[str, Any]) -> Outlook:
        return Outlook()

    def start(self, job_id: str, job: Mapping[str, Any], now: float) -> None:
        name = str(job["metadata"]["name"])
        self.play(job_id, name, now + _lookup(self.durations, name, 1.0), _lookup(self.outcomes, name, 0))

    def play(self, job_id: str, name: str, ends_at: float, exit_code: int | None, log: str = "") -> None:
        """Begin one job whose course is known."""
        self.started.append(name)
        self._jobs[job_id] = _Scripted(name, ends_at, exit_code, log or f"{name} started\n")

    def has_begun(self, job_id: str) -> bool:
        return job_id in self._jobs

    def poll(self, job_id: str, now: float) -> Ended | None:
        job = self._jobs.get(job_id)
        if job is None:
            return Ended(None, "unknown to the runner")
        if now < job.ends_at:
            return None
        return Ended(job.exit_code, "" if job.exit_code in (0, None) else f"exit code {job.exit_code}")

    def stop(self, job_id: str, now: float) -> None:
        if job_id in self._jobs:
            self._jobs[job_id].ends_at = now

    def log(self, job_id: str, task: str) -> bytes | None:
        job = self._jobs.get(job_id)
        return job.log.encode() if job else None

    def metrics(self, job_id: str, task: str) -> None:
        """What is not run uses nothing."""

    def folder(self, job_id: str) -> None:
        """What is not run leaves nothing."""

    def forget(self, job_id: str) -> None:
        self._jobs.pop(job_id, None)

    def recover(self, job_id: str) -> None:
        """Nothing can be left of a job that never ran."""

    def close(self) -> None:
        self._jobs.clear()


def _lookup(table: Mapping[str, Any], name: str, default: Any) -> Any:
    return next((value for pattern, value in table.items() if fnmatchcase(name, pattern)), default)
