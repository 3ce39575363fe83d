"""The loop that pretraining and fine-tuning share: so many times through the digits, in another order each time."""

from __future__ import annotations

import math
import random
import time

from arguments import JobError
from network import Digit, Network, most_likely


def train(network: Network, digits: list[Digit], epochs: int, learning_rate: float, chance: random.Random) -> None:
    print(f"{len(digits)} digits, {epochs} epochs, learning rate {learning_rate:g}", flush=True)
    order = list(digits)
    for epoch in range(epochs):
        chance.shuffle(order)
        started = time.monotonic()
        loss, accuracy = one_epoch(network, order, learning_rate * (1 - epoch / epochs))
        if not math.isfinite(loss):
            raise JobError(f"epoch {epoch + 1}: the loss is no longer a number; lower the learning rate")
        seconds = time.monotonic() - started
        # Flushed, or the log of a running job would stay empty until its end.
        print(f"epoch {epoch + 1}/{epochs}  loss {loss:.4f}  accuracy {accuracy:.4f}  {seconds:.2f} s", flush=True)


def one_epoch(network: Network, digits: list[Digit], rate: float) -> tuple[float, float]:
    """Loss and accuracy are of each digit just before it was learned from."""
    loss, right = 0.0, 0
    for digit in digits:
        said = network.learn(digit, rate)
        loss -= math.log(max(said[digit.label], 1e-12))
        right += most_likely(said) == digit.label
    return loss / len(digits), right / len(digits)
