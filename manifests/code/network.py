"""A neural network with one hidden layer that learns by gradient descent: all of it, in plain Python."""

from __future__ import annotations

import json
import math
import random
from operator import mul
from pathlib import Path
from typing import NamedTuple

from arguments import JobError

PIXELS = 64
CLASSES = 10
WEIGHTS = "digits.json"


class Digit(NamedTuple):
    """One image, its pixels from 0 to 1, and what it shows."""

    pixels: list[float]
    label: int


class Layer:
    """One row of weights and one bias for each output."""

    def __init__(self, weights: list[list[float]], bias: list[float]) -> None:
        self.weights = weights
        self.bias = bias

    @classmethod
    def random(cls, inputs: int, outputs: int, chance: random.Random) -> Layer:
        """The spread keeps the signal's size from layer to layer (He's rule for rectified units)."""
        spread = math.sqrt(2 / inputs)
        return cls([[chance.gauss(0, spread) for _ in range(inputs)] for _ in range(outputs)], [0.0] * outputs)

    def forward(self, signal: list[float]) -> list[float]:
        return [bias + sum(map(mul, row, signal)) for row, bias in zip(self.weights, self.bias)]

    def backward(self, errors: list[float]) -> list[float]:
        """How much each input has to answer for the errors of the outputs."""
        return [sum(map(mul, column, errors)) for column in zip(*self.weights)]

    def descend(self, signal: list[float], errors: list[float], rate: float) -> None:
        for output, error in enumerate(errors):
            if error:  # about half of the hidden units are silent: nothing to learn there
                step = rate * error
                self.weights[output] = [w - step * s for w, s in zip(self.weights[output], signal)]
                self.bias[output] -= step


class Network:
    def __init__(self, hidden: Layer, output: Layer) -> None:
        self.hidden = hidden
        self.output = output

    @classmethod
    def random(cls, hidden: int, chance: random.Random) -> Network:
        return cls(Layer.random(PIXELS, hidden, chance), Layer.random(hidden, CLASSES, chance))

    def probabilities(self, pixels: list[float]) -> list[float]:
        return softmax(self.output.forward(rectified(self.hidden.forward(pixels))))

    def learn(self, digit: Digit, rate: float) -> list[float]:
        """One step downhill; the answer is what the network said before it."""
        active = rectified(self.hidden.forward(digit.pixels))
        said = softmax(self.output.forward(active))
        errors = [p - (label == digit.label) for label, p in enumerate(said)]
        blame = [error if unit else 0.0 for unit, error in zip(active, self.output.backward(errors))]
        self.output.descend(active, errors, rate)
        self.hidden.descend(digit.pixels, blame, rate)
        return said

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        layers = {"hidden": vars(self.hidden), "output": vars(self.output)}
        (folder / WEIGHTS).write_text(json.dumps(layers) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Network:
        file = folder / WEIGHTS
        try:
            layers = json.loads(file.read_text(encoding="utf-8"))
            return cls(Layer(**layers["hidden"]), Layer(**layers["output"]))
        except FileNotFoundError:
            raise JobError(f"{folder} has no {WEIGHTS}: is it the model/ folder that an earlier job wrote?") from None
        except (ValueError, KeyError, TypeError):
            raise JobError(f"{file} does not hold the weights of this network") from None


def rectified(values: list[float]) -> list[float]:
    return [max(0.0, value) for value in values]


def softmax(values: list[float]) -> list[float]:
    largest = max(values)  # subtracted, so that exp cannot overflow
    powers = [math.exp(value - largest) for value in values]
    total = sum(powers)
    return [power / total for power in powers]


def most_likely(probabilities: list[float]) -> int:
    return probabilities.index(max(probabilities))
