"""The client against a scripted network: faults, retries, renewed tokens, odd answers."""

from __future__ import annotations

import gc
import socket
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from faketime import FakeClock

from fmctl.domain.problem import ApiError, CredentialError, NoAnswer, NotFound, UsageError
from fmctl.modelarts.auth import AkSkAuth, PasswordAuth, TokenAuth
from fmctl.modelarts.client import Client
from fmctl.modelarts.iam import find_project
from fmctl.sandbox.sandbox import Sandbox

JOBS = "/v2/{project_id}/training-jobs"
Handler = Callable[[httpx.Request], httpx.Response]


def client(handler: Handler, clock: FakeClock | None = None, auth: httpx.Auth | None = None) -> Client:
    return Client(
        "https://modelarts.example.com",
        "p1",
        auth=auth or TokenAuth("MII1"),
        clock=clock or FakeClock(),
        transport=httpx.MockTransport(handler),
    )


class Script:
    """Gives its answers one after the other, the last one for ever; an exception is raised."""

    def __init__(self, *answers: httpx.Response | Exception | type[Exception]) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, httpx.Response):
            return answer
        raise answer if isinstance(answer, Exception) else answer("lost")


def ok(body: Any = None) -> httpx.Response:
    return httpx.Response(200, json=body if body is not None else {"done": True})


def failure(status: int, code: str = "", **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"error_code": code, "error_msg": "words"}, headers=headers)


def test_a_call_becomes_a_request() -> None:
    """Placeholders, queries and bodies are sent as the official SDK sends them."""
    script = Script(ok())
    client(script).call("POST", f"{JOBS}/a%2Fb", query={"z": True, "a": "b /中", "n": 1}, body={"name": "é"})
    request = script.requests[0]

    expected = "https://modelarts.example.com/v2/p1/training-jobs/a%2Fb?a=b%20%2F%E4%B8%AD&n=1&z=true"
    assert expected == str(request.url)
    assert (b'{"name": "\xc3\xa9"}', "p1") == (request.content, request.headers["X-Project-Id"])
    assert request.headers["User-Agent"].startswith("fmctl/")


def test_a_get_has_a_content_type_too() -> None:
    """Every call says application/json, because the service's own SDK does, and signs it."""
    script = Script(ok())
    client(script, auth=AkSkAuth("AK", "SK", clock=FakeClock())).call("GET", JOBS)
    signed = script.requests[0].headers["Authorization"]

    assert "SignedHeaders=content-type;host;user-agent;x-project-id;x-sdk-date," in signed


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(204),
        httpx.Response(202, text='""'),
        httpx.Response(200, text="null"),
        httpx.Response(200, text=" \n"),
    ],
)
def test_every_empty_answer_is_none(answer: httpx.Response) -> None:
    """However an answer says nothing, it is None."""
    assert client(Script(answer)).call("DELETE", JOBS) is None


def test_an_absent_object_is_not_found_whatever_the_status() -> None:
    """A 400 with the code of an unknown job is NotFound."""
    with pytest.raises(NotFound):
        client(Script(failure(400, "ModelArts.2775"))).call("GET", f"{JOBS}/1")


@pytest.mark.parametrize("page", ["<html>Sign in</html>", '{"id": "half'])
def test_garbage_is_no_answer(page: str) -> None:
    """A success that is not JSON may be anybody's: what became of the call is unknown."""
    with pytest.raises(NoAnswer):
        client(Script(httpx.Response(200, text=page))).call("POST", JOBS, body={})


def test_redirects_are_errors() -> None:
    """A redirect is not followed: it would carry the credential elsewhere."""
    script = Script(httpx.Response(302, headers={"Location": "https://elsewhere.example.com/"}))
    with pytest.raises(ApiError):
        client(script).call("GET", JOBS)

    assert len(script.requests) == 1


FAULTS = [httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError, failure(503), failure(500, "ModelArts.0010")]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("method", "safe"), [("GET", False), ("POST", True)])
def test_what_is_safe_is_repeated(fault: Any, method: str, safe: bool) -> None:
    """A read, or a call that is marked safe, survives a lost answer."""
    clock = FakeClock()
    answer = client(Script(fault, fault, ok({"total": 3})), clock).call(method, JOBS, safe=safe)

    assert {"total": 3} == answer
    assert len(clock.pauses) == 2


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_what_is_not_safe_is_not_repeated(fault: Any, method: str) -> None:
    """A write whose answer is lost is sent once: the caller has to look what became of it."""
    script = Script(fault, ok())
    with pytest.raises(NoAnswer):
        client(script).call(method, JOBS, body={})

    assert len(script.requests) == 1


