"""Every rule that a manifest can break, by the code that its problem carries; the words are in rules.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class Rule(NamedTuple):
    """What a rule says, how it comes to be broken, what to do, and examples of it broken and kept."""

    says: str
    cause: str
    remedy: str
    wrong: str = ""
    right: str = ""


def _read() -> dict[str, Rule]:
    words = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return {code: Rule(**{key: text.strip("\n") for key, text in rule.items()}) for code, rule in words.items()}


RULES: Mapping[str, Rule] = _read()
