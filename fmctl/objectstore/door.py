"""One connection to the OBS library: its answers checked, its exceptions and statuses turned into StorageError."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from fmctl.domain.problem import ExitCode, StorageError
from fmctl.objectstore.address import wants_path_style

THROTTLED = (429, 503)
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 16.0)
Result = Any
Call = Callable[[Any], Result]


class Door:
    """Makes calls with the library's client. ``secrets`` never get into a message."""

    def __init__(
        self,
        endpoint: str,
        access_key: str,
        secret_key: str,
        security_token: str | None,
        timeout: float,
        pause: Callable[[float], None],
    ) -> None:
        self.endpoint = endpoint
        self._pause = pause
        self._secrets = tuple(filter(None, (secret_key, security_token, access_key)))
        self._options = {
            "server": endpoint,
            "access_key_id": access_key,
            "secret_access_key": secret_key,
            "security_token": security_token,
            "path_style": wants_path_style(endpoint),
            "timeout": timeout,
        }
        self._client: Any = None

    def ask(self, what: str, call: Call) -> Result | None:
        """The answer to ``call(client)``; None when what it is about is absent; ``what`` names it in errors."""
        if self._client is None:
            self._client = self._connect()
        return self._checked(what, call, self._client)

    @contextmanager
    def kept_open(self) -> Iterator[Callable[[str, Call], Result | None]]:
        """``ask`` with connections that are kept, for many calls in a row; idle ones would go stale."""
        client = self._connect(long_conn_mode=True)
        try:
            yield lambda what, call: self._checked(what, call, client)
        finally:
            client.close()

    def _connect(self, **options: Any) -> Any:
        from obs import ObsClient  # 0.1 s, and most commands need no object storage

        client = ObsClient(**self._options, **options)
        if client.is_secure:
            client.context = _tls()
        return client

    def _checked(self, what: str, call: Call, client: Any) -> Result | None:
        result = self._answered(what, call, client)
        if result.status < 300:
            return result
        if _is_absent(result):
            return None
        raise self._problem(what, result)

    def _answered(self, what: str, call: Call, client: Any) -> Result:
        """What came back; throttling, which the library does not wait out, is asked again for about a minute."""
        for pause in (*PAUSES, None):
            try:
                result = call(client)
            except Exception as error:  # the library raises bare Exceptions
                msg = f"{what}: {urlsplit(self.endpoint).netloc} failed: {self._clean(error)}"
                raise StorageError(msg, hint=f"check the network and the OBS endpoint {self.endpoint}") from None
            if result.status not in THROTTLED or pause is None:
                break
            self._pause(pause)
        return result

    def _problem(self, what: str, result: Result) -> StorageError:
        parts = [f"HTTP {result.status}", result.errorCode, result.requestId and f"request {result.requestId}"]
        text = self._clean(result.errorMessage or result.reason or "error without a message")
        problem = StorageError(
            f"{what}: {text} ({', '.join(filter(None, parts))})",
            status=result.status,
            hint=_hint(result, self.endpoint),
        )
        if result.status in (401, 403):
            problem.code = ExitCode.AUTH
        return problem

    def _clean(self, text: object) -> str:
        words = "".join(char if char.isprintable() else " " for char in str(text))
        for secret in self._secrets:
            words = words.replace(secret, "***")
        return words[:500]


def _is_absent(result: Result) -> bool:
    """A 404 of OBS: it says what is missing; to a HEAD it says nothing, or at least numbers its answer.

    Another server's page must not make things look deleted.
    """
    if result.status != 404 or result.errorCode in ("NoSuchKey", "NoSuchBucket"):
        return bool(result.status == 404)
    lengths = [value for name, value in result.header or () if name.lower() == "content-length"]
    return result.errorCode is None and (bool(result.requestId) or lengths in ([], ["0"]))


def _hint(result: Result, endpoint: str) -> str | None:
    if result.status in (401, 403):
        return "check the credential, its rights on the bucket, and that this machine's clock is right"
    return None if result.requestId else f"check the OBS endpoint {endpoint}, or is there a proxy in between?"


def _tls() -> ssl.SSLContext:
    """The library's own context verifies nothing by default, and no host name ever."""
    import certifi

    return ssl.create_default_context(cafile=certifi.where())
