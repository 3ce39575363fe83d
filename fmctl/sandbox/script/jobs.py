"""The runner that plays what the script names and really runs everything else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fmctl.sandbox.runner import Ended, Outlook, Runner, ScriptedRunner
from fmctl.sandbox.script.cases import Casting, JobCase


class CastRunner:
    """A scripted runner and a real one; the script says which of them has a job."""

    def __init__(self, casting: Casting[JobCase], real: Runner) -> None:
        self._casting = casting
        self._real = real
        self._played = ScriptedRunner()
        self._away: dict[str, float] = {}

    def outlook(self, job_id: str, job: Mapping[str, Any]) -> Outlook:
        case = self._case(job_id, job)
        return Outlook(case.pending, case.create_error) if case else self._real.outlook(job_id, job)

    def start(self, job_id: str, job: Mapping[str, Any], now: float) -> None:
        case = self._case(job_id, job)
        if case is None:
            self._real.start(job_id, job, now)
        elif case.lost_at < case.duration:
            self._away[job_id] = case.lost_for
            self._played.play(job_id, _name(job), now + case.lost_at, None, case.log)
        else:
            self._played.play(job_id, _name(job), now + case.duration, case.exit_code, case.log)

    def away_for(self, job_id: str) -> float:
        """How long a job is lost that has just been; 0 is for good."""
        return self._away.pop(job_id, 0.0)

    def go_on(self, job_id: str, job: Mapping[str, Any], now: float) -> None:
        """Play the rest of a job that was lost for a while."""
        if case := self._case(job_id, job):
            self._played.play(job_id, _name(job), now + case.duration - case.lost_at, case.exit_code, case.log)

    def has_begun(self, job_id: str) -> bool:
        return self._of(job_id).has_begun(job_id)

    def poll(self, job_id: str, now: float) -> Ended | None:
        return self._of(job_id).poll(job_id, now)

    def stop(self, job_id: str, now: float) -> None:
        self._of(job_id).stop(job_id, now)

    def log(self, job_id: str, task: str) -> bytes | None:
        return self._of(job_id).log(job_id, task)

    def metrics(self, job_id: str, task: str) -> Mapping[str, list[float]] | None:
        return self._of(job_id).metrics(job_id, task)

    def folder(self, job_id: str) -> Path | None:
        return self._of(job_id).folder(job_id)

    def forget(self, job_id: str) -> None:
        self._played.forget(job_id)
        self._real.forget(job_id)

    def recover(self, job_id: str) -> None:
        self._real.recover(job_id)

    def close(self) -> None:
        self._played.close()
        self._real.close()

    def _case(self, job_id: str, job: Mapping[str, Any]) -> JobCase | None:
        return self._casting.case(job_id, _name(job))

    def _of(self, job_id: str) -> Runner:
        return self._played if self._casting.taken(job_id) else self._real


def _name(job: Mapping[str, Any]) -> str:
    return str(job["metadata"]["name"])
