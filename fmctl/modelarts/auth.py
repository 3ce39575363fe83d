"""Who we are, as ``httpx.Auth`` generators: a key pair, a given token, or a password that IAM turns into tokens."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime
from threading import Lock
from typing import Any, NamedTuple

import httpx

from fmctl.domain.ports import Clock
from fmctl.domain.problem import CredentialError
from fmctl.modelarts import errors, signing
from fmctl.modelarts.connection import check_endpoint
from fmctl.modelarts.retry import SAFE

Flow = Generator[httpx.Request, httpx.Response, None]

RENEW_BEFORE = 300.0
"""A token is renewed this many seconds before it expires, so that none expires under way."""


class AkSkAuth(httpx.Auth):
    """Signs every request with a key pair; nothing secret leaves the process."""

    requires_request_body = True

    def __init__(
        self,
        access_key: str,
        secret_key: str,
        *,
        project_id: str | None = None,
        security_token: str | None = None,
        clock: Clock,
    ) -> None:
        self._access_key = _sendable(access_key, "access key")
        self._secret_key = secret_key.strip()
        self._extra = {
            "X-Project-Id": project_id,
            "X-Security-Token": _sendable(security_token or "", "security token"),
        }
        self._clock = clock

    def __repr__(self) -> str:
        return "AkSkAuth(…)"

    def auth_flow(self, request: httpx.Request) -> Flow:
        """Sign the request as it stands."""
        headers = request.headers
        for name, value in self._extra.items():
            if value and name not in headers:
                headers[name] = value
        if not headers.get("Content-Type", "application/json").startswith(("application/json", "application/bson")):
            headers["X-Sdk-Content-Sha256"] = signing.UNSIGNED
        if "X-Sdk-Date" not in headers:
            headers["X-Sdk-Date"] = f"{datetime.fromtimestamp(self._clock.now(), UTC):%Y%m%dT%H%M%SZ}"
        headers["Authorization"] = self._authorization(request)
        yield request

    def _authorization(self, request: httpx.Request) -> str:
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        signed = signing.signed_headers(request.headers)
        digest = signing.signature(request.method, path, query, signed, request.content, self._secret_key)
        return signing.authorization(self._access_key, signed, digest)


class TokenAuth(httpx.Auth):
    """Sends a token that somebody else got."""

    def __init__(self, token: str) -> None:
        self._token = _sendable(token, "token")

    def __repr__(self) -> str:
        return "TokenAuth(…)"

    def auth_flow(self, request: httpx.Request) -> Flow:
        """Add the token."""
        request.headers["X-Auth-Token"] = self._token
        yield request


class _Token(NamedTuple):
    value: str
    expires: float


class PasswordAuth(httpx.Auth):
    """Gets a project's token from IAM for a user and a password; all threads share it.

    The token is renewed before it expires. A 401 leads to one new token and one replay, unless another thread has
    fetched a new one in the meantime: then the replay uses that.
    """

    requires_response_body = True

    def __init__(
        self,
        iam_endpoint: str,
        *,
        account: str,
        user: str,
        password: str,
        project: str,
        clock: Clock,
    ) -> None:
        self._url = f"{check_endpoint(iam_endpoint, 'IAM')}/v3/auth/tokens"
        self._body = _password_body(account, user, password, project)
        self._who = f"{user} of {account}"
        self._clock = clock
        self._lock = Lock()
        self._token: _Token | None = None

    def __repr__(self) -> str:
        return f"PasswordAuth({self._who})"

    def auth_flow(self, request: httpx.Request) -> Flow:
        """Add a token, and on 401 a new one, once."""
        token = yield from self._current(request, refused=None)
        request.headers["X-Auth-Token"] = token.value
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            token = yield from self._current(request, refused=token)
            request.headers["X-Auth-Token"] = token.value
            yield request

    def _current(
        self, request: httpx.Request, refused: _Token | None
    ) -> Generator[httpx.Request, httpx.Response, _Token]:
        with self._lock:  # also while IAM is asked, so that threads that start together ask once
            token = self._token
            if token is None or token is refused or token.expires - RENEW_BEFORE <= self._clock.now():
                response = yield self._token_request(request)
                token = self._token = self._read(response)
            return token

    def _token_request(self, request: httpx.Request) -> httpx.Request:
        return httpx.Request(
            "POST",
            self._url,
            params={"nocatalog": "true"},
            json=self._body,
            extensions={**request.extensions, SAFE: True},  # time-outs too; asking twice only makes two tokens
        )

    def _read(self, response: httpx.Response) -> _Token:
        if response.status_code == httpx.codes.UNAUTHORIZED:
            msg = f"IAM refused the password of {self._who}"
            raise CredentialError(msg, hint="check account, user, password and project")
        if not response.is_success:
            raise errors.problem(response, "POST /v3/auth/tokens")
        try:
            expires = datetime.fromisoformat(response.json()["token"]["expires_at"])
            return _Token(response.headers["X-Subject-Token"], expires.timestamp())
        except (KeyError, TypeError, ValueError):
            raise errors.garbage(response, "POST /v3/auth/tokens") from None  # the cause might show the token


def _sendable(value: str, what: str) -> str:
    """``value`` without the line end that pasting brings; what no header can hold would show up in an error."""
    text = value.strip()
    if not text.isascii() or not text.isprintable():
        msg = f"the {what} has characters that no {what} has"
        raise CredentialError(msg, hint=f"paste the {what} again, in one line")
    return text


def _password_body(account: str, user: str, password: str, project: str) -> dict[str, Any]:
    who = {"name": user, "password": password, "domain": {"name": account}}
    return {
        "auth": {
            "identity": {"methods": ["password"], "password": {"user": who}},
            "scope": {"project": {"name": project}},
        }
    }
