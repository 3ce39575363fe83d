"""Plain scalars by the YAML 1.2 core schema: no dates, no sexagesimals, no ``yes`` and ``no``."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

Scalar = str | int | float | bool | None

_WORDS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], None),
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
}
STARTS: Final = frozenset(["", *"~nNtTfF0123456789+-."])
"""What an unquoted scalar that is not text can begin with."""
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_BASED: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LONGEST: Final = 1000
"""Python refuses integers of more than 4,300 digits; such a thing is text in any manifest."""


@lru_cache(maxsize=4096)
def plain(text: str) -> Scalar:
    """The value of an unquoted scalar."""
    if text[:1] not in STARTS or len(text) > _LONGEST:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _BASED.fullmatch(text):
        return int(text[2:], 8 if text[1] == "o" else 16)
    return float(text.replace(".", "", 1)) if _INFINITE.fullmatch(text) else text


def _integer(text: str) -> int:
    value = plain(text)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError
    return value


def _float(text: str) -> float:
    value = plain(text)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError
    return float(value)


def _bool(text: str) -> bool:
    value = plain(text)
    if not isinstance(value, bool):
        raise ValueError
    return value


def _null(text: str) -> None:
    if plain(text) is not None:
        raise ValueError


TAGGED: Final[dict[str, Callable[[str], Scalar]]] = {
    "!": str,
    "tag:yaml.org,2002:str": str,
    "tag:yaml.org,2002:int": _integer,
    "tag:yaml.org,2002:float": _float,
    "tag:yaml.org,2002:bool": _bool,
    "tag:yaml.org,2002:null": _null,
}
"""How the text of a tagged scalar is read; ValueError if it cannot be."""
