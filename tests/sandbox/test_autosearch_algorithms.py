"""Where search algorithms look next, asked without any job."""

from random import Random
from statistics import fmean

import pytest

from fmctl.sandbox.autosearch.catalog import BY_NAME
from fmctl.sandbox.autosearch.proposing import Question, Result
from fmctl.sandbox.autosearch.space import Parameter, Point, config, grid

SPACE = (Parameter("x", lower=0, upper=1), Parameter("y", lower=0, upper=1))
SEEDS = range(4)


def score(point: Point) -> float:
    """A hill whose top is at 0.7, 0.2."""
    return -((point[0] - 0.7) ** 2) - (point[1] - 0.2) ** 2


def search(name: str, trials: int, seed: int, **settings: str) -> list[Result]:
    """The results of a search, in their order."""
    random, found = Random(seed), list[Result]()
    for number in range(trials):
        known = BY_NAME[name].complete(settings)
        point = BY_NAME[name].propose(Question(SPACE, found, number, known, random))
        assert point is not None
        found.append(Result(point, score(point)))
    return found


def heights(name: str, **settings: str) -> float:
    """How high the last trials of a search are on average."""
    return fmean(result.score for seed in SEEDS for result in search(name, 24, seed, **settings)[-8:])


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("bayes_opt_search", {}),
        ("bayes_opt_search", {"kind": "ei"}),
        ("bayes_opt_search", {"kind": "poi", "xi": "0.001"}),
        ("tpe_search", {"n_initial_points": "8"}),
        ("anneal_search", {"shrink_coef": "0.5"}),
    ],
    ids=str,
)
def test_what_was_learned_is_used(name: str, settings: dict[str, str]) -> None:
    """An algorithm that is told results looks, after some of them, where they are better than by chance."""
    assert heights(name, **settings) > heights("random_search") / 2


@pytest.mark.parametrize("name", ["bayes_opt_search", "tpe_search", "anneal_search", "random_search"])
def test_the_same_seed_looks_at_the_same_places(name: str) -> None:
    """And another one at others; all of them are inside."""
    first, again, other = (search(name, 8, seed) for seed in (1, 1, 2))

    assert first == again
    assert first != other
    assert all(0 <= place <= 1 for result in (*first, *other) for place in result.point)


def test_equal_results_are_no_trouble() -> None:
    """Where nothing is better than anything else, any place will do."""
    results = [Result((at / 10, 0.5), 1.0) for at in range(8)]
    settings = {"n_initial_points": "2"}
    for name, given in (("bayes_opt_search", {}), ("tpe_search", settings), ("anneal_search", {})):
        question = Question(SPACE, results, 8, BY_NAME[name].complete(given), Random(1))
        point = BY_NAME[name].propose(question)

        assert point is not None
        assert all(0 <= place <= 1 for place in point)


def test_the_grid_has_every_combination() -> None:
    """Intervals in steps with both ends, whole numbers where they are asked for, values as they are written."""
    parameters = (Parameter("a", lower=1, upper=4, steps=2, integer=True), Parameter("b", values=("x", "1e-3")))

    assert [{"a": "1", "b": "x"}, {"a": "1", "b": "1e-3"}, {"a": "4", "b": "x"}, {"a": "4", "b": "1e-3"}] == [
        config(parameters, point) for point in grid(parameters)
    ]
    assert ["0", "0.1", "0.2", "0.3"] == [
        config((Parameter("c", lower=0, upper=0.3, steps=4),), point)["c"]
        for point in grid((Parameter("c", lower=0, upper=0.3, steps=4),))
    ]


def test_the_grid_ends() -> None:
    """After the last combination there is nothing left to look at."""
    parameters = (Parameter("b", values=("x", "y")),)
    asked = [BY_NAME["grid_search"].propose(Question(parameters, (), number, {}, Random(1))) for number in range(3)]

    assert [True, True, False] == [point is not None for point in asked]
