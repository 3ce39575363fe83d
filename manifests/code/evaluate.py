"""Job 3: measures weights on digits they have not seen, and fails when they are not good enough."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import dataset
from arguments import JobError, folder, parse, parser, share
from network import Digit, Network, most_likely


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--model_url", type=folder, required=True, help="folder with the weights to measure")
    arguments.add_argument("--min_accuracy", type=share, default=0.0, help="fail below this share of right answers")
    given = parse(arguments)
    metrics = measure(Network.load(given.model_url), dataset.read(given.data_url))
    # Written before the verdict: the numbers of a model that was turned down are the ones to look at.
    write(metrics, given.train_url)
    if metrics["accuracy"] < given.min_accuracy:
        raise JobError(f"accuracy {metrics['accuracy']:.4f} is below min_accuracy {given.min_accuracy:g}")


def measure(network: Network, digits: list[Digit]) -> dict:
    seen, right = Counter(), Counter()
    for digit in digits:
        seen[digit.label] += 1
        right[digit.label] += most_likely(network.probabilities(digit.pixels)) == digit.label
    for label in sorted(seen):
        print(f"digit {label}  accuracy {right[label] / seen[label]:.4f}  {right[label]}/{seen[label]}", flush=True)
    accuracy = sum(right.values()) / len(digits)
    print(f"total    accuracy {accuracy:.4f}  {sum(right.values())}/{len(digits)}", flush=True)
    by_class = {str(label): right[label] / seen[label] for label in sorted(seen)}
    return {"accuracy": accuracy, "digits": len(digits), "accuracy_by_class": by_class}


def write(metrics: dict, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except JobError as error:
        sys.exit(f"error: {error}")  # to stderr, and the job has failed
