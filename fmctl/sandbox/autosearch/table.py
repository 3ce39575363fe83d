"""Trials as tables of text, which is how the API shows them: all of a search, and the course of one."""

import math
from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.autosearch.records import Report, Trial
from fmctl.sandbox.autosearch.request import Reward
from fmctl.sandbox.autosearch.space import typed

Cell = str | dict[str, Any]
Row = list[Cell]


def trials_header(rewards: Sequence[Reward]) -> list[str]:
    """The columns of all trials; the first, which has no name, numbers them."""
    return [
        *("", "done", "pid", "config", "trial_id", "training_iteration", "time_total_s", "worker_index"),
        *("reward_attr", "status", *(reward.name for reward in rewards), "best_reward"),
    ]


def trials_row(rewards: Sequence[Reward], trial: Trial) -> Row:
    """A trial as it is now; what it has not written is empty."""
    last = trial.reports[-1] if trial.reports else None
    return [
        *(str(trial.index), str(trial.done), str(trial.pid), _config(trial), trial.id, str(len(trial.reports))),
        *(str(trial.seconds), "", _value(last, rewards[0]), str(trial.status)),
        *(_value(last, reward) for reward in rewards),
        _best(rewards[0], trial.reports),
    ]


def trial_header(rewards: Sequence[Reward]) -> list[str]:
    """The columns of one trial, which has a row for each time that it wrote its reward."""
    names = [reward.name for reward in rewards]
    return [
        *("done", "pid", "best_reward", "time_total_s", "config", *names, "trial_id"),
        *("training_iteration", "reward_attr"),
    ]


def trial_rows(rewards: Sequence[Reward], trial: Trial) -> list[Row]:
    """How far it had come each time; done is the last row of a trial that is."""
    rows: list[Row] = []
    for number, report in enumerate(trial.reports, start=1):
        done = trial.done and number == len(trial.reports)
        best = _best(rewards[0], trial.reports[:number])
        values = [_value(report, reward) for reward in rewards]
        head = [str(done), str(trial.pid), best, str(report.seconds)]
        rows.append([*head, _config(trial), *values, trial.id, str(number), values[0]])
    return rows


def _config(trial: Trial) -> dict[str, Any]:
    values = {name: typed(text) for name, text in trial.config.items()}
    return {**values, "trial_index": trial.index, **{f"param/{name}": value for name, value in values.items()}}


def _value(report: Report | None, reward: Reward) -> str:
    value = report.values.get(reward.name) if report else None
    return "" if value is None else str(value)


def _best(reward: Reward, reports: Sequence[Report]) -> str:
    values = [report.values[reward.name] for report in reports]
    return str(max(values, key=reward.score, default=math.nan)) if values else ""
