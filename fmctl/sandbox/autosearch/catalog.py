"""The search algorithms that there are. Names and settings of the first three are those of ModelArts."""

from collections.abc import Mapping
from dataclasses import dataclass

from fmctl.sandbox.autosearch.annealing import by_annealing
from fmctl.sandbox.autosearch.gaussian import PROMISES, by_gaussian_process
from fmctl.sandbox.autosearch.parzen import by_parzen
from fmctl.sandbox.autosearch.proposing import Propose, Settings, by_chance, by_grid

Default = tuple[str, float | str]
SAMPLES: tuple[Default, ...] = (("num_samples", 20), ("seed", 1))
TYPES: Mapping[type, str] = {int: "Integer", float: "Float", str: "String"}


@dataclass(frozen=True, slots=True)
class SearchAlgorithm:
    """One of them: `settings` are its parameters with their defaults, `template` the name of its YAML template."""

    name: str
    template: str
    description: str
    propose: Propose
    settings: tuple[Default, ...] = SAMPLES

    def complete(self, given: Mapping[str, str]) -> Settings:
        """Its settings with those that are given; ValueError for what it does not have, or cannot read."""
        unknown = sorted(given.keys() - dict(self.settings).keys())
        if unknown:
            raise ValueError(f"{self.name} has no parameter {unknown[0]}.")
        return {
            name: _read(name, given[name], default) if name in given else default for name, default in self.settings
        }

    def wire(self) -> dict[str, object]:
        """As the API lists it: every value is text."""
        params = [{"key": key, "value": str(value), "type": TYPES[type(value)]} for key, value in self.settings]
        return {"name": self.name, "params": params, "description": self.description}


ALGORITHMS = (
    SearchAlgorithm(
        "bayes_opt_search",
        "Bayes",
        "Hyperparameter search using a Gaussian process.",
        by_gaussian_process,
        (("kind", "ucb"), ("kappa", 2.5), ("xi", 0.0), *SAMPLES),
    ),
    SearchAlgorithm(
        "tpe_search",
        "TPE",
        "Hyperparameter search using the tree-structured Parzen estimator.",
        by_parzen,
        (("gamma", 0.25), ("n_initial_points", 20), *SAMPLES),
    ),
    SearchAlgorithm(
        "anneal_search",
        "Anneal",
        "Hyperparameter search using simulated annealing.",
        by_annealing,
        (("avg_best_idx", 2.0), ("shrink_coef", 0.1), *SAMPLES),
    ),
    SearchAlgorithm("random_search", "RandomSearch", "Hyperparameter search by chance.", by_chance),
    SearchAlgorithm("grid_search", "GridSearch", "Every combination of discrete values, once.", by_grid, ()),
)
BY_NAME: Mapping[str, SearchAlgorithm] = {algorithm.name: algorithm for algorithm in ALGORITHMS}
LIMITS: Mapping[str, tuple[float, float]] = {
    "num_samples": (1, 1000),
    "gamma": (0.01, 0.99),
    "avg_best_idx": (1, 1000),
    "shrink_coef": (0, 1000),
}


def _read(name: str, text: str, default: float | str) -> float | str:
    if isinstance(default, str):
        if text not in PROMISES:
            raise ValueError(f"{name} must be one of {', '.join(PROMISES)}.")
        return text
    low, high = LIMITS.get(name, (0, 1e9))
    try:
        value = type(default)(text)
    except ValueError:
        value = type(default)(-1)
    if not low <= value <= high:
        raise ValueError(
            f"{name} must be {'a whole' if isinstance(default, int) else 'a'} number from {low} to {high:g}."
        )
    return value
