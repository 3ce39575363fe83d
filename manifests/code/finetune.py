"""Job 2: goes on from the pretrained weights and writes a folder that ModelArts can serve."""

from __future__ import annotations

import random
import shutil
import sys
from pathlib import Path

import dataset
from arguments import JobError, add_learning, folder, parse, parser
from network import Network
from training import train

SERVING = Path(__file__).resolve().parent / "serving"


def main() -> None:
    arguments = parser(__doc__)
    add_learning(arguments)
    arguments.add_argument("--pretrained_url", type=folder, required=True, help="folder with the weights to start from")
    given = parse(arguments)
    network = Network.load(given.pretrained_url)
    print(f"starting from {given.pretrained_url}", flush=True)
    digits = dataset.read(given.data_url)
    train(network, digits, given.epochs, given.learning_rate, random.Random(given.seed))
    write_servable(network, given.train_url / "model")


def write_servable(network: Network, model: Path) -> None:
    """The weights with, beside them, the description and the program that ModelArts looks for in model/."""
    network.save(model)
    for file in ("config.json", "customize_service.py"):
        shutil.copyfile(SERVING / file, model / file)
    print(f"wrote {model}: {', '.join(sorted(file.name for file in model.iterdir()))}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except JobError as error:
        sys.exit(f"error: {error}")  # to stderr, and the job has failed
