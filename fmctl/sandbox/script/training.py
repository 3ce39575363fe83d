"""Training as the script wants it: a job that is lost for a while comes back by itself."""

from __future__ import annotations

from fmctl.sandbox.account import Account
from fmctl.sandbox.script.cases import Casting, JobCase
from fmctl.sandbox.script.jobs import CastRunner
from fmctl.sandbox.store import Document
from fmctl.sandbox.training import runs
from fmctl.sandbox.training.jobs import Training, id_of, phase_of
from fmctl.sandbox.training.messages import Message, tell

FOUND = Message("The platform has found the training job again.", "平台已重新找到训练作业。")


class CastTraining(Training):
    """Real training, but for jobs that the script loses for a while."""

    def __init__(self, account: Account, casting: Casting[JobCase]) -> None:
        self._played = CastRunner(casting, account.runner)
        super().__init__(account, self._played)
        self._account = account
        self._returning: dict[str, float] = {}

    def tick(self) -> None:
        super().tick()
        now = self._account.clock.now()
        for job_id, due in tuple(self._returning.items()):
            if now >= due:
                del self._returning[job_id]
                with self._account.store.transaction():
                    self._find_again(job_id, now)

    def _finish(self, record: Document, phase: str, now: float) -> None:
        super()._finish(record, phase, now)
        if phase == "Abnormal" and (away := self._played.away_for(id_of(record))):
            self._returning[id_of(record)] = now + away

    def _find_again(self, job_id: str, now: float) -> None:
        """It runs as before, unless somebody has deleted it meanwhile."""
        record = self.get(job_id)
        if record is None or record["delete_at"] or phase_of(record) != "Abnormal":
            return
        runs.schedule(record, now)
        runs.begin(record, now)
        tell(record, now, FOUND)
        self._enter(record, "Running", now)
        self._played.go_on(job_id, record["job"], now)
