"""JSON as the wire may carry it. What Python's parser takes beyond that (NaN, halves of characters) is no JSON here."""

import json
from typing import Any

DEEPEST = 100  # levels: far below what Python's own parser and writer can follow


def loads(text: str | bytes) -> Any:
    """The value in `text`, or ValueError; whatever is returned can be stored and sent back."""
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError as error:
        raise _too_deep() from error
    if _is_deeper(value, DEEPEST):
        raise _too_deep()
    return value


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in inner)


def _too_deep() -> ValueError:
    return ValueError(f"it is nested deeper than {DEEPEST} levels")
