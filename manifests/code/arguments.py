"""What a job is given on its command line, checked before any work begins."""

from __future__ import annotations

import argparse
import math
from pathlib import Path


class JobError(Exception):
    """The job cannot do its work; the text says why, to whoever reads the log."""


def parser(description: str) -> argparse.ArgumentParser:
    """Every job reads a folder and writes a folder: ModelArts passes --data_url and --train_url."""
    arguments = argparse.ArgumentParser(description=description, allow_abbrev=False)
    arguments.add_argument("--data_url", type=folder, required=True, help="folder of *.csv with digits")
    arguments.add_argument("--train_url", type=destination, required=True, help="folder for the results")
    return arguments


def add_learning(arguments: argparse.ArgumentParser) -> None:
    arguments.add_argument("--epochs", type=count, default=8, help="how often to go through the digits")
    arguments.add_argument("--learning_rate", type=rate, default=0.1, help="the first step's size; it falls to zero")
    arguments.add_argument("--seed", type=int, default=0, help="the same seed gives the same weights")


def parse(arguments: argparse.ArgumentParser, argv: list[str] | None = None) -> argparse.Namespace:
    """The platform may pass more than was asked for, such as --num_gpus: name it in the log and go on."""
    known, unknown = arguments.parse_known_args(argv)
    if unknown:
        print("ignored arguments: " + " ".join(unknown), flush=True)
    return known


def folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is not a folder")
    return Path(text)


def destination(text: str) -> Path:
    """The platform makes the folder; on your own machine the job does."""
    if Path(text).exists():
        return folder(text)
    return Path(text)


def count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def rate(text: str) -> float:
    value = number(text)
    if not 0 < value <= 10:
        raise argparse.ArgumentTypeError(f"{text!r} is not above 0 and at most 10")
    return value


def share(text: str) -> float:
    value = number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 0 and 1")
    return value


def number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return value
