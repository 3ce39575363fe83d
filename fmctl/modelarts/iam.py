"""Looks up the id of a region's project, for contexts that do not say it."""

from __future__ import annotations

import httpx

from fmctl.domain.ports import Clock
from fmctl.domain.problem import CredentialError
from fmctl.modelarts import errors
from fmctl.modelarts.client import TIMEOUT
from fmctl.modelarts.connection import Connections, check_endpoint
from fmctl.modelarts.signing import encode

CALL = "GET /v3/projects"


def find_project(
    iam_endpoint: str,
    region: str,
    auth: httpx.Auth,
    *,
    clock: Clock,
    transport: httpx.BaseTransport | None = None,
    timeout: float = TIMEOUT,
) -> str:
    """The id of the one project named ``region`` that the credential can see."""
    url = f"{check_endpoint(iam_endpoint, 'IAM')}/v3/projects?name={encode(region)}"
    connections = Connections(auth=auth, clock=clock, timeout=timeout, transport=transport)
    try:
        response = connections.send("GET", url, call=CALL)
    finally:
        connections.close()
    if not response.is_success:
        raise errors.problem(response, CALL)
    found = _ids(response)
    if len(found) != 1:
        msg = f"the credential sees {len(found)} projects named {region!r}, not one"
        raise CredentialError(msg, hint="check the region, or set the project id")
    return found[0]


def _ids(response: httpx.Response) -> list[str]:
    try:
        return [str(project["id"]) for project in response.json()["projects"]]
    except (KeyError, TypeError, ValueError):
        raise errors.garbage(response, CALL) from None
