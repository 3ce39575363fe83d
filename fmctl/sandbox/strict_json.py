"""JSON as the wire may carry it. What Python's parser takes beyond that (NaN, halves of characters) is no JSON here."""

import json
from typing import Any


def loads(text: str | bytes) -> Any:
    """The value in `text`, or ValueError; whatever is returned can be sent back."""
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError as error:
        msg = "it is nested too deeply"
        raise ValueError(msg) from error
    return value
