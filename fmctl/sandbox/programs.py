"""Programs of the platform that run in the place of a job's own code, as a job: hyper-parameter search, fine-tuning.

Each is a package with a `__main__`, started as `python -m fmctl.sandbox.<program> <folder>`. In the folder it finds its
order, and there it leaves what the API shows of it.
"""

import json
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

SEARCH, FINE_TUNING = "autosearch", "finetuning"
ORDER = "order.json"
SHELL = "/bin/sh"
Argument = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Order:
    """What a job runs and on what. Inputs and outputs are local paths by name; an argument without a value is a switch.

    `start` is the command without its arguments; a shell's last word is the text that they are added to.
    """

    job: Mapping[str, Any]
    start: Sequence[str]
    arguments: Sequence[Argument]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]

    def command(self) -> list[str]:
        """All of it, as it is executed."""
        words = [f"--{name}" if value is None else f"--{name}={value}" for name, value in self.arguments]
        if self.start[0] == SHELL:
            return [*self.start[:-1], " ".join([self.start[-1], *map(shlex.quote, words)])]
        return [*self.start, *words]

    def with_arguments(self, arguments: Iterable[Argument]) -> "Order":
        """The same order with other arguments."""
        return replace(self, arguments=tuple(arguments))

    def write(self, folder: Path) -> None:
        """Leave it where a program looks for it."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ORDER).write_text(json.dumps(asdict(self)))


def read_order(folder: Path) -> Order:
    """The order of the program in this folder."""
    fields = json.loads((folder / ORDER).read_text())
    arguments = [(name, value) for name, value in fields["arguments"]]
    return Order(**fields | {"arguments": arguments})


def program_of(job: Mapping[str, Any]) -> str:
    """The program that this job needs; empty for a job that runs its own code."""
    if (job["algorithm"].get("policies") or {}).get("auto_search"):
        return SEARCH
    return FINE_TUNING if job["spec"].get("asset_id") else ""


def command_of(program: str, folder: Path) -> list[str]:
    """How a program is started. -P: a file of the job's code must not stand in for a module of the program."""
    return [sys.executable, "-P", "-m", f"fmctl.sandbox.{program}", str(folder)]
