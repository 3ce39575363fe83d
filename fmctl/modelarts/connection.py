"""HTTP connections: one client with one connection for every thread that asks, and one TLS context for all.

httpx's pool slows down with every connection in it; a client per worker thread has nothing to search.
"""

from __future__ import annotations

import logging
import ssl
import weakref
from collections.abc import Callable, Mapping
from threading import Lock, local
from typing import Any
from urllib.parse import urlsplit

import httpx

from fmctl.domain.ports import Clock
from fmctl.domain.problem import UsageError
from fmctl.modelarts import errors
from fmctl.modelarts.retry import RetryTransport
from fmctl.version import __version__

CONNECT_TIMEOUT = 10.0
_LIMITS = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=20.0)

logging.getLogger("httpcore").setLevel(logging.INFO)  # its debug lines hold response headers, tokens among them


class Connections:
    """Sends requests of many threads. ``transport``, when given, replaces the network."""

    def __init__(
        self,
        *,
        auth: httpx.Auth | None,
        clock: Clock,
        timeout: float,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._auth = auth
        self._clock = clock
        self._timeout = httpx.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT))
        self._transport = transport
        self._local = local()
        self._clients: list[httpx.Client] = []
        self._tls = _Tls()
        self._lock = Lock()
        weakref.finalize(self, _close_all, self._clients)  # a notebook opens many sessions and closes none

    def send(
        self,
        method: str,
        url: str,
        *,
        call: str,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """One answer, whatever its status; ``NoAnswer`` when there is none."""
        client = self._client()
        try:
            return client.request(method, url, content=content, headers=headers, extensions=dict(extensions or {}))
        except httpx.RequestError as error:
            raise errors.no_answer(error, call, httpx.URL(url).netloc.decode("ascii")) from error

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            self._local = local()
            _close_all(self._clients)

    def _client(self) -> httpx.Client:
        client: httpx.Client | None = getattr(self._local, "client", None)
        if client is None:
            client = self._local.client = self._new_client()
            with self._lock:
                self._clients.append(client)
        return client

    def _new_client(self) -> httpx.Client:
        return httpx.Client(
            auth=self._auth,
            transport=RetryTransport(self._transport or _Network(self._tls), clock=self._clock),
            timeout=self._timeout,
            headers={"User-Agent": f"fmctl/{__version__}", "Accept": "application/json"},
            follow_redirects=False,
            trust_env=False,
        )


class _Tls:
    """One TLS context for all threads, made when it is first needed; apart from ``Connections``, which it may outlive.

    A client that held its ``Connections`` would keep them alive for ever through their finalizer.
    """

    def __init__(self) -> None:
        self._context: ssl.SSLContext | None = None
        self._lock = Lock()

    def __call__(self) -> ssl.SSLContext:
        with self._lock:
            self._context = self._context or httpx.create_ssl_context(trust_env=False)
            return self._context


def _close_all(clients: list[httpx.Client]) -> None:
    while clients:
        clients.pop().close()


class _Network(httpx.BaseTransport):
    """One connection for http and one for https; the TLS context, costly to make, only when it is needed."""

    def __init__(self, tls: Callable[[], ssl.SSLContext]) -> None:
        self._tls = tls
        self._open: dict[str, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        scheme = request.url.scheme
        if scheme not in self._open:
            # Without TLS a context that trusts nobody does: it is never asked, and could not be fooled.
            context = self._tls() if scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._open[scheme] = httpx.HTTPTransport(verify=context, limits=_LIMITS, trust_env=False)
        return self._open[scheme].handle_request(request)

    def close(self) -> None:
        for transport in self._open.values():
            transport.close()


def check_endpoint(endpoint: str, what: str) -> str:
    """``endpoint`` without a slash at the end, if it can be one."""
    try:
        parts = urlsplit(endpoint)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and not parts.username
    except ValueError:  # brackets or a port that are none
        usable = False
    if not usable:
        shown = endpoint.rpartition("@")[2]  # what stands before it may be a password
        msg = f"{what} endpoint {shown!r} is not an address"
        raise UsageError(msg, hint="write it as https://host or http://host:port")
    return endpoint.rstrip("/")