def test_what_was_never_sent_is_repeated() -> None:
    """Without a connection nothing was sent: then a write may be tried again."""
    script = Script(httpx.ConnectError, httpx.ConnectTimeout, ok())

    assert {"done": True} == client(script).call("POST", JOBS, body={})


def test_a_wrong_certificate_is_not_tried_again() -> None:
    """The next attempt would meet the same certificate."""
    script = Script(httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate"))
    with pytest.raises(NoAnswer, match="self-signed"):
        client(script).call("GET", JOBS)

    assert len(script.requests) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_throttling_waits_as_long_as_it_is_told(method: str) -> None:
    """429 says that nothing was done: any call waits for Retry-After and is sent again."""
    clock = FakeClock()
    throttled = failure(429, "ModelArts.2799", **{"Retry-After": "7"})

    assert {"done": True} == client(Script(throttled, ok()), clock).call(method, JOBS)
    assert [7.0] == clock.pauses


def test_throttling_may_name_a_date() -> None:
    """Retry-After is seconds or a date."""
    clock = FakeClock(1_700_000_000.0)
    throttled = failure(429, **{"Retry-After": "Tue, 14 Nov 2023 22:13:32 GMT"})
    client(Script(throttled, ok()), clock).call("POST", JOBS)

    assert [12.0] == clock.pauses


def test_pauses_grow_and_end() -> None:
    """Without Retry-After the pauses grow; throttling is waited out for two minutes, then it is the user's."""
    clock = FakeClock()
    script = Script(failure(429, "ModelArts.2799"))
    with pytest.raises(ApiError, match=r"ModelArts\.2799"):
        client(script, clock).call("POST", JOBS)

    assert sorted(clock.pauses[:5]) == clock.pauses[:5]
    assert 90 < sum(clock.pauses) <= 120
    assert 0.25 <= clock.pauses[0] <= 0.5


def test_nobody_waits_for_an_hour() -> None:
    """A Retry-After beyond the budget is an error at once."""
    clock = FakeClock()
    with pytest.raises(ApiError):
        client(Script(failure(429, **{"Retry-After": "3600"})), clock).call("GET", JOBS)

    assert [] == clock.pauses


def test_a_final_answer_is_not_asked_for_again() -> None:
    """A 500 with which the service says that it failed is an answer."""
    script = Script(failure(500, "ModelArts.3501"))
    with pytest.raises(ApiError):
        client(script).call("GET", JOBS)

    assert len(script.requests) == 1


class Iam:
    """An IAM that numbers its tokens, and a ModelArts that takes only tokens from ``valid`` on."""

    def __init__(self, valid: int) -> None:
        self.valid = valid
        self.issued = 0
        self.asked = 0
        self.gate = threading.Barrier(2, timeout=10)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v3/auth/tokens":
            self.issued += 1
            expires = {"token": {"expires_at": "2099-01-01T00:00:00.000000Z"}}
            return httpx.Response(201, headers={"X-Subject-Token": str(self.issued)}, json=expires)
        self.asked += 1
        if int(request.headers["X-Auth-Token"]) >= self.valid:
            return ok()
        self.gate.wait()  # both threads hold the old token when it is refused
        return failure(401, "ModelArts.0202")


def password_client(handler: Handler) -> Client:
    auth = PasswordAuth("https://iam.example.com", account="a", user="u", password="p", project="r", clock=FakeClock())
    return client(handler, auth=auth)


def test_two_threads_with_a_refused_token_fetch_one_new_token() -> None:
    """After a 401 one thread authenticates; the other one replays with what it got."""
    iam = Iam(valid=2)
    api = password_client(iam)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: api.call("GET", JOBS), range(2)))

    assert [{"done": True}] * 2 == answers
    assert (2, 4) == (iam.issued, iam.asked)


def test_a_refused_token_is_replaced_once() -> None:
    """When the new token is refused too, the 401 is the answer."""
    iam = Iam(valid=99)
    iam.gate = threading.Barrier(1)
    with pytest.raises(ApiError, match="401"):
        password_client(iam).call("POST", JOBS, body={})

    assert (2, 2) == (iam.issued, iam.asked)


def test_calls_are_counted_by_what_they_are() -> None:
    """Ids do not tell calls apart: the counter knows methods and paths."""
    api = client(Script(ok()))
    for number in range(3):
        api.call("GET", f"{JOBS}/66ff6991-fd66-40b6-8101-0829a46d373{number}/events")

    assert {f"GET {JOBS}/{{id}}/events": 3} == dict(api.calls)


