"""What a model learns from: pairs of a prompt and an answer, read from files of text and of JSON lines."""

import json
from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

from fmctl.sandbox.finetuning.language import END

PAIRS = (("instruction", "output"), ("prompt", "completion"), ("context", "target"), ("question", "answer"))
HELD_OUT = 10  # one example of so many is not learned from, but tests the model


class Example(NamedTuple):
    """The answer is what is learned; the prompt is what stands before it."""

    prompt: str
    answer: str


class BadData(Exception):
    """A file of examples that cannot be read; the message names the place."""


def read_examples(place: Path, share: int) -> list[Example]:
    """Those of a file, or of all below a folder, the first `share` percent of them."""
    files = sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place]
    found = [example for path in files for example in _examples(path)]
    return found[: ceil(len(found) * share / 100)]


def divide(examples: Sequence[Example]) -> tuple[Sequence[Example], Sequence[Example]]:
    """What to learn from, and what to test with; few examples are all learned from."""
    tested = examples[HELD_OUT - 1 :: HELD_OUT]
    return [example for at, example in enumerate(examples) if at % HELD_OUT != HELD_OUT - 1], tested


def _examples(path: Path) -> Iterator[Example]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise BadData(f"{path.name}: not UTF-8 text: {error.reason}") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _record(line, f"{path.name}:{number}") if path.suffix == ".jsonl" else Example(END, line + END)


def _record(line: str, place: str) -> Example:
    try:
        record: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadData(f"{place}: not JSON: {error}") from error
    if isinstance(record, dict):
        for question, answer in PAIRS:
            if question in record and answer in record:
                return _example([str(record[question]), str(record.get("input") or "")], str(record[answer]))
        if isinstance(record.get("text"), str):
            return _example([], record["text"])
        messages = record.get("messages")
        if isinstance(messages, list) and messages and all(isinstance(message, dict) for message in messages):
            *before, answer = [str(message.get("content") or "") for message in messages]
            return _example(before, answer)
    names = ", ".join("/".join(pair) for pair in PAIRS)
    raise BadData(f"{place}: an object is expected with {names}, text, or messages")


def _example(prompt: Sequence[str], answer: str) -> Example:
    lines = [line for line in prompt if line]
    return Example(END + "".join(line + END for line in lines), answer + END)
