"""The tree-structured Parzen estimator (Bergstra et al., 2011), its parameters taken one by one.

Results are divided into the best `gamma` of them and the rest. Where the good ones are dense and the others are not,
measured by a Gaussian around each and an even floor, is where to look next.
"""

from math import ceil, exp, sqrt

from fmctl.sandbox.autosearch.proposing import Question
from fmctl.sandbox.autosearch.space import Point

CANDIDATES = 24
NARROWEST = 0.03


def by_parzen(question: Question) -> Point:
    """The likeliest to be good of some places drawn near good ones; by chance until there are results to learn from."""
    results = sorted(question.results, key=lambda result: result.score, reverse=True)
    if len(results) < max(question.setting("n_initial_points"), 2):
        return question.anywhere()
    cut = min(max(ceil(question.setting("gamma") * len(results)), 1), len(results) - 1)
    good, rest = results[:cut], results[cut:]
    axes = range(len(question.parameters))
    return tuple(_best(question, [one.point[at] for one in good], [one.point[at] for one in rest]) for at in axes)


def _best(question: Question, good: list[float], rest: list[float]) -> float:
    width = max(1 / sqrt(len(good) + len(rest)) / 2, NARROWEST)
    places = [_draw(question, good, width) for _ in range(CANDIDATES)]
    return max(places, key=lambda place: _density(place, good, width) / _density(place, rest, width))


def _draw(question: Question, centres: list[float], width: float) -> float:
    """Near one of the centres, or anywhere: the even floor counts as one centre more."""
    chosen = question.random.randrange(len(centres) + 1)
    if chosen == len(centres):
        return question.random.random()
    return min(max(question.random.gauss(centres[chosen], width), 0.0), 1.0)


def _density(place: float, centres: list[float], width: float) -> float:
    peaks = sum(exp(-(((place - centre) / width) ** 2) / 2) for centre in centres) / (width * sqrt(6.283185307))
    return (peaks + 1.0) / (len(centres) + 1)
