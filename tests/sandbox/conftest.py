"""What the tests of the sandbox share: one in process with time that stands still, one on a real socket."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from obs import ObsClient

from fmctl.sandbox import Sandbox, VirtualClock
from fmctl.sandbox.server import Server

NOW = 1_790_000_000.0


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def sandbox(tmp_path: Path, clock: VirtualClock) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path / "state", clock=clock)
    yield made
    made.close()


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """A client of the sandbox in process, logged in with a token."""
    with anonymous(sandbox) as client:
        client.headers["X-Auth-Token"] = client.post("/v3/auth/tokens", json=login(sandbox)).headers["X-Subject-Token"]
        yield client


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(Server(tmp_path / "served")) as made:
        yield made


@pytest.fixture(scope="module")
def client(server: Server) -> Any:
    """The SDK's client, where a module has one served sandbox for all its tests."""
    from .sdk_world import sdk_client

    return sdk_client(server.info)


@pytest.fixture(scope="module")
def model(server: Server) -> Any:
    """The SDK's classes of requests and bodies, imported when HOME is a folder of the tests."""
    from huaweicloudsdkmodelarts.v1 import model

    return model


@pytest.fixture(params=["obs", "v2", "v4"])
def obs(server: Server, request: pytest.FixtureRequest) -> Iterator[ObsClient]:
    """The official OBS client, with each of its signatures."""
    client = obs_client(server, signature=request.param)
    yield client
    client.close()


def obs_client(served: Server, **changes: object) -> ObsClient:
    """The official OBS client of a served sandbox; further arguments are its own."""
    info = served.info
    keys = {"access_key_id": info["access_key"], "secret_access_key": info["secret_key"]}
    known = {"server": info["obs_endpoint"], "region": info["region"], "max_retry_count": 0}
    return ObsClient(**keys | known | changes)


def anonymous(sandbox: Sandbox) -> httpx.Client:
    return httpx.Client(transport=httpx.WSGITransport(sandbox.wsgi), base_url="http://127.0.0.1")


def login(sandbox: Sandbox, **changes: str) -> dict[str, object]:
    """The body of a password login; keyword arguments make it wrong."""
    owner = sandbox.credentials
    values = {"user": owner.user, "password": owner.password, "domain": owner.domain, "project": owner.region}
    given = values | changes
    user = {"name": given["user"], "password": given["password"], "domain": {"name": given["domain"]}}
    identity = {"methods": ["password"], "password": {"user": user}}
    return {"auth": {"identity": identity, "scope": {"project": {"name": given["project"]}}}}


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """The server at work in a thread of its own."""
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()
        server.close()
