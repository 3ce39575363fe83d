"""The way of a request: which door (ModelArts and IAM, or OBS), which route, who is calling, and what comes back."""

import logging
import uuid
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, cast

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from fmctl.sandbox.account import Account
from fmctl.sandbox.api import obs
from fmctl.sandbox.auth import authenticate, check_project
from fmctl.sandbox.signature import ALGORITHM
from fmctl.sandbox.wire import Call, Reply, Route, WireError, keystone

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


IAM_PREFIXES = ("/v3/", "/v3.0/", "/v3-ext/")  # a token of the whole account is enough there
API_PREFIXES = ("/v1/", "/v2/", *IAM_PREFIXES)
METHODS = ("GET", "PUT", "POST", "PATCH", "DELETE")
log = logging.getLogger(__name__)


class Application:
    """The WSGI application. It keeps nothing: all state is the sandbox's."""

    def __init__(self, sandbox: Account, routes: Sequence[Route]) -> None:
        self._sandbox = sandbox
        self._map = _map(tuple(routes))

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request, request_id = Request(proper(environ)), uuid.uuid4().hex
        response = self._answer(request, request_id)
        response.headers.setdefault("X-Request-Id", request_id)
        response.autocorrect_location_header = False
        response.call_on_close(request.close)  # the files of a form
        return response(environ, start_response)

    def _answer(self, request: Request, request_id: str) -> Response:
        try:
            self._sandbox.tick()
            answer = obs.answer(self._sandbox, request) if self._is_obs(request) else self._dispatch(request)
        except WireError as error:
            answer = _as_iam(error, request_id) if _is_iam(request) else error.reply(request_id)
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            answer = WireError(500, "ModelArts.0010", "Internal error of the sandbox; its log says more.").reply()
        response = answer.response() if isinstance(answer, Reply) else answer
        log.info("%s %s %s", request.method, request.path, response.status_code)
        return response

    def _is_obs(self, request: Request) -> bool:
        """An object may be called v1/models; no bucket is called v3, and OBS has signatures of its own."""
        if request.path == "/v3" or request.headers.get("Authorization", "").startswith(ALGORITHM):
            return False
        if not request.path.startswith(API_PREFIXES):
            return True
        return "X-Auth-Token" not in request.headers and obs.names_bucket(self._sandbox, request)

    def _dispatch(self, request: Request) -> Reply | Response:
        route, path = self._match(request)
        scoped = not _is_iam(request)
        user = authenticate(self._sandbox, request, scoped=scoped) if not route or route.auth else ""
        if "project_id" in path:
            check_project(self._sandbox, path["project_id"], first_api=request.path.startswith("/v1/"))
        if route is None:
            raise WireError(404, "ModelArts.2836", f"The requested path {request.path} is not found.")
        project_id = path.pop("project_id", self._sandbox.credentials.project_id)
        return route.handler(Call(self._sandbox, request, project_id, user, path))

    def _match(self, request: Request) -> tuple[Route | None, dict[str, str]]:
        try:
            found, path = self._map.bind("").match(request.path, request.method)
        except MethodNotAllowed as error:
            authenticate(self._sandbox, request, scoped=not _is_iam(request))
            raise WireError(405, "ModelArts.2803", f"Method {request.method} is not allowed here.") from error
        except NotFound:
            return None, {}
        return cast(Route, found), dict(path)


@cache
def _map(routes: tuple[Route, ...]) -> Map:
    """Compiled once: it takes longer than all else that a new sandbox does."""
    rules = [Rule(route.rule, methods=_methods(route), endpoint=route) for route in routes]
    return Map(rules, strict_slashes=False, merge_slashes=False, redirect_defaults=False)


def _is_iam(request: Request) -> bool:
    return request.path.startswith(IAM_PREFIXES)


def _as_iam(error: WireError, request_id: str) -> Reply:
    """IAM has no codes of its own for what is wrong with a path or a token; what is in front of it has."""
    return error.reply(request_id) if error.code.startswith("APIGW.") else keystone(error.status, error.message)


def _methods(route: Route) -> Sequence[str]:
    return METHODS if route.method == "*" else (route.method,)


def proper(environ: "WSGIEnvironment") -> "WSGIEnvironment":
    """PATH_INFO as WSGI has it, UTF-8 read as Latin-1; in-process clients put the decoded text there."""
    path = environ.get("PATH_INFO", "")
    try:
        path.encode("latin-1").decode()
    except UnicodeError:
        return environ | {"PATH_INFO": path.encode().decode("latin-1")}
    return environ
