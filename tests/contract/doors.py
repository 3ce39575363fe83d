"""The two clients through which a site is asked: fmctl's own, and the official SDK. Both give the same answers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

import httpx
from sandbox.sdk_surface import Method, methods

from fmctl.clock import SystemClock
from fmctl.domain.problem import ApiError
from fmctl.modelarts.auth import AkSkAuth
from fmctl.modelarts.client import Client

from .site import Site

RAW = "DeleteTrainingJobResponse"  # a class of the SDK without fields: the answer stays as it came
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status and JSON, or the status and the code of an error."""

    status: int
    data: Any = field(default=None, repr=False)
    code: str = ""
    message: str = ""

    @property
    def refusal(self) -> tuple[int, str]:
        """Status and code without the service's name in front."""
        return self.status, self.code.removeprefix("ModelArts.")

    @property
    def good(self) -> Any:
        """The JSON of an answer that is no error."""
        assert self.status < 300, f"{self.status} {self.code}: {self.message}"
        return self.data


class Door(Protocol):
    """A client of one site."""

    name: str
    site: Site

    def ask(self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None) -> Answer:
        """One call; ``path`` begins with ``/v1/{project_id}`` or ``/v2/{project_id}``, in these words."""

    def close(self) -> None:
        """Leave."""


class _Status(httpx.BaseTransport):
    """The network, and the status of the last answer, which fmctl's client has no use for."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport(trust_env=False)
        self.last = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        self.last = response.status_code
        return response

    def close(self) -> None:
        self._inner.close()


class FmctlDoor:
    """fmctl's own client."""

    name = "fmctl"

    def __init__(self, site: Site) -> None:
        self.site = site
        clock = SystemClock()
        auth = AkSkAuth(site.access_key, site.secret_key, security_token=site.security_token, clock=clock)
        self._seen = _Status()
        self._client = Client(site.modelarts, site.project_id, auth=auth, clock=clock, transport=self._seen)

    def ask(self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None) -> Answer:
        try:
            data = self._client.call(method, path, query=query, body=body)
        except ApiError as error:
            return Answer(error.status or 0, code=error.error_code or "", message=str(error))
        return Answer(self._seen.last, data)

    def close(self) -> None:
        self._client.close()


class SdkDoor:
    """The official SDK: its own method where it has one for a call, the core's general one elsewhere (all of v1)."""

    name = "sdk"

    def __init__(self, site: Site) -> None:
        from huaweicloudsdkmodelarts.v1 import ModelArtsClient

        self.site = site
        builder = ModelArtsClient.new_builder().with_credentials(_credentials(site))
        self._client = builder.with_endpoint(site.modelarts).build()

    def ask(self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None) -> Answer:
        from huaweicloudsdkcore.exceptions.exceptions import ServiceResponseException

        try:
            answer = self._send(method, path, body, query or {})
        except ServiceResponseException as error:
            return Answer(error.status_code, code=str(error.error_code), message=str(error.error_msg))
        return Answer(answer.status_code, _decoded(answer.raw_content))

    def _send(self, method: str, path: str, body: Any, query: Mapping[str, Any]) -> Any:
        known = _known(method, path)
        if known is None:
            return self._client.do_http_request(
                method,
                resource_path=path,
                query_params=sorted(query.items()),
                header_params=dict(JSON),
                body=body,
                response_type=RAW,
            )
        operation, parts = known
        wire = {name: field for field, name in operation.request.attribute_map.items()}
        given = {wire[name]: value for name, value in {**parts, **query}.items()}
        return getattr(self._client, operation.name)(operation.request(**given | ({"body": body} if body else {})))

    def close(self) -> None:
        self._client.close()


DOORS: Mapping[str, type[FmctlDoor] | type[SdkDoor]] = {door.name: door for door in (FmctlDoor, SdkDoor)}


def _credentials(site: Site) -> Any:
    from huaweicloudsdkcore.auth.credentials import BasicCredentials

    made = BasicCredentials(site.access_key, site.secret_key, site.project_id)
    return made.with_security_token(site.security_token) if site.security_token else made


def _decoded(content: bytes | None) -> Any:
    return (json.loads(content) or None) if content and content.strip() else None


def _known(verb: str, path: str) -> tuple[Method, Mapping[str, str]] | None:
    """The SDK's own method for a call, and what stands in its path."""
    for operation in methods():
        found = _pattern(operation.path).fullmatch(path) if operation.verb == verb else None
        if found:
            return operation, found.groupdict()
    return None


@cache
def _pattern(path: str) -> re.Pattern[str]:
    literal = re.escape(path)
    return re.compile(re.sub(r"\\\{(?!project_id)(\w+)\\\}", r"(?P<\1>[^/]+)", literal))
