"""What scrubbing makes of an account that has its own names, on hosts of its own."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from vcr.request import Request

from .recording import STAND_IN
from .scrubbing import BLANK, Scrubber, leaks
from .site import Site

SITE = Site(
    name="real",
    modelarts="https://modelarts.cn-north-4.myhuaweicloud.com",
    iam="https://iam.cn-north-4.myhuaweicloud.com",
    obs="https://obs.cn-north-4.myhuaweicloud.com",
    region="cn-north-4",
    project_id="0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    access_key="HPUAREALLOOKINGKEY00",
    secret_key="realLookingSecretrealLookingSecretrealLo",
    user="somebody",
    password="p4ss-w0rd/+",
    domain="some-company",
    bucket="their-bucket",
    folder="team a/contract/",
    tag="5e1f00",
)


@pytest.fixture
def scrubber() -> Scrubber:
    return Scrubber(SITE, STAND_IN)


def response(body: Any, **headers: str) -> dict[str, Any]:
    listed = {name.replace("_", "-"): [value] for name, value in headers.items()}
    return {"status": {"code": 200, "message": "OK"}, "headers": listed, "body": {"string": body}}


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        (
            "https://modelarts.cn-north-4.myhuaweicloud.com/v2/0a1b2c3d4e5f60718293a4b5c6d7e8f9/training-job-names",
            "https://modelarts.example.com/v2/00000000000000000000000000000000/training-job-names",
        ),
        (
            "https://their-bucket.obs.cn-north-4.myhuaweicloud.com/?prefix=team%20a%2Fcontract%2Fcode%2F",
            "https://contract-bucket.obs.example.com/?prefix=contract%2Fcode%2F",
        ),
        (
            "https://iam.cn-north-4.myhuaweicloud.com/v3/projects?name=cn-north-4",
            f"{STAND_IN.iam}/v3/projects?name=region-1",
        ),
    ],
)
def test_addresses_are_those_of_the_stand_in(scrubber: Scrubber, uri: str, expected: str) -> None:
    """So that the stand-in, when it asks, is answered."""
    assert expected == scrubber.request(Request("GET", uri, None, {})).uri


def test_headers_are_kept_only_where_they_are_needed(scrubber: Scrubber) -> None:
    """Whoever invents another header for a secret is left out, too."""
    sent = {"Authorization": "x", "X-Auth-Token": "y", "X-Security-Token": "z", "Content-Type": "application/json"}
    request = scrubber.request(Request("GET", SITE.modelarts, None, sent))
    answer = scrubber.response(response(b"", X_Subject_Token="MIIreal", Set_Cookie="c", ETag='"e"'))

    assert {"Content-Type": "application/json"} == dict(request.headers)
    assert {"etag": ['"e"'], "x-subject-token": [BLANK]} == answer["headers"]


def test_fields_of_people_are_blank(scrubber: Scrubber) -> None:
    """Whatever is in them; and what was met there is blank in every other place of the cassette."""
    body = {"owner": "another person", "token": {"user": {"id": "f00dcafe", "name": "x"}, "roles": [{"name": "admin"}]}}
    kept = json.loads(scrubber.body(json.dumps(body).encode()))

    assert {"owner": BLANK, "token": {"user": {"id": BLANK, "name": BLANK}, "roles": [{"name": "admin"}]}} == kept
    assert f"by {BLANK}, {BLANK}" == scrubber.last("by another person, f00dcafe")


def test_what_is_signed_is_blank(scrubber: Scrubber) -> None:
    """Signed links, signatures that errors quote, and the owner that object storage tells."""
    link = "https://logs.obs.cn-north-4.myhuaweicloud.com/j/worker-0.log?AWSAccessKeyId=A&Expires=1&Signature=b%2Fc%3D"
    quoted = "verify aksk signature fail, Access=HPUAREALLOOKINGKEY00, Signature=0123456789abcdef"
    owner = "<Owner><ID>0f0f0f</ID></Owner><StringToSign>GET /</StringToSign>"
    text = scrubber.text("\n".join((link, quoted, owner)))

    assert {} == leaks(text, SITE)
    assert not [word for word in ("0123456789abcdef", "0f0f0f", "GET /", "worker-0.log") if word in text]


def test_the_length_is_that_of_what_is_kept(scrubber: Scrubber) -> None:
    """Clients count; an answer without a body keeps the length that it tells of."""
    kept = scrubber.response(response(b'{"project": "0a1b2c3d4e5f60718293a4b5c6d7e8f9"}', Content_Length="47"))
    head = scrubber.response(response(b"", Content_Length="102407"))

    assert [str(len(kept["body"]["string"]))] == kept["headers"]["content-length"]
    assert ["102407"] == head["headers"]["content-length"]


@pytest.mark.parametrize("name", ["access_key", "secret_key", "user", "password", "domain", "project_id"])
def test_a_leak_is_found(name: str) -> None:
    """By what it is."""
    assert {name: getattr(SITE, name)} == leaks(f"before {getattr(SITE, name)} after", SITE)


def test_short_names_stay_where_they_are_words() -> None:
    """An account named like half of all words would leave no word whole; in fields of people it is blank anyway."""
    site = replace(SITE, domain="job")
    kept = json.loads(Scrubber(site, STAND_IN).body(b'{"kind": "job", "tenant": "job"}'))

    assert {"kind": "job", "tenant": BLANK} == kept
