"""The ModelArts API of one project: paths and JSON in, JSON or an error out."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Mapping
from threading import Lock
from typing import NamedTuple
from urllib.parse import quote

import httpx

from fmctl.domain.ports import Clock, Json
from fmctl.modelarts import errors
from fmctl.modelarts.connection import Connections, check_endpoint
from fmctl.modelarts.retry import SAFE
from fmctl.modelarts.signing import encode

TIMEOUT = 60.0
PROJECT = "{project_id}"
_ID = re.compile(r"(?<=/)(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})(?=/|$)")

log = logging.getLogger(__name__)


class Prediction(NamedTuple):
    """What a service answered, as it came."""

    status: int
    content_type: str
    content: bytes


class Client:
    """Implements ``domain.ports.Api``. Usable from many threads; ``calls`` counts what was asked."""

    def __init__(
        self,
        endpoint: str,
        project_id: str,
        *,
        auth: httpx.Auth,
        clock: Clock,
        workspace: str = "0",
        transport: httpx.BaseTransport | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        self.endpoint = check_endpoint(endpoint, "ModelArts")
        self.project_id = project_id
        self.workspace = workspace
        self.calls: Counter[str] = Counter()
        self._lock = Lock()
        self._connections = Connections(auth=auth, clock=clock, timeout=timeout, transport=transport)

    def __repr__(self) -> str:
        return f"Client({self.endpoint}, project {self.project_id}, workspace {self.workspace})"

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int | bool] | None = None,
        body: Json = None,
        safe: bool = False,
    ) -> Json:
        """Make one call of the API, as the port says; an unreadable answer to a safe call is asked for once more."""
        try:
            return self._answer(method, path, query, body, safe=safe)
        except errors.Garbage:
            if method != "GET" and not safe:
                raise
            return self._answer(method, path, query, body, safe=safe)

    def _answer(
        self, method: str, path: str, query: Mapping[str, str | int | bool] | None, body: Json, *, safe: bool
    ) -> Json:
        what = f"{method} {path}"
        url = self.endpoint + path.replace(PROJECT, quote(self.project_id, safe="")) + _query(query)
        response = self._send(
            method,
            url,
            what,
            content=None if body is None else json.dumps(body, ensure_ascii=False).encode(),
            headers={"Content-Type": "application/json", "X-Project-Id": self.project_id},
            safe=safe,
        )
        if not response.is_success:
            raise errors.problem(response, what)
        return _decoded(response, what)

    def predict(self, url: str, content: bytes, content_type: str) -> Prediction:
        """Ask a service at its own address, which may be another host's; any status is an answer."""
        check_endpoint(url, "service")
        headers = {"Content-Type": content_type, "Accept": "*/*"}
        response = self._send("POST", url, f"POST {url.partition('?')[0]}", content=content, headers=headers)
        return Prediction(response.status_code, response.headers.get("Content-Type", ""), response.content)

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()

    def _send(
        self, method: str, url: str, what: str, *, content: bytes | None, headers: Mapping[str, str], safe: bool = False
    ) -> httpx.Response:
        with self._lock:
            self.calls[_ID.sub("{id}", what)] += 1
        extensions = {SAFE: safe}
        response = self._connections.send(
            method, url, call=what, content=content, headers=headers, extensions=extensions
        )
        log.debug("%s: %d, request %s", what, response.status_code, response.headers.get("X-Request-Id"))
        return response


def _query(query: Mapping[str, str | int | bool] | None) -> str:
    """Encoded as the signature has it, so that what is signed is what is sent."""
    pairs = sorted((name, _text(value)) for name, value in (query or {}).items())
    return "?" * bool(pairs) + "&".join(f"{encode(name)}={encode(value)}" for name, value in pairs)


def _text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _decoded(response: httpx.Response, what: str) -> Json:
    if not response.content.strip():
        return None
    try:
        body = response.json()
    except ValueError:
        raise errors.garbage(response, what) from None
    return None if body == "" else body
