"""One search: which trial is next, and which was the best."""

import shutil
import signal
import sys
import threading
import uuid
from collections.abc import Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from random import Random

from fmctl.sandbox.autosearch.catalog import SearchAlgorithm
from fmctl.sandbox.autosearch.proposing import Question, Result, Settings
from fmctl.sandbox.autosearch.records import Trial, TrialStatus, write_trials
from fmctl.sandbox.autosearch.request import Search, read_search
from fmctl.sandbox.autosearch.space import Point, config
from fmctl.sandbox.autosearch.trial import TrialRun, outputs_of
from fmctl.sandbox.programs import Order

STOPPED = 128 + signal.SIGTERM
TRIES = 1000  # proposals to be skipped, one after the other, after which nothing is thought to be left


def run_search(order: Order, folder: Path, ending: threading.Event) -> int:
    """Run all trials until the end; the exit code is 0 when one of them has come to its own with a reward."""
    algorithm = order.job["algorithm"]
    search = read_search(algorithm["policies"]["auto_search"], algorithm["parameters"])
    trials: list[Trial] = []
    for point in _points(search, trials):
        trial = Trial(len(trials), uuid.uuid4().hex[:8], config(search.parameters, point), point)
        trials.append(trial)
        _say(f"trial {trial.id}: " + " ".join(f"{name}={value}" for name, value in trial.config.items()))
        TrialRun(trial, order, search.rewards, folder, _pass_on).run(lambda: write_trials(folder, trials))
        if ending.is_set():
            trial.status, trial.stopped = TrialStatus.TERMINATED, True
            write_trials(folder, trials)
            return STOPPED
        _say(f"trial {trial.id}: {trial.status}, {_told(search, trial)}")
    return _conclude(search, trials, order, folder)


def best_trial(search: Search, trials: Sequence[Trial]) -> Trial | None:
    """The one whose last reward is best, of those that came to their own end; the earlier one of equals."""
    results = {trial.index: value for trial in trials if trial.whole if (value := _score(search, trial)) is not None}
    return trials[max(results, key=lambda index: results[index])] if results else None


def _points(search: Search, trials: Sequence[Trial]) -> Iterator[Point]:
    """The places to look at, each chosen when the trials before it are over."""
    for algorithm, settings in search.algorithms:
        wanted = int(settings["num_samples"]) if "num_samples" in settings else None
        yield from islice(_proposals(search, trials, algorithm, settings), wanted)


def _proposals(
    search: Search, trials: Sequence[Trial], algorithm: SearchAlgorithm, settings: Settings
) -> Iterator[Point]:
    """What one algorithm proposes, without what is to be skipped."""
    random, skipped = Random(settings.get("seed")), 0  # noqa: S311 (seeded: a search can be repeated)
    for number in count():
        point = algorithm.propose(Question(search.parameters, _results(search, trials), number, settings, random))
        if point is None or skipped > TRIES:
            return
        skipped = skipped + 1 if search.skips(config(search.parameters, point)) else 0
        if not skipped:
            yield point


def _results(search: Search, trials: Sequence[Trial]) -> list[Result]:
    scores = [(trial.point, _score(search, trial)) for trial in trials]
    return [Result(point, score) for point, score in scores if score is not None]


def _score(search: Search, trial: Trial) -> float | None:
    value = trial.last(search.rewards[0].name)
    return None if value is None else search.rewards[0].score(value)


def _conclude(search: Search, trials: Sequence[Trial], order: Order, folder: Path) -> int:
    """Make the outputs of the best trial those of the job."""
    best = best_trial(search, trials)
    if best is None:
        _say(f"none of {len(trials)} trials has come to its end with a reward {search.rewards[0].name} in its log")
        return 1
    for path in map(Path, order.outputs.values()):
        shutil.copytree(outputs_of(folder / best.id) / path.name, path, dirs_exist_ok=True)
    for trial in trials:
        shutil.rmtree(outputs_of(folder / trial.id), ignore_errors=True)
    _say(f"the best of {len(trials)} trials is {best.id}, {_told(search, best)}; its outputs are the job's")
    return 0


def _told(search: Search, trial: Trial) -> str:
    name = search.rewards[0].name
    value = trial.last(name)
    return f"no {name}" if value is None else f"{name} {value:.6g}"


def _say(text: str) -> None:
    _pass_on(f"[autosearch] {text}\n".encode())


def _pass_on(text: bytes) -> None:
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()
