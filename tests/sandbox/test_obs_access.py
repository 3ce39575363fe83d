"""Who may reach OBS without its keys, and by which names: links, forms, hosts."""

import base64
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx
import pytest
from obs import ObsClient

from fmctl.sandbox.server import Server

from .conftest import obs_client

BUCKET = "fmctl-demo"


def test_a_link_needs_no_key(obs: ObsClient) -> None:
    """A signed link reads the object until it expires; a link that was changed does not."""
    obs.putContent(BUCKET, "dir/k", "hello")
    link = obs.createSignedUrl("GET", BUCKET, "dir/k", expires=60).signedUrl
    good, bad = httpx.get(link), httpx.get(link.replace("dir/k", "dir/j"))

    assert (good.status_code, good.text, bad.status_code) == (200, "hello", 403)


def test_a_link_does_what_it_was_made_for(obs: ObsClient) -> None:
    """A link puts, looks at or deletes an object, for as long as it is good, and nothing else."""
    verbs = {"PUT": b"x", "HEAD": None, "DELETE": None}
    links = {verb: obs.createSignedUrl(verb, BUCKET, "a b/é", expires=60).signedUrl for verb in verbs}
    expired = obs.createSignedUrl("GET", BUCKET, "a b/é", expires=-60).signedUrl
    seen = [httpx.request(verb, links[verb], content=body).status_code for verb, body in verbs.items()]

    assert [200, 200, 204] == seen
    assert [403, 403] == [httpx.get(expired).status_code, httpx.get(links["DELETE"]).status_code]


def test_a_link_may_name_headers_of_its_answer(obs: ObsClient) -> None:
    """What a link says of the answer is signed, and kept."""
    obs.putContent(BUCKET, "k", "x")
    wanted = {"response-content-disposition": 'attachment; filename="a b.txt"'}
    link = obs.createSignedUrl("GET", BUCKET, "k", expires=60, queryParams=wanted).signedUrl
    good, bad = httpx.get(link), httpx.get(link.replace("a%20b", "evil"))

    assert (200, 'attachment; filename="a b.txt"') == (good.status_code, good.headers["content-disposition"])
    assert 403 == bad.status_code


@pytest.mark.parametrize(("value", "status"), [("中文", 200), ("a\r\nX-Evil: b", 400)])
def test_a_header_of_an_answer_holds_any_text_of_one_line(obs: ObsClient, value: str, status: int) -> None:
    """Text of any script travels as UTF-8; what would begin another header is refused."""
    obs.putContent(BUCKET, "k", "x")
    link = obs.createSignedUrl("GET", BUCKET, "k", expires=60, queryParams={"response-content-language": value})
    answer = httpx.get(link.signedUrl)
    told = dict(answer.headers.raw).get(b"Content-Language")

    assert (status, value.encode() if status == 200 else None) == (answer.status_code, told)


def send(server: Server, fields: Mapping[str, str]) -> httpx.Response:
    return httpx.post(f"{server.info['obs_endpoint']}/{BUCKET}", data=fields, files={"file": ("f.txt", b"hello")})


def test_a_form_needs_no_key(server: Server) -> None:
    """A form with a signed policy stores what the policy allows, and nothing else."""
    client = obs_client(server)
    made = client.createPostSignature(BUCKET, "form/k", expires=60, formParams={"content-type": "text/plain"})
    form = {"AccessKeyId": made.accessKeyId, "policy": made.policy, "signature": made.signature}
    allowed = form | {"key": "form/k", "content-type": "text/plain"}
    tried = [allowed | {"key": "form/l"}, allowed | {"policy": made.policy[:-4]}, allowed | {"x-obs-meta-a": "1"}, {}]

    assert 204 == send(server, allowed).status_code
    assert [403, 403, 403, 400] == [send(server, fields).status_code for fields in tried]
    assert b"hello" == client.getObject(BUCKET, "form/k", loadStreamInMemory=True).body.buffer


def test_a_form_may_be_signed_with_v4(server: Server) -> None:
    """The other signature of forms is good as well; a policy of the past is not."""
    client = obs_client(server, signature="v4")
    seen = []
    for seconds in (60, -60):
        made = client.createV4PostSignature(BUCKET, "form/k", expires=seconds)
        form = {"policy": made.policy, "x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-credential": made.credential}
        form |= {"x-amz-date": made.date, "x-amz-signature": made.signature, "key": "form/k"}
        seen.append(send(server, form).status_code)

    assert [204, 403] == seen


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        ("5", 400),
        ("[" * 100_000, 400),
        ('{"expiration": "2100-01-01T00:00:00Z", "conditions": 5}', 400),
        ('{"expiration": "2100-01-01T00:00:00Z", "conditions": [[]]}', 403),
    ],
)
def test_a_signed_policy_that_says_nothing_is_refused(server: Server, policy: str, status: int) -> None:
    """Who may sign can still write what is no policy."""
    encoded = base64.b64encode(policy.encode()).decode()
    digest = hmac.new(server.info["secret_key"].encode(), encoded.encode(), "sha1").digest()
    form = {"AccessKeyId": server.info["access_key"], "policy": encoded, "key": "form/k"}

    assert status == send(server, form | {"signature": base64.b64encode(digest).decode()}).status_code


HOSTS: Mapping[str, Mapping[str, object]] = {
    "bucket.localhost": {"server": "http://localhost", "is_signature_negotiation": False},
    "bucket.localhost, v2": {"server": "http://localhost", "signature": "v2"},
    "bucket.localhost, v4": {"server": "http://localhost", "signature": "v4"},
    "bucket.obs.region.domain": {"server": "http://obs.sandbox.example.com", "is_signature_negotiation": False},
    "bucket.host": {"server": "http://sandbox", "is_signature_negotiation": False},
    "a domain of its own": {"server": f"http://{BUCKET}.localhost", "is_cname": True},
    "localhost": {"server": "http://localhost", "path_style": True},
}


@pytest.mark.parametrize("key", ["v1/models é", "/begins with a slash"])
@pytest.mark.parametrize("name", HOSTS)
def test_a_bucket_has_many_names(server: Server, name: str, key: str) -> None:
    """The host may name the bucket, as the SDK builds it; then a key may look like a path of ModelArts."""
    client = obs_client(server, **HOSTS[name])
    seen = []
    for verb in ("PUT", "GET"):
        link = urlsplit(client.createSignedUrl(verb, BUCKET, key, expires=60).signedUrl)
        here = f"{server.info['obs_endpoint']}{link.path}?{link.query}"
        seen.append(httpx.request(verb, here, headers={"Host": link.netloc}, content=b"hi" if verb == "PUT" else None))

    assert [(200, b""), (200, b"hi")] == [(answer.status_code, answer.content) for answer in seen]


def test_what_has_no_operation_says_so(server: Server) -> None:
    """A method that OBS does not have for a thing is 405, in the XML of OBS."""
    link = obs_client(server).createSignedUrl("POST", BUCKET, "k", expires=60).signedUrl
    answer = httpx.post(link)

    assert 405 == answer.status_code
    assert "<Code>MethodNotAllowed</Code>" in answer.text
