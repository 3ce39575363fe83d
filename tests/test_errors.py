"""Which error an answer becomes, and what its text says and does not say."""

from __future__ import annotations

import httpx
import pytest

from fmctl.domain.problem import AlreadyExists, ApiError, ExitCode, NoAnswer, NotFound, WrongState
from fmctl.modelarts import errors


def answer(status: int, body: object = None, *, headers: dict[str, str] | None = None) -> httpx.Response:
    sent = {"Authorization": "SDK-HMAC-SHA256 Access=AKIA, SignedHeaders=host, Signature=ffee", "X-Auth-Token": "MII1"}
    request = httpx.Request("GET", "https://h/v2/p/training-jobs", headers=sent)
    text = {"text": body} if isinstance(body, str) else {"json": body}
    return httpx.Response(status, headers=headers, request=request, **text)  # type: ignore[arg-type]


def coded(status: int, code: str, message: str = "words") -> httpx.Response:
    return answer(status, {"error_code": code, "error_msg": message})


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "ModelArts.2775", NotFound),
        (400, "ModelArts.2755", NotFound),
        (400, "ModelArts.2842", NotFound),
        (400, "ModelArts.7005", NotFound),
        (400, "ModelArts.6309", NotFound),
        (404, "ModelArts.3001", NotFound),
        (404, "ModelArts.3502", NotFound),
        (404, "ModelArts.2890", NotFound),
        (404, "ModelArts.2786", ApiError),  # the wrong project
        (404, "ModelArts.2836", ApiError),  # the wrong path
        (404, "APIG.0101", ApiError),
        (400, "ModelArts.2788", ApiError),
        (400, "ModelArts.2751", AlreadyExists),
        (409, "ModelArts.3002", AlreadyExists),
        (409, "ModelArts.3503", AlreadyExists),
        (409, "ModelArts.2796", WrongState),
        (409, "ModelArts.2813", WrongState),
        (409, "ModelArts.2878", WrongState),
        (400, "ModelArts.3519", WrongState),
        (400, "ModelArts.3515", WrongState),
        (500, "ModelArts.0010", NoAnswer),
        (500, "ModelArts.2950", NoAnswer),
        (503, "APIG.0201", NoAnswer),
        (408, "ModelArts.4205", NoAnswer),
        (500, "ModelArts.3009", ApiError),
        (500, "ModelArts.3501", ApiError),
        (500, "ModelArts.3504", ApiError),
        (500, "ModelArts.3505", ApiError),
        (500, "ModelArts.3006", ApiError),
        (429, "ModelArts.2799", ApiError),
        (401, "ModelArts.0202", ApiError),
    ],
)
def test_status_and_code_decide_the_class(status: int, code: str, expected: type[ApiError]) -> None:
    """The class follows from status and code together: neither alone is enough."""
    problem = errors.problem(coded(status, code), "GET x")

    assert expected is type(problem)


def test_a_bare_404_does_not_make_things_look_deleted() -> None:
    """A 404 that is not of ModelArts, as a proxy's, is no NotFound."""
    problem = errors.problem(answer(404, "<html><body>nginx</body></html>"), "GET x")

    assert ApiError is type(problem)
    assert "endpoint" in (problem.hint or "")


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_have_their_own_exit_code(status: int) -> None:
    """401 and 403 exit with the code of authentication."""
    assert ExitCode.AUTH is errors.problem(coded(status, "ModelArts.0203"), "GET x").code


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"error_code": "ModelArts.2788", "error_msg": "bad name"}, "ModelArts.2788", "bad name"),
        ({"errorCode": "APIGW.0301", "errorMsg": "bad key"}, "APIGW.0301", "bad key"),
        ({"error": {"code": 400, "message": "keystone", "title": "Bad"}}, None, "keystone"),
        ({"data": [{"inner": {"error_code": "A.1", "error_msg": "deep"}}]}, "A.1", "deep"),
        ("<html><style>p{}</style><h1>502</h1>\n Bad &amp; ugly</html>", None, "502 Bad & ugly"),
        ("é" * 999, None, "é" * 200),
        (["odd"], None, "['odd']"),
        (None, None, "Bad Request"),
    ],
)
def test_every_shape_of_body_is_read(body: object, code: str | None, message: str) -> None:
    """Code and message are found wherever the service or the gateway put them."""
    problem = errors.problem(answer(400, body), "GET x")

    assert (code, True) == (problem.error_code, f"GET x: {message} (HTTP 400" in problem.message)


def test_the_request_id_comes_from_the_header_or_the_body() -> None:
    """What support asks for is shown."""
    header = errors.problem(answer(400, {"error_msg": "x"}, headers={"X-Request-Id": "r1"}), "GET x")
    body = errors.problem(answer(401, {"error_code": "APIGW.0301", "error_msg": "x", "request_id": "r2"}), "GET x")

    assert ("r1", "r2") == (header.request_id, body.request_id)


@pytest.mark.parametrize("key", ["environments", "envs"])
def test_no_error_quotes_a_variable(key: str) -> None:
    """A service that repeats what it was sent does not bring the value of a secret onto the terminal."""
    sent = {"spec": {"config": [{key: {"DB_PASSWORD": "hunter22", "MODE": "fast"}}]}}
    request = httpx.Request("POST", "https://h/v1/p/services", json=sent)
    body = {"error_code": "ModelArts.3599", "error_msg": "bad value hunter22 of DB_PASSWORD, fast of MODE"}

    problem = errors.problem(httpx.Response(400, request=request, json=body), "POST x")

    assert "bad value *** of DB_PASSWORD, fast of MODE" in str(problem)


def test_no_error_quotes_a_secret() -> None:
    """A gateway that repeats the request in its message does not make fmctl print keys and tokens."""
    problem = errors.problem(coded(401, "APIGW.0301", "signature of AKIA: ffee, x-auth-token:MII1"), "GET x")
    page = errors.garbage(answer(200, "you sent MII1"), "GET x")

    assert not [secret for secret in ("AKIA", "ffee", "MII1") if secret in str(problem) + str(page)]


def test_no_error_plays_tricks_on_the_terminal() -> None:
    """Control characters do not get through."""
    problem = errors.problem(coded(400, "A.1", "red \x1b[31malert\x07"), "GET x")

    assert problem.message.isprintable()


@pytest.mark.parametrize(
    ("response", "word"),
    [
        (coded(403, "ModelArts.2785"), "authorise"),
        (coded(404, "ModelArts.2786"), "project"),
        (coded(429, "ModelArts.2799"), "--parallelism"),
        (coded(401, "APIGW.0301"), "clock"),
        (answer(302, headers={"Location": "https://login.example.com/?next=1"}), "login.example.com"),
        (answer(400, {"error_code": "A.1", "error_msg": "x", "error_solution": "turn it off and on"}), "turn it off"),
    ],
)
def test_errors_that_have_a_remedy_say_it(response: httpx.Response, word: str) -> None:
    """A hint says what to do next."""
    assert word in (errors.problem(response, "GET x").hint or "")