def test_a_prediction_goes_where_the_service_is() -> None:
    """The service's own address, with the credential; any status is its answer."""
    script = Script(httpx.Response(422, content=b"\x00png", headers={"Content-Type": "image/png"}))
    answer = client(script).predict("http://other.example.com:81/v1/infers/x?q=1", b"raw", "text/plain")

    assert (422, "image/png", b"\x00png") == answer
    assert "http://other.example.com:81/v1/infers/x?q=1" == str(script.requests[0].url)
    assert "MII1" == script.requests[0].headers["X-Auth-Token"]


@pytest.mark.parametrize("endpoint", ["modelarts.example.com", "ftp://x", "https://", "https://[", ""])
def test_an_endpoint_must_be_an_address(endpoint: str) -> None:
    """A mistyped endpoint is the user's mistake and is named."""
    with pytest.raises(UsageError):
        Client(endpoint, "p1", auth=TokenAuth("t"), clock=FakeClock())


def test_a_client_shows_no_secret() -> None:
    """Neither a client nor its errors show the credential."""
    api = client(Script(failure(403, "ModelArts.0206")), auth=AkSkAuth("AKIA", "s3cr3t", clock=FakeClock()))
    with pytest.raises(ApiError) as caught:
        api.call("GET", JOBS)

    assert not [word for word in ("AKIA", "s3cr3t", "Signature") if word in f"{api!r}{caught.value!r}"]


def test_a_region_has_one_project() -> None:
    """The project's id is found by the region's name."""
    script = Script(ok({"projects": [{"id": "p9"}]}))
    found = find_project(
        "https://iam.example.com",
        "cn-north-4",
        TokenAuth("t"),
        clock=FakeClock(),
        transport=httpx.MockTransport(script),
    )

    assert ("p9", "https://iam.example.com/v3/projects?name=cn-north-4") == (found, str(script.requests[0].url))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (ok({"projects": []}), CredentialError),
        (ok({"projects": [{"id": "1"}, {"id": "2"}]}), CredentialError),
        (ok([]), NoAnswer),
        (failure(401, "APIGW.0301"), ApiError),
    ],
)
def test_a_project_that_cannot_be_told_is_an_error(answer: httpx.Response, error: type[Exception]) -> None:
    """None, or several, or something else: the user has to say which."""
    transport = httpx.MockTransport(Script(answer))
    with pytest.raises(error):
        find_project("https://iam.example.com", "r", TokenAuth("t"), clock=FakeClock(), transport=transport)


@pytest.fixture
def peers() -> Iterator[tuple[str, list[int]]]:
    """A real server that notes from which port it was asked."""
    seen: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            seen.append(self.client_address[1])
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()
        thread.join()


def test_a_thread_has_one_connection(peers: tuple[str, list[int]]) -> None:
    """Calls of one thread share a connection, other threads have their own."""
    endpoint, seen = peers
    api = Client(endpoint, "p1", auth=TokenAuth("t"), clock=FakeClock())
    gate = threading.Barrier(2, timeout=10)

    def twice(_: int) -> None:
        gate.wait()
        api.call("GET", JOBS)
        api.call("GET", JOBS)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(twice, range(2)))
    api.close()

    assert [2, 2] == [seen.count(port) for port in sorted(set(seen))]


def test_a_dead_endpoint_is_named() -> None:
    """When nobody listens, the error says where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    api = Client(f"http://127.0.0.1:{port}", "p1", auth=TokenAuth("t"), clock=FakeClock())
    with pytest.raises(NoAnswer, match=f"cannot connect to 127.0.0.1:{port}"):
        api.call("POST", JOBS, body={})
    api.close()


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path, clock=FakeClock(), components=())
    yield sandbox
    sandbox.close()


@pytest.mark.parametrize("how", ["key pair", "password"])
def test_the_sandbox_knows_us(sandbox: Sandbox, how: str) -> None:
    """A service that verifies signatures and tokens accepts ours."""
    owner, clock = sandbox.credentials, FakeClock()
    auths: dict[str, httpx.Auth] = {
        "key pair": AkSkAuth(owner.access_key, owner.secret_key, clock=clock),
        "password": PasswordAuth(
            "http://iam.test",
            account=owner.domain,
            user=owner.user,
            password=owner.password,
            project=owner.region,
            clock=clock,
        ),
    }
    transport = httpx.WSGITransport(sandbox.wsgi)
    found = find_project("http://iam.test", owner.region, auths[how], clock=clock, transport=transport)

    assert owner.project_id == found


def test_connections_close_with_their_owner() -> None:
    """A client that nobody holds any more is gone, with its connections: programs open many and close none."""
    owner = Client("http://127.0.0.1:1", "p", auth=TokenAuth("t"), clock=FakeClock())
    with pytest.raises(NoAnswer):
        owner.call("GET", JOBS)
    seen = weakref.ref(owner._connections)
    del owner
    gc.collect()

    assert seen() is None
