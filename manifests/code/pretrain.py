"""Job 1: learns digits from nothing and writes model/digits.json."""

from __future__ import annotations

import random
import sys

import dataset
from arguments import JobError, add_learning, count, parse, parser
from network import Network
from training import train


def main() -> None:
    arguments = parser(__doc__)
    add_learning(arguments)
    arguments.add_argument("--hidden", type=count, default=32, help="units in the hidden layer")
    given = parse(arguments)
    chance = random.Random(given.seed)
    network = Network.random(given.hidden, chance)
    train(network, dataset.read(given.data_url), given.epochs, given.learning_rate, chance)
    network.save(given.train_url / "model")
    print(f"wrote {given.train_url / 'model'}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except JobError as error:
        sys.exit(f"error: {error}")  # to stderr, and the job has failed
