"""Reads digits: every *.csv of a folder, 64 pixels (0-16) and a label (0-9) in each row below the header."""

from __future__ import annotations

import csv
from pathlib import Path

from arguments import JobError
from network import CLASSES, PIXELS, Digit

DARKEST = 16
HEADER = [f"p{index}" for index in range(PIXELS)] + ["label"]


def read(folder: Path) -> list[Digit]:
    digits = [digit for file in sorted(folder.glob("*.csv")) for digit in read_file(file)]
    if not digits:
        raise JobError(f"{folder} holds no digits: expected *.csv files with a header and at least one row")
    return digits


def read_file(file: Path) -> list[Digit]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise JobError(f"{file.name}: not a text file in UTF-8") from None
    rows = csv.reader(lines)
    if next(rows, None) != HEADER:
        raise JobError(f"{file.name}:1: the header is not p0,p1,...,p{PIXELS - 1},label")
    return [parse(row, f"{file.name}:{rows.line_num}") for row in rows]


def parse(row: list[str], where: str) -> Digit:
    try:
        values = [int(value) for value in row]
    except ValueError:
        raise JobError(f"{where}: not a whole number in {','.join(row)[:60]}") from None
    if len(values) != len(HEADER):
        raise JobError(f"{where}: {len(values)} columns where {len(HEADER)} are expected")
    pixels, label = values[:PIXELS], values[PIXELS]
    if min(pixels) < 0 or max(pixels) > DARKEST or label not in range(CLASSES):
        raise JobError(f"{where}: a pixel is not in 0-{DARKEST} or the label not in 0-{CLASSES - 1}")
    return Digit([pixel / DARKEST for pixel in pixels], label)
