"""The vocabulary of every API file: `Call` in, `Reply` or `WireError` out, `route` to say where.

    @route("GET", "/v1/{project_id}/models/{model_id}")
    def show(call: Call) -> Reply:
        ...

    ROUTES: Sequence[Route] = (show,)

`{name}` is one path segment, `{name...}` the rest of the path, slashes included; a method `*` takes any method.
Literal segments win over parameters. What is not a `Reply` may be a werkzeug `Response`, for streams.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request, Response

from fmctl.sandbox import strict_json
from fmctl.sandbox.account import Account

Body = dict[str, Any] | list[Any] | bytes | str | None
Handler = Callable[["Call"], "Reply | Response"]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. Maps and lists become JSON; text and bytes are sent as they are; None is an empty body."""

    status: int = 200
    body: Body = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        body = json.dumps(self.body, ensure_ascii=False) if isinstance(self.body, (dict, list)) else self.body
        return Response(body or b"", self.status, {"Content-Type": "application/json", **self.headers})


class WireError(Exception):
    """An error that the API documents: `WireError(400, "ModelArts.2775", "Training job (ID: x) not found.")`."""

    def __init__(self, status: int, code: str, message: str, solution: str = "") -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.code = code
        self.message = message
        self.solution = solution

    def reply(self, request_id: str = "") -> Reply:
        """The answer; the gateway in front of the platform says in its errors which request it was."""
        body = {"error_code": self.code, "error_msg": self.message}
        if self.solution:
            body["error_solution"] = self.solution
        if self.code.startswith("APIGW."):
            body["request_id"] = request_id
        return Reply(self.status, body)


def keystone(status: int, message: str) -> Reply:
    """An error as IAM words it."""
    return Reply(status, {"error": {"code": status, "message": message, "title": HTTPStatus(status).phrase}})


def unsupported(message: str) -> WireError:
    """ModelArts has it, the sandbox does not: said in so many words, and never taken for a success."""
    return WireError(400, "ModelArts.2858", f"Operation unsupported: {message}")


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request. `path` holds the parameters of the route's path, percent-decoded."""

    sandbox: Account
    request: Request
    project_id: str
    user: str
    path: Mapping[str, str] = field(default_factory=dict)

    @property
    def query(self) -> MultiDict[str, str]:
        return self.request.args

    def json(self, code: str = "ModelArts.2787") -> dict[str, Any]:
        """The body as a JSON object; an absent body is an empty object."""
        data = self.request.get_data()
        try:
            body = strict_json.loads(data or b"{}")
        except ValueError as error:
            raise WireError(400, code, f"Invalid JSON in the request body: {error}") from error
        if not isinstance(body, dict):
            raise WireError(400, code, "Invalid JSON in the request body: an object is expected")
        return body


@dataclass(frozen=True, slots=True)
class Route:
    """Where a handler answers. Without `auth` anybody may call it."""

    method: str
    path: str
    handler: Handler
    auth: bool = True

    @property
    def rule(self) -> str:
        """The path in werkzeug's notation."""
        return re.sub(r"\{(\w+)\}", r"<\1>", re.sub(r"\{(\w+)\.\.\.\}", r"<path:\1>", self.path))


def route(method: str, path: str, *, auth: bool = True) -> Callable[[Handler], Route]:
    """Make a function the handler of METHOD and PATH."""
    return lambda handler: Route(method, path, handler, auth)
