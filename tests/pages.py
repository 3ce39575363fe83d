"""A page of the documentation as a thing that can be followed: its commands, files, edits, code, and what they show.

A fenced block says by its first line what it is:

    ```console                  `$ command` lines, `> ` goes on with one, `# exit 7` at its end; else what it shows
    ```yaml title="path"        a file, written as it stands here
    ```diff title="path"        an edit of that file
    ```python                   run in one interpreter per page
    ```text                     right after python: what it prints

Everything else is only read. In what is shown, `…` stands for anything within a line, and alone for any lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

_FENCE = re.compile(r"^(?P<fence>```+)(?P<info>[^`\n]*)\n(?P<body>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r'title="([^"]+)"')
_EXIT = re.compile(r"\s+# exit (\d+)$")
VARIES = (
    (re.compile(r"127\.0\.0\.1:\d+"), "HOST"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\b[0-9a-f]{32,64}\b"), "HEX"),
    (re.compile(r"\b[0-9a-f]{10}\b"), "HASH"),
    (re.compile(r"\[\d+(s|m\d+s)\]"), "[TIME]"),
    (re.compile(r"(?<=  )\d+s(?=  )"), "TIME"),  # in a table
    (re.compile(r" {2,}"), "  "),  # columns are as wide as what they hold
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?Z?"), "DATE"),
)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, its title, its text, and where in the page the text begins."""

    language: str
    title: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a console block, and the exit code and the output that the page promises."""

    text: str
    code: int
    shown: str
    at: int

    def __str__(self) -> str:
        """The command as pages show it."""
        first = "$ " + self.text.replace("\n", "\n> ") + (f"  # exit {self.code}" if self.code else "")
        return f"{first}\n{self.shown}" if self.shown else first


class Difference(NamedTuple):
    """What a page says at one place, and what it would have to say."""

    at: int
    said: str
    true: str

    def __str__(self) -> str:
        return f"{self.said}\n--- but it is\n{self.true}\n"


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    for found in _FENCE.finditer(page):
        language, _, rest = found["info"].strip().partition(" ")
        title = _TITLE.search(rest)
        yield Block(language, title[1] if title else "", found["body"], found.start("body"))


def commands(block: Block) -> Iterator[Command]:
    """The commands of a console block."""
    at = block.at
    for part in re.split(r"^(?=\$ )", block.text, flags=re.MULTILINE):
        if part.startswith("$ "):
            yield _command(part, at)
        at += len(part)


def _command(part: str, at: int) -> Command:
    first, *rest = part.rstrip("\n").split("\n")
    more = next((number for number, line in enumerate(rest) if not line.startswith("> ")), len(rest))
    text = "\n".join([first[2:], *(line[2:] for line in rest[:more])])
    code = _EXIT.search(text)
    return Command(_EXIT.sub("", text), int(code[1]) if code else 0, "\n".join(rest[more:]), at)


def edited(text: str, diff: str) -> str:
    """The text after an edit; what the edit takes away must be there, once."""
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] in " -")
    after = "".join(line[1:] for line in lines if line[0] in " +")
    if text.count(before) != 1:
        msg = f"there {text.count(before)} times instead of once:\n{before}"
        raise ValueError(msg)
    return text.replace(before, after)


def corrected(page: str, differences: Iterable[Difference]) -> str:
    """The page with what is true in the places of what it says."""
    for difference in sorted(differences, reverse=True):
        start, end = difference.at, difference.at + len(difference.said)
        assert page[start:end] == difference.said
        page = page[:start] + difference.true + page[end:]
    return page


def settled(text: str) -> str:
    """The text with one word for everything that is another each time."""
    for pattern, word in VARIES:
        text = pattern.sub(word, text)
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))


def matches(shown: str, actual: str) -> bool:
    """Whether an output is what a page shows."""
    pattern = ""
    for line in settled(shown).split("\n"):
        if line == "…":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += "[^\n]*".join(map(re.escape, line.split("…"))) + "\n"
    return re.fullmatch(pattern, settled(actual) + "\n") is not None
