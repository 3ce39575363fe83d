"""Signatures and tokens, driven without a client."""

from __future__ import annotations

import httpx
import pytest
from faketime import FakeClock

from fmctl.domain.problem import ApiError, CredentialError, NoAnswer
from fmctl.modelarts.auth import AkSkAuth, PasswordAuth, TokenAuth

AK, SK = "TESTAKTESTAKTESTAKTE", "testSKtestSKtestSKtestSKtestSKtestSKtest"
PROJECT = "0123456789abcdef0123456789abcdef"
JOB = f"/v2/{PROJECT}/training-jobs/66ff6991-fd66-40b6-8101-0829a46d3731"
JSON = "application/json"
STILL = FakeClock(1704164645.0)  # 2024-01-02T03:04:05Z
SIGNED = "content-type;host;user-agent;x-project-id;x-sdk-date"

VECTORS = {
    "V1": (
        httpx.Request(
            "GET",
            f"https://modelarts.example.com{JOB}/events?offset=0&limit=10&order=desc&pattern=a%20b%2F%E4%B8%AD~",
            headers={"Content-Type": JSON},
        ),
        "e82995bd1669eac87b1105a99b0f06e23fe8b46e1a112c9ecce75645540f629c",
    ),
    "V2": (
        httpx.Request(
            "POST",
            f"https://modelarts.example.com/v2/{PROJECT}/training-jobs",
            headers={"Content-Type": f"{JSON};charset=utf-8"},
            content=b'{"kind":"job","metadata":{"name":"t1"}}',
        ),
        "20b844b18b96fc2296efd06f4e5094f4d7fecf7b99626ef24db93432e0a62028",
    ),
    "V3": (
        httpx.Request("DELETE", f"http://127.0.0.1:18080{JOB}", headers={"Content-Type": JSON}),
        "3581e3c1fe882a12c05f140a0b45cd1d69c5a8fdec970ff5d884735c72d9063e",
    ),
}


def signed(auth: httpx.Auth, request: httpx.Request) -> httpx.Request:
    return next(auth.sync_auth_flow(request))


@pytest.mark.parametrize("name", VECTORS)
def test_signatures_equal_the_official_sdks(name: str) -> None:
    """A request is signed as the official SDK signs it."""
    request, expected = VECTORS[name]
    request.headers["User-Agent"] = "probe"
    auth = AkSkAuth(AK, SK, project_id=PROJECT, clock=STILL)

    assert (
        f"SDK-HMAC-SHA256 Access={AK}, SignedHeaders={SIGNED}, Signature={expected}"
        == signed(auth, request).headers["Authorization"]
    )


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        (
            "GET",
            "services?limit=10&offset=0&service_name=a%20b",
            None,
            "2b36eda599bbc798b0202ad0758cc284d13d7b784c1fc4192b53a674da9d3ece",
        ),
        (
            "PUT",
            "services/svc-1",
            b'{"status": "stopped"}',
            "85de874470e33eeceee5fde6e9aedabc82dde35e84bc33259077e66b99fadc2a",
        ),
    ],
)
def test_services_are_signed_as_the_official_sdk_does(
    method: str, path: str, body: bytes | None, expected: str
) -> None:
    """Without a User-Agent, what is left is signed."""
    request = httpx.Request(
        method,
        f"https://modelarts.cn-north-4.example.com/v1/proj0/{path}",
        content=body,
        headers={"Content-Type": JSON, "X-Sdk-Date": "20261120T100000Z"},
    )
    auth = AkSkAuth(
        "AKEXAMPLE0000000FAKE", "SKexample0000000000000000000000000000FAKE", project_id="proj0", clock=STILL
    )

    assert signed(auth, request).headers["Authorization"].endswith(f"Signature={expected}")


def test_a_security_token_is_signed() -> None:
    """A temporary credential's token travels with the request and is part of what is signed."""
    auth = AkSkAuth(AK, SK, security_token="temporary", clock=STILL)
    request = signed(auth, httpx.Request("GET", "https://h/"))

    assert "temporary" == request.headers["X-Security-Token"]
    assert "SignedHeaders=host;x-sdk-date;x-security-token," in request.headers["Authorization"]


