"""Which function answers which call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from .rules import Rules
from .wire import Refused, Reply, Request


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path in which ``{}`` stands for one part; the first one is the project."""

    method: str
    path: str
    answer: Callable[..., Reply]

    def parts(self, request: Request) -> tuple[str, ...] | None:
        """What stands for the ``{}`` of a request that is for this route."""
        if request.method != self.method:
            return None
        found = re.fullmatch("/" + self.path.replace("{}", "([^/]+)"), request.path)
        return tuple(map(unquote, found.groups())) if found else None


def answered(routes: Iterable[Route], request: Request, project: str, rules: Rules) -> Reply:
    """The answer of the route that a request is for; a call that nobody published is a violation."""
    for route in routes:
        parts = route.parts(request)
        if parts is not None:
            if {parts[0], request.headers.get("X-Project-Id", project)} != {project}:
                raise _elsewhere(request)
            return route.answer(request, *parts[1:])
    rules.demand(False, f"no such call: {request.method} {request.path}", "2836", 404)
    return Reply(404)


def _elsewhere(request: Request) -> Refused:
    """Training and the first API refuse another project in different words."""
    status, code = (404, "2786") if request.path.startswith("/v2/") else (403, "0210")
    return Refused(status, code, "The project is not the credential's.")
