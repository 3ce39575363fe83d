"""What a search algorithm is asked, and the two that need no results: chance and the grid."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import NamedTuple

from fmctl.sandbox.autosearch.space import Parameter, Point, grid

Settings = Mapping[str, float | str]


class Result(NamedTuple):
    """Where a trial was, and how good that is: more is better."""

    point: Point
    score: float


@dataclass(frozen=True, slots=True)
class Question:
    """Where to look next: after `results`, when the algorithm has been asked `number` times before."""

    parameters: Sequence[Parameter]
    results: Sequence[Result]
    number: int
    settings: Settings
    random: Random

    def anywhere(self) -> Point:
        """A place by chance."""
        return tuple(self.random.random() for _ in self.parameters)

    def setting(self, name: str) -> float:
        """A setting that is a number."""
        return float(self.settings[name])


Propose = Callable[[Question], Point | None]
"""An algorithm. None: there is nothing left to look at."""


def by_chance(question: Question) -> Point:
    """Anywhere, each place as likely as any other."""
    return question.anywhere()


def by_grid(question: Question) -> Point | None:
    """One combination after the other."""
    return next(islice(grid(question.parameters), question.number, None), None)
