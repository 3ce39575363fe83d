"""What the user may have meant, and what must not be shown."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Collection, Iterable
from typing import Any, Final

from fmctl.domain.resource import Path
from fmctl.domain.values import is_secret_name

_MANY: Final = 200
"""More options than this are not all compared, only those that sort near the word."""
_LONGEST_SHOWN: Final = 40


def closest(word: object, options: Collection[str]) -> str | None:
    """The option that was probably meant, whatever its case."""
    from difflib import get_close_matches

    by_lower = {option.lower(): option for option in options}
    lower = str(word).lower()
    if lower in by_lower:
        return by_lower[lower]
    found = get_close_matches(lower, _near(lower, by_lower), n=1)
    return by_lower[found[0]] if found else None


def _near(word: str, options: Collection[str]) -> list[str]:
    ordered = sorted(options)
    if len(ordered) <= _MANY:
        return ordered
    at = bisect_left(ordered, word)
    return ordered[max(0, at - _MANY // 2) : at + _MANY // 2]


def did_you_mean(word: object, options: Collection[str]) -> str | None:
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
