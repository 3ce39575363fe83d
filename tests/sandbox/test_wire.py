"""Routes, calls and replies: what every file of the API relies on."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from fmctl.sandbox import Sandbox
from fmctl.sandbox.app import Application
from fmctl.sandbox.wire import Call, Reply, WireError, route

Get = Callable[..., httpx.Response]


@route("GET", "/v1/{project_id}/things/{thing_id}")
def one(call: Call) -> Reply:
    return Reply(200, {"thing": call.path["thing_id"], "project": call.project_id, "user": call.user})


@route("GET", "/v1/{project_id}/things/special")
def special(call: Call) -> Reply:
    return Reply(200, ["special"])


@route("*", "/v1/tail/{id}/{rest...}", auth=False)
def tail(call: Call) -> Reply:
    return Reply(200, f"{call.request.method} {call.path['id']} {call.path['rest']}", {"Content-Type": "text/plain"})


@route("POST", "/v1/{project_id}/echo")
def echo(call: Call) -> Reply:
    return Reply(201, call.json("ModelArts.4105"))


@route("GET", "/v1/{project_id}/trouble/{kind}")
def trouble(call: Call) -> Reply:
    if call.path["kind"] == "known":
        raise WireError(409, "ModelArts.3002", "It is there.", "Take another name.")
    raise RuntimeError("a bug")


@pytest.fixture
def get(sandbox: Sandbox, api: httpx.Client) -> Get:
    app = Application(sandbox, [one, special, tail, echo, trouble])
    token, project = api.headers["X-Auth-Token"], sandbox.credentials.project_id

    def call(path: str, method: str = "GET", **options: Any) -> httpx.Response:
        with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://x") as client:
            return client.request(method, path.replace("PROJECT", project), headers={"X-Auth-Token": token}, **options)

    return call


def test_literal_segments_win(get: Get, sandbox: Sandbox) -> None:
    """A word in a path is not taken for an id, and an id is decoded."""
    owner = sandbox.credentials

    assert ["special"] == get("/v1/PROJECT/things/special").json()
    assert {"thing": "a b é", "project": owner.project_id, "user": owner.user} == get(
        "/v1/PROJECT/things/a%20b%20%C3%A9"
    ).json()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_the_rest_of_a_path_can_be_one_parameter(get: Get, method: str) -> None:
    """A route may take any method and everything below a path, slashes included."""
    assert f"{method} 7 a/b//c" == get("/v1/tail/7/a/b//c", method).text


def test_a_body_is_an_object_or_an_error(get: Get) -> None:
    """No body is an empty object; what is no object is refused with the code of the resource."""
    answers = [get("/v1/PROJECT/echo", "POST", content=body) for body in (b"", b'{"a": "\xc3\xa9"}', b"[", b"\xff")]

    assert [{}, {"a": "é"}] == [answer.json() for answer in answers[:2]]
    assert ["ModelArts.4105"] * 2 == [answer.json()["error_code"] for answer in answers[2:]]


def test_errors_have_one_shape(get: Get) -> None:
    """A documented error is told with its solution; a bug is a 500 that gives nothing away."""
    known, bug = get("/v1/PROJECT/trouble/known"), get("/v1/PROJECT/trouble/bug")

    assert (
        409,
        {"error_code": "ModelArts.3002", "error_msg": "It is there.", "error_solution": "Take another name."},
    ) == (
        known.status_code,
        known.json(),
    )
    assert (500, "ModelArts.0010") == (bug.status_code, bug.json()["error_code"])
    assert "a bug" not in bug.text


def test_every_answer_is_framed(get: Get) -> None:
    """Length, type and request id are always there; the type can be the handler's own."""
    answers = [get("/v1/PROJECT/things/special"), get("/v1/tail/1/x"), get("/v1/PROJECT/trouble/known")]

    assert ["application/json", "text/plain", "application/json"] == [a.headers["Content-Type"] for a in answers]
    assert all(int(answer.headers["Content-Length"]) == len(answer.content) for answer in answers)
    assert 3 == len({answer.headers["X-Request-Id"] for answer in answers})
