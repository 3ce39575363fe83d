"""SDK-HMAC-SHA256 as the server verifies it, against signatures that were made elsewhere."""

import json
from dataclasses import replace

import pytest

from fmctl.sandbox.signature import BadSignature, SignedRequest, canonical_request, sign, verify

AK, SK = "TESTAKTESTAKTESTAKTE", "testSKtestSKtestSKtestSKtestSKtestSKtest"
PROJECT = "0123456789abcdef0123456789abcdef"
JOB = f"/v2/{PROJECT}/training-jobs/66ff6991-fd66-40b6-8101-0829a46d3731"
NAMES = ["content-type", "host", "user-agent", "x-project-id", "x-sdk-date"]
SIGNED_AT = 1704164645.0  # 20240102T030405Z


def request(method: str, path: str, query: str = "", body: bytes = b"", **headers: str) -> SignedRequest:
    base = {
        "host": "modelarts.example.com",
        "user-agent": "probe",
        "x-project-id": PROJECT,
        "x-sdk-date": "20240102T030405Z",
        "content-type": "application/json",
    }
    return SignedRequest(method, path, query, base | {k.replace("_", "-"): v for k, v in headers.items()}, body)


V1 = request("GET", f"{JOB}/events", "offset=0&limit=10&order=desc&pattern=a%20b%2F%E4%B8%AD~")
V2 = request(
    "POST",
    f"/v2/{PROJECT}/training-jobs",
    body=b'{"kind":"job","metadata":{"name":"t1"}}',
    content_type="application/json;charset=utf-8",
)
V3 = request("DELETE", JOB, host="127.0.0.1:18080")
VECTORS = [
    (V1, "e82995bd1669eac87b1105a99b0f06e23fe8b46e1a112c9ecce75645540f629c"),
    (V2, "20b844b18b96fc2296efd06f4e5094f4d7fecf7b99626ef24db93432e0a62028"),
    (V3, "3581e3c1fe882a12c05f140a0b45cd1d69c5a8fdec970ff5d884735c72d9063e"),
]


def signed(vector: SignedRequest, signature: str, names: list[str] = NAMES, access: str = AK) -> SignedRequest:
    text = f"SDK-HMAC-SHA256 Access={access}, SignedHeaders={';'.join(names)}, Signature={signature}"
    return replace(vector, headers={**vector.headers, "authorization": text})


@pytest.mark.parametrize(("vector", "signature"), VECTORS)
def test_the_published_signatures_verify(vector: SignedRequest, signature: str) -> None:
    """Requests that the official SDK has signed are accepted."""
    verify(signed(vector, signature), AK, SK, SIGNED_AT)

    assert signature == sign(vector, NAMES, SK)


def test_the_canonical_request_is_the_published_one() -> None:
    """The path ends in a slash, the query is sorted and encoded, an empty body has the hash of nothing."""
    expected = f"""GET
{JOB}/events/
limit=10&offset=0&order=desc&pattern=a%20b%2F%E4%B8%AD~
content-type:application/json
host:modelarts.example.com
user-agent:probe
x-project-id:{PROJECT}
x-sdk-date:20240102T030405Z

content-type;host;user-agent;x-project-id;x-sdk-date
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"""

    assert expected == canonical_request(V1, NAMES)


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "signature"),
    [
        (
            "GET",
            "/v1/proj0/services",
            "limit=10&offset=0&service_name=a%20b",
            b"",
            "2b36eda599bbc798b0202ad0758cc284d13d7b784c1fc4192b53a674da9d3ece",
        ),
        (
            "PUT",
            "/v1/proj0/services/svc-1",
            "",
            json.dumps({"status": "stopped"}).encode(),
            "85de874470e33eeceee5fde6e9aedabc82dde35e84bc33259077e66b99fadc2a",
        ),
    ],
)
def test_service_requests_verify_without_a_user_agent(
    method: str, path: str, query: str, body: bytes, signature: str
) -> None:
    """Only the headers that are listed count."""
    made = request(
        method,
        path,
        query,
        body,
        host="modelarts.cn-north-4.example.com",
        x_project_id="proj0",
        x_sdk_date="20261120T100000Z",
    )
    names = ["content-type", "host", "x-project-id", "x-sdk-date"]

    assert signature == sign(made, names, "SKexample0000000000000000000000000000FAKE")


@pytest.mark.parametrize(
    ("changed", "now"),
    [
        (replace(V2, body=b"{}"), SIGNED_AT),
        (replace(V2, path=f"/v2/{PROJECT}/other"), SIGNED_AT),
        (replace(V2, query="a=1"), SIGNED_AT),
        (replace(V2, headers={**V2.headers, "user-agent": "other"}), SIGNED_AT),
        (V2, SIGNED_AT + 901),
        (V2, SIGNED_AT - 901),
    ],
)
def test_what_was_changed_or_is_old_is_refused(changed: SignedRequest, now: float) -> None:
    """A signature covers method, path, query, headers and body, for 15 minutes."""
    with pytest.raises(BadSignature):
        verify(signed(changed, VECTORS[1][1]), AK, SK, now)


@pytest.mark.parametrize("left_out", ["host", "x-sdk-date"])
def test_host_and_date_must_be_signed(left_out: str) -> None:
    """A signature that leaves the host or the date open is not accepted, even when it is right."""
    names = [name for name in NAMES if name != left_out]
    with pytest.raises(BadSignature, match=left_out):
        verify(signed(V2, sign(V2, names, SK), names), AK, SK, SIGNED_AT)


@pytest.mark.parametrize("authorization", ["", "Bearer x", "SDK-HMAC-SHA256 Credential=a/b, SignedHeaders=host"])
def test_other_authorizations_are_refused(authorization: str) -> None:
    """What is no signature of this kind is refused and does not crash."""
    with pytest.raises(BadSignature):
        verify(replace(V2, headers={**V2.headers, "authorization": authorization}), AK, SK, SIGNED_AT)


def test_another_key_is_refused() -> None:
    """A signature with the right secret under another access key is not accepted."""
    with pytest.raises(BadSignature):
        verify(signed(V2, VECTORS[1][1], access="SOMEBODYELSE"), AK, SK, SIGNED_AT)


EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("payload", ["UNSIGNED-PAYLOAD", EMPTY])
def test_of_no_body_the_header_or_the_hash_is_signed(payload: str) -> None:
    """Of a request without a body some clients sign what its header says of the body, others the hash of nothing."""
    made = request("DELETE", JOB, x_sdk_content_sha256="UNSIGNED-PAYLOAD")
    verify(signed(made, sign(made, NAMES, SK, payload)), AK, SK, SIGNED_AT)


def test_a_hash_must_be_that_of_the_body() -> None:
    """A body that is not what the header says it is was changed on the way."""
    made = replace(V2, headers={**V2.headers, "x-sdk-content-sha256": EMPTY})
    with pytest.raises(BadSignature, match="sha256"):
        verify(signed(made, sign(made, NAMES, SK, EMPTY)), AK, SK, SIGNED_AT)
