"""LoRA (Hu et al., 2021): the weights stand still, and what is learned is a product of two small matrices beside them.

For each place that the model looks back at, a row of `rank` numbers for each character is multiplied by a matrix that
all characters share. When it is saved, the product is added to the weights: what serves it need not know.
"""

from random import Random

from fmctl.sandbox.finetuning.language import SIZE, Language, Row


class LowRank(Language):
    """A model on top of another one, which it leaves as it is."""

    def __init__(self, start: Language, rank: int, seed: int) -> None:
        super().__init__(start.rows())
        self._rank = rank
        self._seed = seed
        self._down: dict[str, Row] = {}
        self._up: dict[str, list[Row]] = {}

    def rows(self) -> dict[str, Row]:
        """The weights with what was learned."""
        known = super().rows()
        return known | {name: _sum([known.get(name) or [0.0] * SIZE, self._product(name)]) for name in self._down}

    def _scores(self, names: list[str]) -> Row:
        return _sum([super()._scores(names), *map(self._product, names)])

    def _improve(self, names: list[str], change: Row) -> None:
        for name in names:
            down, up = self._factors(name)
            slopes = [sum(a * b for a, b in zip(row, change, strict=True)) for row in up]
            for at, row in enumerate(up):
                up[at] = [weight - down[at] * part for weight, part in zip(row, change, strict=True)]
            self._down[name] = [weight - slope for weight, slope in zip(down, slopes, strict=True)]

    def _product(self, name: str) -> Row:
        down, up = self._factors(name)
        return _sum([[factor * weight for weight in row] for factor, row in zip(down, up, strict=True)])

    def _factors(self, name: str) -> tuple[Row, list[Row]]:
        """Chance and nothing at first, so that nothing is changed before something is learned."""
        up = self._up.setdefault(name.partition(":")[0], [[0.0] * SIZE for _ in range(self._rank)])
        if name not in self._down:
            random = Random(f"{self._seed} {name}")  # noqa: S311 (seeded: a training can be repeated)
            self._down[name] = [random.gauss(0, self._rank**-0.5) for _ in range(self._rank)]
        return self._down[name], up


def _sum(rows: list[Row]) -> Row:
    return [sum(column) for column in zip(*rows, strict=True)]
