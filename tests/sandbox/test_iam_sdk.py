"""IAM as its official SDK sees it: tokens, the account, and keys for a while."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from fmctl.sandbox.server import Server

from .conftest import obs_client
from .sdk_world import sdk_client

BUCKET = "fmctl-demo"


@pytest.fixture
def iam(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("HOME", str(tmp_path))  # the SDK keeps an id of its installation there
    return iam_client(server)


def iam_client(server: Server, **changes: str) -> Any:
    """The client; further arguments make its keys wrong."""
    from huaweicloudsdkcore.auth.credentials import GlobalCredentials
    from huaweicloudsdkiam.v3 import IamClient

    given = {**server.info, **changes}
    credentials = GlobalCredentials(given["access_key"], given["secret_key"], server.sandbox.credentials.domain_id)
    return IamClient.new_builder().with_credentials(credentials).with_endpoint(given["iam_endpoint"]).build()


def password_body(server: Server, **changes: Any) -> Any:
    """A request for a token of the project for a password."""
    from huaweicloudsdkiam.v3 import model

    given: dict[str, Any] = {**server.info, "scope": {"project": {"name": server.info["region"]}}} | changes
    domain = model.PwdPasswordUserDomain(name=given["domain"])
    user = model.PwdPasswordUser(domain=domain, name=given["user"], password=given["password"])
    identity = model.PwdIdentity(methods=["password"], password=model.PwdPassword(user=user))
    auth = model.PwdAuth(identity=identity, scope=given["scope"])
    body = model.KeystoneCreateUserTokenByPasswordRequestBody(auth=auth)
    return model.KeystoneCreateUserTokenByPasswordRequest(body=body)


def refusal(call: Any) -> tuple[int, str, bool]:
    """How the SDK understands an error: status, code, and whether the request can be named."""
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

    with pytest.raises(ClientRequestException) as caught:
        call()
    return caught.value.status_code, str(caught.value.error_code), bool(caught.value.request_id)


def test_a_token_is_for_what_was_asked(iam: Any, server: Server) -> None:
    """The project may be named or given by its id; a scope of the account gives a token of the account."""
    info, owner = server.info, server.sandbox.credentials
    scopes = [{"project": {"name": info["region"]}}, {"project": {"id": info["project_id"]}}]
    scopes += [{"domain": {"name": info["domain"]}}, {"domain": {"id": owner.domain_id}}]
    made = [iam.keystone_create_user_token_by_password(password_body(server, scope=scope)) for scope in scopes]
    seen = [(one.token.project and one.token.project.id, one.token.domain and one.token.domain.id) for one in made]

    assert [(info["project_id"], None)] * 2 + [(None, owner.domain_id)] * 2 == seen


def test_a_wrong_password_is_an_error_of_keystone(iam: Any, server: Server) -> None:
    """The SDK finds status and code in the words of IAM."""
    wrong = password_body(server, password="guessed")

    assert (401, "401", True) == refusal(lambda: iam.keystone_create_user_token_by_password(wrong))


def test_a_token_can_be_asked_about(iam: Any, server: Server) -> None:
    """A good token says what it is for; one that was made up is not found."""
    from huaweicloudsdkiam.v3 import model

    text = iam.keystone_create_user_token_by_password(password_body(server)).x_subject_token
    said = iam.keystone_validate_token(model.KeystoneValidateTokenRequest(x_subject_token=text))
    made_up = model.KeystoneValidateTokenRequest(x_subject_token="made.up")

    assert (server.info["project_id"], server.info["user"]) == (said.token.project.id, said.token.user.name)
    assert (404, "404", True) == refusal(lambda: iam.keystone_validate_token(made_up))


def test_a_token_buys_another_one(iam: Any, server: Server) -> None:
    """A token of the account becomes one of the project, and ends when the first one does."""
    from huaweicloudsdkiam.v3 import model

    scope = {"domain": {"name": server.info["domain"]}}
    first = iam.keystone_create_user_token_by_password(password_body(server, scope=scope))
    identity = {"methods": ["token"], "token": {"id": first.x_subject_token}}
    auth = {"identity": identity, "scope": {"project": {"name": server.info["region"]}}}
    request = model.KeystoneCreateScopedTokenRequest(body={"auth": auth})
    second = iam.keystone_create_scoped_token(request).token

    assert (server.info["project_id"], first.token.expires_at) == (second.project.id, second.expires_at)


def test_the_account_can_be_read(iam: Any, server: Server) -> None:
    """Projects, accounts, users, regions and services are found in lists and by their ids."""
    from huaweicloudsdkiam.v3 import model

    owner = server.sandbox.credentials
    ids = [
        iam.keystone_list_auth_projects(model.KeystoneListAuthProjectsRequest()).projects[0].id,
        iam.keystone_show_project(model.KeystoneShowProjectRequest(owner.project_id)).project.id,
        iam.show_project_details_and_status(model.ShowProjectDetailsAndStatusRequest(owner.project_id)).project.id,
        iam.keystone_list_projects_for_user(model.KeystoneListProjectsForUserRequest(owner.user_id)).projects[0].id,
    ]
    users = iam.keystone_list_users(model.KeystoneListUsersRequest()).users
    user = iam.keystone_show_user(model.KeystoneShowUserRequest(owner.user_id)).user

    assert [owner.project_id] * 4 == ids
    assert owner.domain_id == iam.keystone_list_auth_domains(model.KeystoneListAuthDomainsRequest()).domains[0].id
    assert [owner.user] * 2 == [users[0].name, user.name]


def test_where_things_are_can_be_read(iam: Any, server: Server) -> None:
    """Region, services, endpoints and catalog agree with one another."""
    from huaweicloudsdkiam.v3 import model

    region = iam.keystone_list_regions(model.KeystoneListRegionsRequest()).regions[0].id
    services = [one.id for one in iam.keystone_list_services(model.KeystoneListServicesRequest()).services]
    endpoints = iam.keystone_list_endpoints(model.KeystoneListEndpointsRequest()).endpoints
    catalog = iam.keystone_show_catalog(model.KeystoneShowCatalogRequest()).catalog
    version = iam.keystone_show_version(model.KeystoneShowVersionRequest()).version
    versions = iam.keystone_list_versions(model.KeystoneListVersionsRequest()).versions.values

    assert region == iam.keystone_show_region(model.KeystoneShowRegionRequest(region)).region.id
    assert services == [one.service_id for one in endpoints] == [one.id for one in catalog]
    assert {server.info["endpoint"]} == {one.url for one in endpoints}
    assert [version.id] == [one.id for one in versions]


@pytest.mark.parametrize("name", ["project", "user", "region", "service", "endpoint"])
def test_what_is_not_there_is_not_found(iam: Any, name: str) -> None:
    """An unknown id is a 404 in the words of IAM."""
    from huaweicloudsdkiam.v3 import model

    request = getattr(model, f"KeystoneShow{name.title()}Request")("none")

    assert (404, "404", True) == refusal(lambda: getattr(iam, f"keystone_show_{name}")(request))


def test_what_iam_does_not_have_says_so(iam: Any) -> None:
    """What cannot be done here is an error that the SDK reads."""
    from huaweicloudsdkiam.v3 import model

    assert (404, "404", True) == refusal(lambda: iam.keystone_list_groups(model.KeystoneListGroupsRequest()))


def test_a_wrong_key_is_an_error_of_the_gateway(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signatures are checked before IAM is asked."""
    from huaweicloudsdkiam.v3 import model

    stranger = iam_client(server, secret_key="guessed")
    request = model.KeystoneListAuthDomainsRequest()

    assert (401, "APIGW.0301", True) == refusal(lambda: stranger.keystone_list_auth_domains(request))


