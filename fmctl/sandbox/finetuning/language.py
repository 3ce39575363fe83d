"""A language model of characters: the next one is guessed from the last three, by a sum of weights for each.

It is a log-linear model, learned by gradient descent on its cross entropy. A copy of this file goes with every model
that is fine-tuned, and serves it: it must need nothing but the standard library.
"""

import json
import math
from pathlib import Path
from random import Random
from typing import Any

CHARACTERS = "\n" + "".join(map(chr, range(32, 127)))
OTHER = len(CHARACTERS)
"""Stands for every character that is not ASCII."""
SIZE = OTHER + 1
LOOKBACK = 3
END = "\n"
Row = list[float]


def encode(text: str) -> list[int]:
    """The numbers of the characters."""
    return [found if (found := CHARACTERS.find(character)) >= 0 else OTHER for character in text]


class Language:
    """Weights by what they look at: "" at nothing, "2:17" at the character 17 two places back."""

    def __init__(self, rows: dict[str, Row] | None = None) -> None:
        self._rows = rows or {}

    def learn(self, prompt: str, answer: str, rate: float) -> float:
        """One step down for each character of the answer; its mean loss before."""
        return self._walk(prompt, answer, rate)

    def loss(self, prompt: str, answer: str) -> float:
        """The mean cross entropy of the answer's characters, in nats."""
        return self._walk(prompt, answer, 0.0)

    def write(self, prompt: str, length: int, temperature: float = 0.0, seed: int = 0) -> str:
        """How the model goes on, up to the end of the line: the likeliest character each time, or by chance."""
        random, text = Random(seed), ""  # noqa: S311 (seeded: an answer can be repeated)
        while len(text) < length:
            scores = self._scores(self._seen(encode(prompt + text)))
            if temperature > 0:
                weights = [math.exp((score - max(scores)) / temperature) for score in scores]
                chosen = random.choices(range(SIZE), weights)[0]
            else:
                chosen = scores.index(max(scores))
            if chosen == OTHER or CHARACTERS[chosen] == END:
                break
            text += CHARACTERS[chosen]
        return text

    def rows(self) -> dict[str, Row]:
        """All weights."""
        return dict(self._rows)

    def save(self, path: Path) -> None:
        """As JSON; four decimals are enough."""
        rows = {name: [round(value, 4) for value in row] for name, row in self.rows().items()}
        path.write_text(json.dumps({"lookback": LOOKBACK, "rows": rows}))

    @classmethod
    def load(cls, path: Path) -> "Language":
        """What `save` has written; ValueError for anything else."""
        stored: Any = json.loads(path.read_text())
        if not isinstance(stored, dict) or stored.get("lookback") != LOOKBACK:
            raise ValueError(f"{path.name} holds no weights of this model")
        return cls(stored["rows"])

    def _walk(self, prompt: str, answer: str, rate: float) -> float:
        codes, start = encode(prompt + answer), len(prompt)
        total = sum(self._step(codes, at, rate) for at in range(start, len(codes)))
        return total / max(len(codes) - start, 1)

    def _step(self, codes: list[int], at: int, rate: float) -> float:
        names = self._seen(codes[max(at - LOOKBACK, 0) : at])
        scores = self._scores(names)
        top = max(scores)
        likely = [math.exp(score - top) for score in scores]
        whole = sum(likely)
        if rate:
            change = [rate * value / whole for value in likely]
            change[codes[at]] -= rate
            self._improve(names, change)
        return math.log(whole) + top - scores[codes[at]]

    def _improve(self, names: list[str], change: Row) -> None:
        """Take the change off all weights that a guess was made of."""
        for name in names:
            row = self._rows.get(name) or [0.0] * SIZE
            self._rows[name] = [weight - part for weight, part in zip(row, change, strict=True)]

    def _seen(self, before: list[int]) -> list[str]:
        """What a guess looks at: nothing, and each of the last characters."""
        return ["", *(f"{back}:{code}" for back, code in enumerate(reversed(before[-LOOKBACK:]), start=1))]

    def _scores(self, names: list[str]) -> Row:
        rows = [row for name in names if (row := self._rows.get(name))]
        return [sum(column) for column in zip(*rows, strict=True)] if rows else [0.0] * SIZE