def test_what_is_not_json_is_signed_without_its_content() -> None:
    """Multipart bodies are sent with an unsigned payload, as the SDK does."""
    request = httpx.Request("POST", "https://h/", content=b"x", headers={"Content-Type": "multipart/form-data"})
    request = signed(AkSkAuth(AK, SK, clock=STILL), request)

    assert "UNSIGNED-PAYLOAD" == request.headers["X-Sdk-Content-Sha256"]


def password_auth(clock: FakeClock) -> PasswordAuth:
    return PasswordAuth(
        "https://iam.example.com", account="acme", user="ci", password="p4ss", project="cn-north-4", clock=clock
    )


def iam_answer(request: httpx.Request, token: str, expires: str = "2023-11-15T22:13:20.000000Z") -> httpx.Response:
    body = {"token": {"expires_at": expires}}
    return httpx.Response(201, headers={"X-Subject-Token": token}, json=body, request=request)


def test_a_password_becomes_a_project_token() -> None:
    """The first request asks IAM for a token of the project, the second uses it again."""
    auth = password_auth(FakeClock())
    flow = auth.sync_auth_flow(httpx.Request("GET", "https://h/"))
    asked = next(flow)
    first = flow.send(iam_answer(asked, "T1"))
    second = signed(auth, httpx.Request("GET", "https://h/"))

    assert "https://iam.example.com/v3/auth/tokens?nocatalog=true" == str(asked.url)
    assert b'"scope":{"project":{"name":"cn-north-4"}}' in asked.content
    assert ["T1", "T1"] == [first.headers["X-Auth-Token"], second.headers["X-Auth-Token"]]


def test_a_token_is_renewed_before_it_expires() -> None:
    """A token with less than five minutes to live is not used again."""
    clock = FakeClock()
    auth = password_auth(clock)
    flow = auth.sync_auth_flow(httpx.Request("GET", "https://h/"))
    flow.send(iam_answer(next(flow), "T1"))
    clock.sleep(24 * 3600 - 299)
    again = signed(auth, httpx.Request("GET", "https://h/"))

    assert "/v3/auth/tokens" == again.url.path


def test_a_refused_password_is_a_credential_error() -> None:
    """What IAM refuses is not tried again, and the error shows no password."""
    flow = password_auth(FakeClock()).sync_auth_flow(httpx.Request("GET", "https://h/"))
    refusal = httpx.Response(401, json={"error": {"code": 401, "message": "no"}}, request=next(flow))
    with pytest.raises(CredentialError) as caught:
        flow.send(refusal)

    assert "p4ss" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(403, json={"error": {"code": 403, "message": "locked"}}), ApiError),
        (httpx.Response(503), NoAnswer),
        (httpx.Response(200, text="<html>welcome</html>"), NoAnswer),
        (httpx.Response(201, json={"token": {"expires_at": "soon"}}, headers={"X-Subject-Token": "MII"}), NoAnswer),
    ],
)
def test_other_answers_of_iam_are_errors(answer: httpx.Response, error: type[ApiError]) -> None:
    """IAM's failures are errors like any API's."""
    flow = password_auth(FakeClock()).sync_auth_flow(httpx.Request("GET", "https://h/"))
    answer.request = next(flow)
    with pytest.raises(error) as caught:
        flow.send(answer)

    assert "MII" not in str(caught.value)


def test_a_given_token_is_sent() -> None:
    """A token is sent as it was given."""
    request = signed(TokenAuth("MII1"), httpx.Request("GET", "https://h/"))

    assert "MII1" == request.headers["X-Auth-Token"]


@pytest.mark.parametrize(
    "auth", [AkSkAuth(AK, SK, security_token="sec", clock=STILL), TokenAuth("MII1"), password_auth(STILL)]
)
def test_no_repr_shows_a_secret(auth: httpx.Auth) -> None:
    """A credential can be printed without giving anything away."""
    assert not [secret for secret in (AK, SK, "sec", "MII1", "p4ss") if secret in repr(auth)]


@pytest.mark.parametrize("token", ["two\nlines", "naïve"])
def test_a_garbled_token_is_refused_before_it_is_sent(token: str) -> None:
    """What no header can hold is a credential error that does not show it."""
    with pytest.raises(CredentialError) as caught:
        TokenAuth(token)

    assert token not in str(caught.value)
