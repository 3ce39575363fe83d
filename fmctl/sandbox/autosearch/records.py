"""What is kept of trials: one file in the search's folder, written by the search, read by whoever asks."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

TRIALS = "trials.json"
STOPS = "stops"


class TrialStatus(StrEnum):
    """As the API names them."""

    RUNNING = "RUNNING"
    TERMINATED = "TERMINATED"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True)
class Report:
    """What a trial had written when it wrote a reward: all attributes that were known, seconds after its start."""

    seconds: float
    values: Mapping[str, float]


@dataclass(slots=True)
class Trial:
    """One run of the job's code with values of its own; it grows while it runs."""

    index: int
    id: str
    config: Mapping[str, str]
    point: tuple[float, ...] = ()
    pid: int = 0
    status: TrialStatus = TrialStatus.RUNNING
    seconds: float = 0.0
    stopped: bool = False
    reports: list[Report] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return self.status is not TrialStatus.RUNNING

    @property
    def whole(self) -> bool:
        """Whether it came to its own end, so that its outputs are what its last report says."""
        return self.status is TrialStatus.TERMINATED and not self.stopped

    def last(self, reward: str) -> float | None:
        """The reward as it was written last: that of what the trial leaves."""
        return self.reports[-1].values[reward] if self.reports else None


def write_trials(folder: Path, trials: Iterable[Trial]) -> None:
    """Replace what was there at once."""
    draft = folder / f"{TRIALS}.new"
    draft.write_text(json.dumps([asdict(trial) for trial in trials]))
    os.replace(draft, folder / TRIALS)


def read_trials(folder: Path) -> list[Trial]:
    """All that have begun, in their order; none before the first."""
    path = folder / TRIALS
    if not path.exists():
        return []
    return [_trial(fields) for fields in json.loads(path.read_text())]


def ask_to_stop(folder: Path, trial_id: str) -> None:
    """Leave word that a trial is to be ended early."""
    (folder / STOPS).mkdir(parents=True, exist_ok=True)
    (folder / STOPS / trial_id).touch()


def asked_to_stop(folder: Path, trial_id: str) -> bool:
    """Whether somebody has."""
    return (folder / STOPS / trial_id).exists()


def _trial(fields: dict[str, object]) -> Trial:
    reports = [Report(**one) for one in fields["reports"]]  # type: ignore[attr-defined]
    return Trial(**fields | {"reports": reports, "status": TrialStatus(fields["status"])})  # type: ignore[arg-type]
