"""Simulated annealing: look near a good trial, and the later, the nearer and the better."""

from math import log

from fmctl.sandbox.autosearch.proposing import Question
from fmctl.sandbox.autosearch.space import Point


def by_annealing(question: Question) -> Point:
    """Around one of the best results, most often the very best; `avg_best_idx` is the mean of its rank, from 1."""
    results = sorted(question.results, key=lambda result: result.score, reverse=True)
    if not results:
        return question.anywhere()
    centre = results[min(_rank(question), len(results) - 1)].point
    width = 1 / (1 + len(results) * question.setting("shrink_coef"))
    return tuple(_near(question, place, width) for place in centre)


def _rank(question: Question) -> int:
    """Drawn from a geometric distribution."""
    mean = max(question.setting("avg_best_idx"), 1.0)
    if mean == 1.0:
        return 0
    return int(log(1 - question.random.random()) / log(1 - 1 / mean))


def _near(question: Question, place: float, width: float) -> float:
    """Within an interval of this width around the place, moved to where it fits."""
    low = min(max(place - width / 2, 0.0), 1.0 - width)
    return low + question.random.random() * width
