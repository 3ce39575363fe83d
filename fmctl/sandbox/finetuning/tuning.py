"""The training itself: steps down the loss, one example a step, with checkpoints after epochs."""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import fmean

from fmctl.sandbox.finetuning.artifacts import save_model
from fmctl.sandbox.finetuning.assets import base_model
from fmctl.sandbox.finetuning.examples import BadData, Example, divide, read_examples
from fmctl.sandbox.finetuning.language import Language
from fmctl.sandbox.finetuning.lowrank import LowRank
from fmctl.sandbox.finetuning.records import FINAL, MIDDLE, Artifact, Progress
from fmctl.sandbox.finetuning.request import LORA, PRETRAIN, Settings, read_settings
from fmctl.sandbox.programs import Order

START, OUTPUT = "base_model", "output_model"
"""The names of a job's input that it starts from, if that is not the base model, and of its output."""
POINTS = 50  # of the curve of losses, at most, for each epoch
HIGHEST = 1e6  # nats: a guess by chance costs less than five
Say = Callable[[str], None]


def run_tuning(order: Order, folder: Path, say: Say) -> int:
    """All of one job; the exit code."""
    job = order.job
    settings = read_settings(job["train_type"], job["ftjob_config"])
    try:
        examples, model = _examples(order), _start(order, settings)
        say(f"{settings.train_type} of {job['spec']['asset_id']}: {len(examples)} examples, {settings.epochs} epochs")
        Tuning(model, settings, examples, Path(order.outputs[OUTPUT]), folder, say).run()
    except (BadData, Diverged, ValueError) as error:
        say(f"failed: {error}")
        return 1
    return 0


class Diverged(Exception):
    """The training leads away from what is to be learned."""


class Tuning:
    """One run: `output` gets the weights, `folder` the records."""

    def __init__(
        self, model: Language, settings: Settings, examples: Sequence[Example], output: Path, folder: Path, say: Say
    ) -> None:
        self._model = model
        self._settings = settings
        self._learned, self._tested = divide([_shaped(example, settings) for example in examples])
        self._output = output
        self._folder = folder
        self._say = say
        self._started = time.monotonic()
        self._progress = Progress(total=settings.epochs * len(self._learned))

    def run(self) -> None:
        """Every epoch, then the finished model."""
        loss = 0.0
        self._progress.write(self._folder)
        for epoch in range(1, self._settings.epochs + 1):
            learned = self._epoch(epoch)
            loss = self._test(learned)
            held_out = f" eval_loss={loss:.4g}" if self._tested else ""
            self._say(f"epoch {epoch}/{self._settings.epochs} loss={learned:.4g}{held_out}")
            if self._settings.saves(epoch):
                self._keep(MIDDLE, f"checkpoints/epoch-{epoch}", epoch, loss)
        self._keep(FINAL, "final", self._settings.epochs, loss)

    def _epoch(self, epoch: int) -> float:
        """Learn from all examples in an order of its own; the mean loss."""
        order, losses = list(self._learned), list[float]()
        Random(self._settings.seed * 1000 + epoch).shuffle(order)  # noqa: S311 (seeded: a training can be repeated)
        for group in _groups(order, POINTS):
            fresh = group[max(self._settings.skipped - self._progress.steps, 0) :]
            found = [self._model.learn(*example, self._settings.rate) for example in fresh]
            if not all(loss < HIGHEST for loss in found):  # a loss that is no number is not below it either
                raise Diverged(f"the loss grows beyond all bounds: LR {self._settings.rate:g} is too high")
            self._progress.steps += len(group)
            if found:
                self._progress.loss.append((self._progress.steps, round(fmean(found), 6)))
            self._note()
            losses += found
        return fmean(losses) if losses else 0.0

    def _test(self, learned: float) -> float:
        """The loss of what was held out; of what was learned when that is nothing."""
        if not self._tested:
            return learned
        loss = round(fmean(self._model.loss(*example) for example in self._tested), 6)
        self._progress.eval_loss.append((self._progress.steps, loss))
        self._note()
        return loss

    def _keep(self, kind: str, path: str, epoch: int, loss: float) -> None:
        save_model(self._model, self._output / path)
        made = Artifact(str(uuid.uuid4()), kind, path, epoch, self._progress.steps, round(loss, 6), self._seconds())
        self._progress.artifacts.append(made)
        self._note()
        self._say(f"{kind} artifact {made.id} in {path}")

    def _note(self) -> None:
        self._progress.seconds = self._seconds()
        self._progress.write(self._folder)

    def _seconds(self) -> float:
        return round(time.monotonic() - self._started, 3)


def _start(order: Order, settings: Settings) -> Language:
    """The model that is trained."""
    start = order.inputs.get(START)
    model = Language.load(Path(start)) if start else base_model()
    return LowRank(model, settings.rank, settings.seed) if settings.train_type == LORA else model


def _examples(order: Order) -> list[Example]:
    found: list[Example] = []
    for channel in order.job["algorithm"]["inputs"]:
        if channel["name"] != START:
            share = (channel["remote"].get("dataset") or {}).get("dataset_proportion") or 100
            found += read_examples(Path(order.inputs[channel["name"]]), share)
    if not found:
        raise BadData("the inputs hold no example: a line of text, or a .jsonl with an object a line")
    return found


def _shaped(example: Example, settings: Settings) -> Example:
    """A pretraining learns all of a text, also what is a prompt to others."""
    if settings.train_type == PRETRAIN:
        return Example(example.prompt[:1], example.prompt[1:] + example.answer)
    return example


def _groups(examples: Sequence[Example], count: int) -> Iterator[Sequence[Example]]:
    """The examples in so many groups, or in one each when there are fewer."""
    size = max(-(-len(examples) // count), 1)
    return (examples[at : at + size] for at in range(0, len(examples), size))
