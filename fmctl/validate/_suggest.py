"""What the user may have meant, and what must not be shown."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from fmctl.domain.resource import Path
from fmctl.domain.values import is_secret_name

_FEW: Final = 200
"""Of more options than this, only those that begin or end like the word are compared."""
_NEAR: Final = 20
_LONGEST_SHOWN: Final = 40


def closest(word: object, options: Iterable[str]) -> str | None:
    """The option that was probably meant, whatever its case."""
    from difflib import get_close_matches

    lower = str(word).lower()
    by_lower = _by_lower(tuple(options))
    if lower in by_lower:
        return by_lower[lower]
    found = get_close_matches(lower, sorted(_near(lower, tuple(by_lower))), n=1)
    return by_lower[found[0]] if found else None


@lru_cache(maxsize=8)
def _by_lower(options: tuple[str, ...]) -> dict[str, str]:
    return {option.lower(): option for option in sorted(options)}


def _near(word: str, options: tuple[str, ...]) -> set[str]:
    if len(options) <= _FEW:
        return set(options)
    forward, backward = _orders(options)
    at, back = bisect_left(forward, word), bisect_left(backward, word[::-1])
    begin = forward[max(0, at - _NEAR) : at + _NEAR]
    end = backward[max(0, back - _NEAR) : back + _NEAR]
    return {*begin, *(option[::-1] for option in end)}


@lru_cache(maxsize=8)
def _orders(options: tuple[str, ...]) -> tuple[list[str], list[str]]:
    return sorted(options), sorted(option[::-1] for option in options)


def plain_name(name: str) -> str:
    """A name in the letters that names have."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def did_you_mean(word: object, options: Iterable[str]) -> str | None:
    """The hint that names the option that was probably meant."""
    option = closest(word, options)
    return f"did you mean {option}?" if option else None


def listed(words: Iterable[Any], last: str = "or") -> str:
    """``a, b or c``."""
    *first, end = map(str, words)
    return f"{', '.join(first)} {last} {end}" if first else end


def is_hidden(path: Path) -> bool:
    """Whether a key on the way to a value names a secret."""
    return any(isinstance(part, str) and is_secret_name(part) for part in path)


def shown(value: Any, path: Path) -> str:
    """A value in a message; empty where its key or any above names a secret, or where it has no short form."""
    if is_hidden(path) or isinstance(value, (dict, list)):
        return ""
    text = repr(value) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
