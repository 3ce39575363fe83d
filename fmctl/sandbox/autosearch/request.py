"""What is to be searched, read from `algorithm.policies.auto_search` of a job."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fmctl.sandbox.autosearch.catalog import BY_NAME, SearchAlgorithm
from fmctl.sandbox.autosearch.proposing import Settings
from fmctl.sandbox.autosearch.space import Parameter

MAX_VALUES = 1000
HIGHEST = 1e100  # what is above it, or no number, is the reward of a training that has diverged: none
Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reward:
    """A number that trials write to their logs: the first group of the expression, or all that it matches."""

    name: str
    pattern: re.Pattern[str]
    maximise: bool

    def read(self, line: str) -> float | None:
        """The last one in a line."""
        found = [match[1 if self.pattern.groups else 0] for match in self.pattern.finditer(line)]
        try:
            value = float(found[-1] or "") if found else math.nan
        except ValueError:
            return None
        return value if abs(value) < HIGHEST else None

    def score(self, value: float) -> float:
        """The same, turned so that more is better."""
        return value if self.maximise else -value


@dataclass(frozen=True, slots=True)
class Search:
    """All of it. The first reward is the one that counts; algorithms have their turns one after the other."""

    rewards: Sequence[Reward]
    parameters: Sequence[Parameter]
    algorithms: Sequence[tuple[SearchAlgorithm, Settings]]
    skipped: Sequence[Mapping[str, str]]

    def skips(self, config: Mapping[str, str]) -> bool:
        """Whether these values are among those that are left out."""
        return any(combination.items() <= config.items() for combination in self.skipped)


def read_search(sent: Fields, parameters: Sequence[Fields]) -> Search:
    """What a job asks for; `parameters` are the job's own. ValueError says what is wrong."""
    integers = {one["name"] for one in parameters if (one.get("constraint") or {}).get("type") == "Integer"}
    wanted = [_parameter(item, integers) for item in _some(sent, "search_params")]
    algorithms = [_algorithm(item) for item in _some(sent, "algo_configs")]
    unbounded = [one.name for one in wanted if not one.count]
    if unbounded and any(algorithm.name == "grid_search" for algorithm, _ in algorithms):
        raise ValueError(f"grid_search needs discrete_points_num of the continuous parameter {unbounded[0]}.")
    rewards = [_reward(item) for item in _some(sent, "reward_attrs")]
    for what, names in (
        ("search_params", [one.name for one in wanted]),
        ("reward_attrs", [one.name for one in rewards]),
    ):
        if len(set(names)) < len(names):
            raise ValueError(f"{what} must have names of their own.")
    return Search(rewards, wanted, algorithms, _skipped(sent.get("skip_search_params") or ""))


def _some(sent: Fields, name: str) -> Sequence[Fields]:
    if not sent.get(name):
        raise ValueError(f"{name} must have at least one entry.")
    return list(sent[name])


def _reward(item: Fields) -> Reward:
    name, mode = item.get("name") or "", item.get("mode") or "max"
    if not name or not item.get("regex"):
        raise ValueError("reward_attrs: each needs a name, and a regex that finds it in the log.")
    if mode not in ("max", "min"):
        raise ValueError(f"reward_attrs: mode of {name} must be max or min.")
    try:
        return Reward(name, re.compile(item["regex"]), mode == "max")
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"reward_attrs: regex of {name}: {error}.") from error


def _parameter(item: Fields, integers: set[str]) -> Parameter:
    name, kind = item.get("name") or "", item.get("param_type") or ""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
        raise ValueError(f"search_params: {name!r} is no name of a parameter.")
    if kind == "discrete":
        values = tuple(item.get("discrete_values") or ())
        if not 0 < len(values) <= MAX_VALUES:
            raise ValueError(f"search_params: {name} needs 1 to {MAX_VALUES} discrete_values.")
        return Parameter(name, values)
    if kind != "continuous":
        raise ValueError(f"search_params: param_type of {name} must be continuous or discrete.")
    lower, upper = (_number(name, item, bound) for bound in ("lower_bound", "upper_bound"))
    if not 0 <= upper - lower < math.inf:
        raise ValueError(
            f"search_params: the bounds of {name} must be in order, and not further apart than numbers go."
        )
    return Parameter(name, (), lower, upper, _steps(name, item), name in integers)


def _number(name: str, item: Fields, bound: str) -> float:
    try:
        value = float(item.get(bound) or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"search_params: {bound} of {name} must be a number.")
    return value


def _steps(name: str, item: Fields) -> int:
    text = item.get("discrete_points_num") or "0"
    if not text.isdecimal() or int(text) > MAX_VALUES:
        raise ValueError(f"search_params: discrete_points_num of {name} must be a whole number up to {MAX_VALUES}.")
    return int(text)


def _algorithm(item: Fields) -> tuple[SearchAlgorithm, Settings]:
    algorithm = BY_NAME.get(item.get("name") or "")
    if algorithm is None:
        raise ValueError(f"algo_configs: {item.get('name')!r} is none of {', '.join(BY_NAME)}.")
    given = {str(one.get("key")): str(one.get("value")) for one in item.get("params") or []}
    return algorithm, algorithm.complete(given)


def _skipped(text: str) -> Sequence[Mapping[str, str]]:
    """A JSON list of combinations, such as `[{"lr": "0.1"}]`; how ModelArts writes it is not documented."""
    if not text.strip():
        return ()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(one, dict) and one for one in found):
        raise ValueError('skip_search_params must be a JSON list of combinations, such as [{"lr": "0.1"}].')
    return [{name: str(value) for name, value in one.items()} for one in found]
