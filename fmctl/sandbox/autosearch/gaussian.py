"""Bayesian optimisation: a Gaussian process through the results tells how good any place may be, and how surely."""

from collections.abc import Callable, Mapping, Sequence
from math import erf, exp, pi, sqrt
from statistics import fmean, pstdev

from fmctl.sandbox.autosearch.proposing import Question, Result
from fmctl.sandbox.autosearch.space import Point

FIRST = 5  # results to have before there is anything to fit
CANDIDATES = 400
LENGTH = 0.25  # over which results are alike, on axes from 0 to 1
NOISE = 1e-4  # of the variance of results
Matrix = list[list[float]]


def by_gaussian_process(question: Question) -> Point:
    """The most promising of many places drawn by chance; anywhere at first."""
    if len(question.results) < FIRST:
        return question.anywhere()
    process = _Process(question.results)
    kind = str(question.settings["kind"])
    promise = PROMISES[kind]
    setting = question.setting("kappa") if kind == "ucb" else question.setting("xi") / process.spread
    places = [question.anywhere() for _ in range(CANDIDATES)]
    return max(places, key=lambda place: promise(*process.at(place), process.best, setting))


class _Process:
    """Fitted once; scores are counted in standard deviations around their mean."""

    def __init__(self, results: Sequence[Result]) -> None:
        scores = [result.score for result in results]
        mean, self.spread = fmean(scores), pstdev(scores) or 1.0
        self._points = [result.point for result in results]
        targets = [(score - mean) / self.spread for score in scores]
        self.best = max(targets)
        alike = [[_alike(a, b) + (NOISE if a is b else 0.0) for b in self._points] for a in self._points]
        self._root = _cholesky(alike)
        self._weights = _backward(self._root, _forward(self._root, targets))

    def at(self, place: Point) -> tuple[float, float]:
        """Mean and standard deviation."""
        alike = [_alike(place, point) for point in self._points]
        known = sum(value * value for value in _forward(self._root, alike))
        mean = sum(weight * value for weight, value in zip(self._weights, alike, strict=True))
        return mean, sqrt(max(1.0 - known, 1e-12))


def _alike(a: Point, b: Point) -> float:
    return exp(-sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) / (2 * LENGTH**2))


def _cholesky(matrix: Matrix) -> Matrix:
    root: Matrix = []
    for at, row in enumerate(matrix):
        made: list[float] = []
        for column in range(at):
            before = sum(x * y for x, y in zip(made, root[column], strict=False))
            made.append((row[column] - before) / root[column][column])
        root.append([*made, sqrt(max(row[at] - sum(value * value for value in made), 1e-12))])
    return root


def _forward(root: Matrix, values: Sequence[float]) -> list[float]:
    solved: list[float] = []
    for row, value in zip(root, values, strict=True):
        solved.append((value - sum(x * y for x, y in zip(row, solved, strict=False))) / row[-1])
    return solved


def _backward(root: Matrix, values: Sequence[float]) -> list[float]:
    solved = [0.0] * len(values)
    for at in reversed(range(len(values))):
        after = sum(root[below][at] * solved[below] for below in range(at + 1, len(values)))
        solved[at] = (values[at] - after) / root[at][at]
    return solved


def _normal(value: float) -> tuple[float, float]:
    """Distribution and density."""
    return (1 + erf(value / sqrt(2))) / 2, exp(-value * value / 2) / sqrt(2 * pi)


def _bound(mean: float, deviation: float, best: float, kappa: float) -> float:
    return mean + kappa * deviation


def _improvement(mean: float, deviation: float, best: float, xi: float) -> float:
    share, density = _normal((mean - best - xi) / deviation)
    return (mean - best - xi) * share + deviation * density


def _chance(mean: float, deviation: float, best: float, xi: float) -> float:
    return _normal((mean - best - xi) / deviation)[0]


PROMISES: Mapping[str, Callable[[float, float, float, float], float]] = {
    "ucb": _bound,
    "ei": _improvement,
    "poi": _chance,
}
