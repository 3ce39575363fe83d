"""Who may call: tokens, signatures and projects."""

import httpx
import pytest

from fmctl.sandbox import Sandbox, VirtualClock, temporary

from .conftest import anonymous, login
from .jobs import code


def engines(sandbox: Sandbox) -> str:
    return f"/v2/{sandbox.credentials.project_id}/training-job-engines"


def test_a_password_buys_a_token_for_a_day(sandbox: Sandbox, api: httpx.Client, clock: VirtualClock) -> None:
    """The token in X-Subject-Token opens the API for 24 hours, then it is expired."""
    fresh = api.get(engines(sandbox)).status_code
    clock.advance(24 * 3600 + 1)
    stale = api.get(engines(sandbox))

    assert fresh == 200
    assert code(stale) == (401, "0202")


def test_a_token_says_for_whom_it_is(sandbox: Sandbox) -> None:
    """The body names user, project and times; the catalog can be left out."""
    with anonymous(sandbox) as client:
        full = client.post("/v3/auth/tokens", json=login(sandbox))
        short = client.post("/v3/auth/tokens?nocatalog=true", json=login(sandbox))
    token = full.json()["token"]

    assert full.status_code == 201
    assert (token["user"]["name"], token["project"]["id"]) == (sandbox.credentials.user, sandbox.credentials.project_id)
    assert (len(token["catalog"]), short.json()["token"]["catalog"]) == (3, [])