def temporary(iam: Any, seconds: int = 900) -> Any:
    """Keys for a while, for the user who signs the request."""
    from huaweicloudsdkiam.v3 import model

    identity = {"methods": ["token"], "token": {"duration_seconds": seconds}}
    request = model.CreateTemporaryAccessKeyByTokenRequest(body={"auth": {"identity": identity}})
    return iam.create_temporary_access_key_by_token(request).credential


def test_temporary_keys_open_what_the_permanent_ones_do(iam: Any, server: Server) -> None:
    """With their security token, which is signed, they are good for ModelArts and for OBS, with every signature."""
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkmodelarts.v1 import ModelArtsClient, model

    made, info = temporary(iam), server.info
    credentials = BasicCredentials(made.access, made.secret, info["project_id"]).with_security_token(made.securitytoken)
    client = ModelArtsClient.new_builder().with_credentials(credentials).with_endpoint(info["endpoint"]).build()
    keys = {"access_key_id": made.access, "secret_access_key": made.secret, "security_token": made.securitytoken}
    clients = [obs_client(server, signature=name, **keys) for name in ("v2", "v4")]

    assert 200 == client.show_training_job_engines(model.ShowTrainingJobEnginesRequest()).status_code
    assert [200, 200] == [one.headBucket(BUCKET).status for one in clients]


