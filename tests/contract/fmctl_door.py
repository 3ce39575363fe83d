"""fmctl's own client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from fmctl.clock import SystemClock
from fmctl.domain.problem import ApiError
from fmctl.modelarts.auth import AkSkAuth, PasswordAuth
from fmctl.modelarts.client import Client
from fmctl.modelarts.iam import find_project
from fmctl.objectstore.store import ObsStore

from .door import Answer, Stored
from .site import Site

CLOCK = SystemClock()


class _Network(httpx.BaseTransport):
    """The network; remembers what fmctl's client has no use for: the last status, and a token that it was given."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport(trust_env=False)
        self.status = 0
        self.token = ""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        self.status = response.status_code
        self.token = response.headers.get("X-Subject-Token", self.token)
        return response

    def close(self) -> None:
        self._inner.close()


class FmctlDoor:
    """Client, key pair or password, and object storage as ``fmctl apply`` uses them."""

    name = "fmctl"

    def __init__(self, site: Site, auth: httpx.Auth | None = None) -> None:
        self.site = site
        self._network = _Network()
        self._auth = auth or AkSkAuth(site.access_key, site.secret_key, security_token=site.security_token, clock=CLOCK)
        self._client = Client(site.modelarts, site.project_id, auth=self._auth, clock=CLOCK, transport=self._network)

    @property
    def token(self) -> str:
        return self._network.token

    def ask(self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None) -> Answer:
        try:
            data = self._client.call(method, path, query=query, body=body)
        except ApiError as error:
            return Answer(error.status or 0, code=error.error_code or "", message=str(error))
        return Answer(self._network.status, data)

    def project(self) -> str:
        return find_project(self.site.iam, self.site.region, self._auth, clock=CLOCK)

    def signed_in(self) -> FmctlDoor:
        site = self.site
        auth = PasswordAuth(
            site.iam,
            account=site.domain,
            user=site.user,
            password=site.password,
            project=site.region,
            clock=CLOCK,
        )
        return FmctlDoor(site, auth)

    def shelf(self) -> FmctlShelf:
        return FmctlShelf(self.site)

    def close(self) -> None:
        self._client.close()


class FmctlShelf:
    """fmctl's object storage."""

    def __init__(self, site: Site) -> None:
        self._site = site
        token = site.security_token or None
        self._store = ObsStore(site.obs, site.access_key, site.secret_key, token, region=site.region)

    def put(self, name: str, content: bytes) -> None:
        self._store.write(self._site.url(name), content)

    def get(self, name: str) -> bytes | None:
        return self._store.read(self._site.url(name))

    def list(self, folder: str) -> Mapping[str, Stored]:
        found = self._store.list(self._site.url(folder))
        return {item.key.removeprefix(self._site.folder): Stored(item.size, item.etag) for item in found}