@pytest.mark.parametrize("wrong", ["user", "password", "domain", "project"])
def test_a_wrong_login_is_refused(sandbox: Sandbox, wrong: str) -> None:
    """Any wrong part of a login is a 401 in the words of IAM."""
    with anonymous(sandbox) as client:
        response = client.post("/v3/auth/tokens", json=login(sandbox, **{wrong: "nonsense"}))

    assert (response.status_code, response.json()["error"]["code"]) == (401, 401)
    assert "X-Subject-Token" not in response.headers


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"auth": {"identity": []}}', b'{"auth": {"identity": {"methods": 1}}}']
)
def test_a_broken_login_is_refused(sandbox: Sandbox, body: bytes) -> None:
    """What is no login does not crash the server."""
    with anonymous(sandbox) as client:
        assert client.post("/v3/auth/tokens", content=body).status_code == 401


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (401, "0201")),
        ({"X-Auth-Token": "made.up"}, (401, "0203")),
        ({"Authorization": "SDK-HMAC-SHA256 nonsense"}, (401, "APIGW.0301")),
    ],
)
def test_without_a_good_credential_nothing_opens(
    sandbox: Sandbox, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    """No, a made-up and a malformed credential are told apart; also for paths that do not exist."""
    with anonymous(sandbox) as client:
        seen = [code(client.get(path, headers=headers)) for path in (engines(sandbox), "/v2/x/nowhere")]

    assert seen == [expected, expected]


def test_an_account_token_opens_no_project(sandbox: Sandbox) -> None:
    """A token without a project is refused where a project is needed."""
    body = login(sandbox) | {}
    body["auth"] = {**body["auth"], "scope": {"domain": {"name": sandbox.credentials.domain}}}  # type: ignore[dict-item]
    with anonymous(sandbox) as client:
        token = client.post("/v3/auth/tokens", json=body).headers["X-Subject-Token"]
        response = client.get(engines(sandbox), headers={"X-Auth-Token": token})

    assert code(response) == (401, "0212")


@pytest.mark.parametrize("project", ["0" * 32, "%7Bproject_id%7D", "é"])
def test_another_project_is_not_found(api: httpx.Client, project: str) -> None:
    """The project of the path must be the one of the credential."""
    assert code(api.get(f"/v2/{project}/training-job-engines")) == (404, "2786")


@pytest.mark.parametrize(("project", "status"), [("0" * 32, 403), ("%7Bproject_id%7D", 400)])
def test_the_first_api_has_other_words_for_that(api: httpx.Client, project: str, status: int) -> None:
    """Models, services and workspaces tell a project of somebody else from what is no project at all."""
    seen = [code(api.get(f"/v1/{project}/{name}")) for name in ("models", "services", "workspaces")]

    assert [(status, "0210")] * 3 == seen


def test_a_token_is_enough_beside_what_is_no_signature(sandbox: Sandbox, api: httpx.Client) -> None:
    """A header that only keeps the SDK from signing does no harm; a signature that is there must be right."""
    seen = [
        api.get(engines(sandbox), headers={"Authorization": text}).status_code
        for text in ("none", "SDK-HMAC-SHA256 Access=a, SignedHeaders=host;x-sdk-date, Signature=" + "0" * 64)
    ]

    assert [200, 401] == seen


def test_an_error_of_the_gateway_names_its_request(sandbox: Sandbox) -> None:
    """The id in the body is the one in the header."""
    with anonymous(sandbox) as client:
        answer = client.get(engines(sandbox), headers={"Authorization": "SDK-HMAC-SHA256 nonsense"})

    assert answer.headers["X-Request-Id"] == answer.json()["request_id"]


def test_temporary_keys_end(sandbox: Sandbox, clock: VirtualClock) -> None:
    """When their time is over both gateways say so."""
    made = temporary.issue(sandbox.credentials, clock.now(), 900)
    clock.advance(901)
    headers = {"X-Security-Token": made.security_token, "Authorization": "SDK-HMAC-SHA256 any"}
    link = {"x-amz-security-token": made.security_token}
    with anonymous(sandbox) as client:
        refused = client.get(engines(sandbox), headers=headers)
        closed = client.get("/fmctl-demo", params=link)

    assert (401, "the security token is expired") == (refused.status_code, refused.json()["error_msg"].split(": ")[1])
    assert (403, True) == (closed.status_code, "<Code>ExpiredToken</Code>" in closed.text)


def test_paths_and_methods_that_do_not_exist_say_so(sandbox: Sandbox, api: httpx.Client) -> None:
    """An unknown path is 404, a known one with another method 405; neither is ever a redirect."""
    seen = [code(api.get("/v2/x/nowhere")), code(api.patch(engines(sandbox)))]
    statuses = {api.get(path).status_code for path in (engines(sandbox) + "/", "/v3/projects/")}

    assert seen == [(404, "2836"), (405, "2803")]
    assert statuses == {200}


def test_every_answer_can_be_named(sandbox: Sandbox, api: httpx.Client) -> None:
    """Every answer has its own request id, and errors are JSON too."""
    responses = [api.get(engines(sandbox)), api.get("/v2/x/nowhere"), api.get("/no-bucket/key")]
    ids = {response.headers["X-Request-Id"] for response in responses}

    assert len(ids) == 3
    assert {response.headers["Content-Type"] for response in responses[:2]} == {"application/json"}


def test_a_project_is_found_by_its_name(sandbox: Sandbox, api: httpx.Client) -> None:
    """The region's project is the only one; another name finds none."""
    seen = [api.get(f"/v3/projects{query}").json()["projects"] for query in ("", "?name=sandbox", "?name=other")]

    assert [[item["id"] for item in found] for found in seen] == [[sandbox.credentials.project_id]] * 2 + [[]]


def test_the_account_is_the_only_domain(sandbox: Sandbox, api: httpx.Client) -> None:
    """A caller belongs to one account."""
    domains = api.get("/v3/auth/domains").json()["domains"]

    assert [domain["name"] for domain in domains] == [sandbox.credentials.domain]


def test_secrets_do_not_show(sandbox: Sandbox) -> None:
    """The credentials can be printed without giving them away, and their file is the owner's alone."""
    shown = repr(sandbox.credentials)
    mode = (sandbox.state_dir / "credentials.json").stat().st_mode & 0o777

    assert sandbox.credentials.secret_key not in shown
    assert sandbox.credentials.password not in shown
    assert mode == 0o600
