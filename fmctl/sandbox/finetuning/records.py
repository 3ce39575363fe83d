"""What is kept of a fine-tuning: one file in its folder, written by the job, read by whoever asks."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

PROGRESS = "progress.json"
FINAL, MIDDLE = "final", "middle"


@dataclass(frozen=True, slots=True)
class Artifact:
    """Weights that the job has left; `path` is below its output, `seconds` are those since its start."""

    id: str
    type: str
    path: str
    epoch: int
    steps: int
    loss: float
    seconds: float


@dataclass(slots=True)
class Progress:
    """How far it is. Curves are pairs of a step and a loss, of what is learned and of what is held out."""

    total: int = 0
    steps: int = 0
    seconds: float = 0.0
    loss: list[tuple[int, float]] = field(default_factory=list)
    eval_loss: list[tuple[int, float]] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)

    @property
    def percent(self) -> float:
        return round(100 * self.steps / self.total, 2) if self.total else 0.0

    @property
    def remaining(self) -> float:
        """How many seconds it may take, as fast as until now."""
        return self.seconds / self.steps * (self.total - self.steps) if self.steps else 0.0

    def best(self) -> str:
        """The id of the artifact with the lowest loss, a finished model before a checkpoint that is the same."""
        order = sorted(self.artifacts, key=lambda one: (one.loss, one.type != FINAL))
        return order[0].id if order else ""

    def write(self, folder: Path) -> None:
        """Replace what was there at once."""
        draft = folder / f"{PROGRESS}.new"
        draft.write_text(json.dumps(asdict(self)))
        os.replace(draft, folder / PROGRESS)


def read_progress(folder: Path) -> Progress:
    """How far the fine-tuning in this folder is; not at all before it has begun."""
    path = folder / PROGRESS
    if not path.exists():
        return Progress()
    fields: Mapping[str, Any] = json.loads(path.read_text())
    made = Progress(**fields)
    return replace(
        made,
        loss=[(step, value) for step, value in made.loss],
        eval_loss=[(step, value) for step, value in made.eval_loss],
        artifacts=[Artifact(**one) for one in fields["artifacts"]],
    )
