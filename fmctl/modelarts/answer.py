"""What an error's body says, whichever of the many shapes it has; never a secret that it quotes."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import httpx

LIMIT = 200
"""Characters of a body that is not JSON; messages of the service get five times as many."""

SHORTEST = 6
"""Characters of a variable that is blotted out; less is no secret, and may be part of any word."""

SECRET_HEADERS = ("Authorization", "X-Auth-Token", "X-Security-Token", "X-Subject-Token")
_PAIRS = (("error_code", "error_msg"), ("errorCode", "errorMsg"), ("code", "message"))
_INVISIBLE = re.compile(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>")
_SECRET_PARTS = re.compile(r"(?:Access|Credential|Signature)=([^,\s]+)")


class Answer(NamedTuple):
    """What was found; every part may be missing."""

    code: str | None
    message: str | None
    request_id: str | None
    solution: str | None = None


def read_answer(response: httpx.Response) -> Answer:
    """Code, message and request id of a response; the request's secrets are blotted out of the texts."""
    try:
        body = response.json()
    except ValueError:
        body = response.text
    code, message, where = _find(body)
    status = str(response.status_code)
    request_id = response.headers.get("X-Request-Id") or where.get("request_id")
    return Answer(
        code=_text(code, response) if code != status else None,  # keystone repeats the status
        message=_text(message, response),
        request_id=_text(request_id, response),
        solution=_text(where.get("error_solution"), response),
    )


def _find(body: Any) -> tuple[str | None, str | None, Mapping[str, Any]]:
    for node in _objects(body):
        for code, message in _PAIRS:
            if code in node or message in node:
                return _as_text(node.get(code)), _as_text(node.get(message)), node
    return None, _bare(body), {}


def _objects(node: Any) -> Iterator[Mapping[str, Any]]:
    """Every JSON object in ``node``, outer ones first."""
    if isinstance(node, dict):
        yield node
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from _objects(child)


def _bare(body: Any) -> str | None:
    """The start of a body without a known shape, as words."""
    text = html.unescape(_INVISIBLE.sub(" ", body)) if isinstance(body, str) else str(body) if body else ""
    return " ".join(text.split())[:LIMIT] or None


def _as_text(value: Any) -> str | None:
    return None if value in (None, "") else str(value)


def _text(value: Any, response: httpx.Response) -> str | None:
    """``value`` without control characters, which could play tricks on a terminal, and without secrets."""
    if value in (None, ""):
        return None
    text = "".join(char if char.isprintable() else " " for char in str(value))
    for secret in _secrets(response):
        text = text.replace(secret, "***")
    return text.strip()[: 5 * LIMIT]


def _secrets(response: httpx.Response) -> Iterator[str]:
    for headers in (response.request.headers, response.headers):
        for name in SECRET_HEADERS:
            value = headers.get(name)
            if value:
                yield value
                yield from _SECRET_PARTS.findall(value)
    yield from _variables(response.request)


def _variables(request: httpx.Request) -> Iterator[str]:
    """The values of the variables that were sent, which a service may quote and which may be secrets."""
    try:
        body = json.loads(request.content or b"null")
    except ValueError:
        return
    for node in _objects(body):
        for key in ("environments", "envs"):
            values = node.get(key)
            texts = map(str, values.values()) if isinstance(values, dict) else ()
            yield from (text for text in texts if len(text) >= SHORTEST)
