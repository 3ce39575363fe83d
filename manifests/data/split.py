"""Cuts digits.csv into what is learned from and what is held out, and writes one sample of each held-out label."""

import csv
import json
from pathlib import Path

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parent / "samples"
HOLD_OUT_EVERY = 5
SAMPLE = 3  # the fourth held-out digit of each label: of the first ones a small network may misread some, a 2 above all


def split(rows):
    """The held-out rows are spread over the file, because its order is that of the writers."""
    holdout = rows[HOLD_OUT_EVERY - 1 :: HOLD_OUT_EVERY]
    learned = [row for number, row in enumerate(rows, start=1) if number % HOLD_OUT_EVERY]
    half = len(learned) // 2
    return {"pretrain": learned[:half], "finetune": learned[half:], "holdout": holdout}


def write_part(name, header, rows):
    (HERE / name).mkdir(exist_ok=True)
    with (HERE / name / "digits.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def write_sample(row):
    SAMPLES.mkdir(exist_ok=True)
    body = {"data": {"req_data": [{"pixels": [int(value) for value in row[:-1]]}]}}
    (SAMPLES / f"digit-{row[-1]}.json").write_text(json.dumps(body) + "\n", encoding="utf-8")


def main():
    with (HERE / "digits.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    parts = split(rows)
    for name, part in parts.items():
        write_part(name, header, part)
        print(f"{name}: {len(part)} digits")
    for label in range(10):
        write_sample([row for row in parts["holdout"] if row[-1] == str(label)][SAMPLE])


if __name__ == "__main__":
    main()
