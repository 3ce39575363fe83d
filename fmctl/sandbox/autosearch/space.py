"""The space that is searched: one axis from 0 to 1 for each hyper-parameter, and what a place on it stands for."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

Point = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One hyper-parameter: `values` of its own, or an interval, all of it or so many `steps` with both ends."""

    name: str
    values: tuple[str, ...] = ()
    lower: float = 0.0
    upper: float = 0.0
    steps: int = 0
    integer: bool = False

    @property
    def count(self) -> int:
        """How many values it has; 0 for an interval."""
        return len(self.values) or self.steps

    def text(self, place: float) -> str:
        """The value at a place, as the job is given it."""
        if self.values:
            return self.values[self._step(place)]
        share = self._step(place) / max(self.steps - 1, 1) if self.steps else place
        value = self.lower + share * (self.upper - self.lower)
        return str(round(value)) if self.integer else f"{value:.12g}"

    def _step(self, place: float) -> int:
        return min(int(place * self.count), self.count - 1)


def grid(parameters: Sequence[Parameter]) -> Iterator[Point]:
    """Every combination of values, the last parameter changing fastest."""
    axes = [[(step + 0.5) / parameter.count for step in range(parameter.count)] for parameter in parameters]
    yield from product(*axes)


def config(parameters: Sequence[Parameter], point: Point) -> dict[str, str]:
    """The values at a point, by name."""
    return {parameter.name: parameter.text(place) for parameter, place in zip(parameters, point, strict=True)}


def typed(text: str) -> Any:
    """A value as JSON shows it: a number when it looks like one."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if type(value) in (int, float) else text