def test_temporary_keys_sign_links_and_forms(iam: Any, server: Server) -> None:
    """The security token goes with them, as a part of the link or a field of the form."""
    made = temporary(iam)
    keys = {"access_key_id": made.access, "secret_access_key": made.secret, "security_token": made.securitytoken}
    clients = [obs_client(server, signature=name, **keys) for name in ("v2", "v4")]
    policy = clients[0].createPostSignature(BUCKET, "k", expires=60)
    form = {"key": "k", "policy": policy.policy, "signature": policy.signature, "AccessKeyId": policy.accessKeyId}
    form["x-amz-security-token"] = made.securitytoken
    sent = httpx.post(f"{server.info['endpoint']}/{BUCKET}", data=form, files={"file": ("k", b"hello")})
    links = [client.createSignedUrl("GET", BUCKET, "k", expires=60).signedUrl for client in clients]

    assert 204 == sent.status_code
    assert [b"hello", b"hello"] == [httpx.get(link).content for link in links]


def test_temporary_keys_are_nothing_without_their_token(iam: Any, server: Server) -> None:
    """Alone, or with the token of other keys, they open nothing."""
    from huaweicloudsdkmodelarts.v1.model import ListWorkspaceRequest

    made, other = temporary(iam), temporary(iam)
    keys = {"access_key": made.access, "secret_key": made.secret}
    alone = sdk_client(server.info, **keys)
    with_other = {"access_key_id": made.access, "secret_access_key": made.secret, "security_token": other.securitytoken}

    assert (401, "APIGW.0301", True) == refusal(lambda: alone.list_workspace(ListWorkspaceRequest()))
    assert 403 == obs_client(server, **with_other).headBucket(BUCKET).status


@pytest.mark.parametrize("seconds", [899, 86401])
def test_temporary_keys_last_from_a_quarter_of_an_hour_to_a_day(iam: Any, seconds: int) -> None:
    """Less and more are refused."""
    assert (400, "400", True) == refusal(lambda: temporary(iam, seconds))


def test_an_agency_has_keys_and_tokens_when_it_is_there(iam: Any, server: Server) -> None:
    """Both can be had for an agency that was made, and for no other."""
    from huaweicloudsdkiam.v3 import model
    from huaweicloudsdkmodelarts.v1.model import CreateModelArtsAgencyRequest

    role = {"agency_name": "ma_agency_x", "domain_name": server.info["domain"]}
    identity = {"methods": ["assume_role"], "assume_role": role}
    scope = {"project": {"id": server.info["project_id"]}}
    keys_request = model.CreateTemporaryAccessKeyByAgencyRequest(body={"auth": {"identity": identity}})
    token_request = model.KeystoneCreateAgencyTokenRequest(body={"auth": {"identity": identity, "scope": scope}})

    before = [
        refusal(lambda: iam.create_temporary_access_key_by_agency(keys_request)),
        refusal(lambda: iam.keystone_create_agency_token(token_request)),
    ]
    agency = CreateModelArtsAgencyRequest(body={"agency_name_suffix": "x"})
    sdk_client(server.info).create_model_arts_agency(agency)
    token = iam.keystone_create_agency_token(token_request)

    assert [(404, "404", True)] * 2 == before
    assert iam.create_temporary_access_key_by_agency(keys_request).credential.securitytoken
    assert (["assume_role"], server.info["project_id"]) == (token.token.methods, token.token.project.id)


def test_the_keys_can_be_listed_without_the_secret(iam: Any, server: Server) -> None:
    """The one pair is known by its access key; its other half is told to nobody."""
    from huaweicloudsdkiam.v3 import model

    listed = iam.list_permanent_access_keys(model.ListPermanentAccessKeysRequest()).credentials
    shown = iam.show_permanent_access_key(model.ShowPermanentAccessKeyRequest(server.info["access_key"])).credential

    assert [server.info["access_key"]] * 2 == [listed[0].access, shown.access]
    assert server.info["secret_key"] not in f"{listed}{shown}"
