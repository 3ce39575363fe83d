"""What a fine-tuning job may ask for: its kinds of training, and the variables of its template with their limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SFT, PRETRAIN, LORA = "SFT", "PRETRAIN", "LORA"
TRAIN_TYPES = (SFT, PRETRAIN, LORA)
OTHER_TRAIN_TYPES = ("DPO", "RFT")
CHECKPOINTS = 5
Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Variable:
    """One hyper-parameter of the template."""

    name: str
    type: str
    default: str
    low: float
    high: float
    description: str

    def wire(self, value: str) -> dict[str, Any]:
        """As the job shows it."""
        return {
            "label": self.name,
            "des": self.description,
            "env_name": self.name,
            "env_type": self.type,
            "value": value,
            "modifiable": True,
            "displayable": True,
            "used_steps": ["train"],
        }

    def read(self, text: str) -> float:
        """ValueError when it is no number, or out of its limits."""
        try:
            value = float(int(text) if self.type == "int" else float(text))
        except ValueError:
            value = self.low - 1
        if not self.low <= value <= self.high:
            raise ValueError(f"{self.name} must be of type {self.type}, from {self.low:g} to {self.high:g}.")
        return value


TEMPLATE = (
    Variable("EPOCHS", "int", "3", 1, 100, "how often all examples are learned from"),
    Variable("LR", "float", "0.1", 1e-6, 1, "learning rate"),
    Variable("SEED", "int", "1", 0, 2**31, "of the order of examples"),
    Variable("RANK", "int", "4", 1, 64, "rank of the matrices of LORA; nothing to other types"),
)
BY_NAME: Mapping[str, Variable] = {variable.name: variable for variable in TEMPLATE}


@dataclass(frozen=True, slots=True)
class Settings:
    """How to train. `checkpoints` are kept at most, -1 for one after each epoch; `skipped` steps are not done again."""

    train_type: str
    epochs: int
    rate: float
    seed: int
    rank: int
    checkpoints: int
    skipped: int

    def saves(self, epoch: int) -> bool:
        """Whether a checkpoint is kept after this epoch, counted from 1: as many as may be, evenly spread."""
        if self.checkpoints < 0:
            return True
        wanted = min(self.checkpoints, self.epochs)
        return epoch * wanted // self.epochs > (epoch - 1) * wanted // self.epochs


def read_settings(train_type: str, config: Fields) -> Settings:
    """What `train_type` and `ftjob_config` of a job say; ValueError for what cannot be done."""
    values = {variable.name: variable.read(value) for variable, value in variables(config)}
    checkpoint = config.get("checkpoint_config") or {}
    kept, skipped = checkpoint.get("save_checkpoints_max"), checkpoint.get("skipped_steps") or 0
    kept = CHECKPOINTS if kept is None else kept
    if kept < -1 or skipped < 0:
        raise ValueError("save_checkpoints_max must be at least -1, and skipped_steps at least 0.")
    epochs, seed, rank = (int(values[name]) for name in ("EPOCHS", "SEED", "RANK"))
    return Settings(train_type, epochs, values["LR"], seed, rank, kept, skipped)


def variables(config: Fields) -> Sequence[tuple[Variable, str]]:
    """The template's variables with the values of a job; ValueError for a variable that the template has not."""
    sent = (config.get("task_env") or {}).get("envs") or []
    given = {str(item.get("env_name")): str(item.get("value")) for item in sent}
    if unknown := sorted(given.keys() - BY_NAME.keys()):
        raise ValueError(f"task_env: the template has no {unknown[0]}, but {', '.join(BY_NAME)}.")
    return [(variable, given.get(variable.name, variable.default)) for variable in TEMPLATE]
