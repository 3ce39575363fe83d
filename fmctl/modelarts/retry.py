"""Repeats what may be repeated, as a transport under the client: nobody above sees more than one answer.

- Nothing was sent (no connection): any request is repeated.
- 429 says that nothing was done: any request is repeated, when ``Retry-After`` says or after a pause.
- Resets, time-outs and failing servers: GET, HEAD and requests marked SAFE are repeated; what became of the others
  nobody knows, so they fail at once and the caller looks.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from itertools import count

import httpx

from fmctl.domain.ports import Clock
from fmctl.modelarts import errors
from fmctl.modelarts.answer import read_answer

SAFE = "fmctl.safe"
"""Request extension: repeating this request does no harm, whatever its method."""

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 15.0
log = logging.getLogger(__name__)

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class RetryTransport(httpx.BaseTransport):
    """Passes requests on to ``transport``, up to ``attempts`` times (429: any number) within ``budget`` seconds."""

    def __init__(
        self,
        transport: httpx.BaseTransport,
        *,
        clock: Clock,
        attempts: int = 5,
        budget: float = 120.0,
        jitter: Callable[[], float] = random.random,  # spreads retries; no secret depends on it
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._attempts = attempts
        self._budget = budget
        self._jitter = jitter

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, and send again while that is harmless and may help; throttling is waited out to the budget's end."""
        deadline = self._clock.now() + self._budget
        for attempt in count(1):
            outcome = self._send(request)
            pause = self._pause(request, outcome, attempt)
            spent = attempt >= self._attempts and not _is_throttled(outcome)
            if pause is None or spent or self._clock.now() + pause > deadline:
                break
            log.info("%s %s: %s; again in %.1f s", request.method, request.url.path, _shown(outcome), pause)
            self._clock.sleep(pause)
        return _result(outcome)

    def close(self) -> None:
        """Close the transport below."""
        self._transport.close()

    def _send(self, request: httpx.Request) -> httpx.Response | httpx.TransportError:
        try:
            response = self._transport.handle_request(request)
            response.request = request
            response.read()  # here, so that a reset in the middle of an answer counts as one
            return response
        except httpx.TransportError as error:
            return error

    def _pause(
        self, request: httpx.Request, outcome: httpx.Response | httpx.TransportError, attempt: int
    ) -> float | None:
        """How long to wait before the next attempt; None when there is none."""
        backoff = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1)) * (0.5 + self._jitter() / 2)
        if isinstance(outcome, httpx.TransportError):
            return backoff if _may_repeat(request, outcome) else None
        if _is_throttled(outcome):
            return self._asked_for(outcome, backoff)
        if is_safe(request) and _is_transient(outcome):
            return self._asked_for(outcome, backoff)
        return None

    def _asked_for(self, response: httpx.Response, backoff: float) -> float:
        """What ``Retry-After`` says, in seconds or as a date."""
        value = response.headers.get("Retry-After", "").strip()
        if value.isdecimal():
            return float(value)
        try:
            return max(0.0, parsedate_to_datetime(value).timestamp() - self._clock.now())
        except ValueError:
            return backoff


def is_safe(request: httpx.Request) -> bool:
    """Whether carrying this request out twice is as good as once."""
    return request.method in ("GET", "HEAD") or bool(request.extensions.get(SAFE))


def _may_repeat(request: httpx.Request, error: httpx.TransportError) -> bool:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):  # a ConnectError, but the next attempt meets the same certificate
        return False
    return isinstance(error, _NOT_SENT) or is_safe(request)


def _is_throttled(outcome: httpx.Response | httpx.TransportError) -> bool:
    """429: the request was not carried out, whatever its method."""
    return isinstance(outcome, httpx.Response) and outcome.status_code == httpx.codes.TOO_MANY_REQUESTS


def _is_transient(response: httpx.Response) -> bool:
    code = errors.service_code(read_answer(response).code) if response.status_code >= 500 else None
    return errors.is_transient(response.status_code, code)


def _shown(outcome: httpx.Response | httpx.TransportError) -> str:
    return f"HTTP {outcome.status_code}" if isinstance(outcome, httpx.Response) else type(outcome).__name__


def _result(outcome: httpx.Response | httpx.TransportError) -> httpx.Response:
    if isinstance(outcome, httpx.TransportError):
        raise outcome
    return outcome
