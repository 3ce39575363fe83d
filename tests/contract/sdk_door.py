"""The official SDKs: of ModelArts, of IAM, and of OBS."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from sandbox.sdk_surface import Method, methods

from .door import Answer, Stored
from .site import Site

RAW = "DeleteTrainingJobResponse"  # a class of the SDK without fields: the answer stays as it came


class SdkDoor:
    """The SDK's own method where it has one for a call, the core's general one elsewhere (all of the first API)."""

    name = "sdk"

    def __init__(self, site: Site, token: str = "") -> None:
        from huaweicloudsdkmodelarts.v1 import ModelArtsClient

        self.site, self.token = site, token
        self._headers = {"X-Auth-Token": token} if token else {}
        builder = ModelArtsClient.new_builder().with_credentials(_credentials(site))
        self._client = builder.with_endpoint(site.modelarts).build()

    def ask(self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None) -> Answer:
        from huaweicloudsdkcore.exceptions.exceptions import ServiceResponseException

        try:
            answer = self._send(method, path, body, query or {})
        except ServiceResponseException as error:
            return Answer(error.status_code, code=str(error.error_code), message=str(error.error_msg))
        return Answer(answer.status_code, _decoded(answer.raw_content))

    def _send(self, method: str, path: str, body: Any, query: Mapping[str, Any]) -> Any:
        known = _known(method, path)
        if known is None:
            return self._send_raw(method, path, body, query)
        operation, parts = known
        fields = {wire: name for name, wire in getattr(operation.request, "attribute_map").items()}  # noqa: B009
        given = {fields[wire]: value for wire, value in {**parts, **query}.items()}
        request = operation.request(**given | ({} if body is None else {"body": body}))
        invoker = getattr(self._client, f"{operation.name}_invoker")(request)
        for name, value in self._headers.items():
            invoker.add_header(name, value)
        return invoker.invoke()

    def _send_raw(self, method: str, path: str, body: Any, query: Mapping[str, Any]) -> Any:
        return self._client.do_http_request(
            method,
            resource_path=path,
            query_params=sorted(query.items()),
            header_params={"Content-Type": "application/json", **self._headers},
            body=body,
            response_type=RAW,
        )

    def project(self) -> str:
        from huaweicloudsdkiam.v3 import model

        request = model.KeystoneListProjectsRequest(name=self.site.region)
        [project] = self._iam().keystone_list_projects(request).projects
        return str(project.id)

    def signed_in(self) -> SdkDoor:
        from huaweicloudsdkiam.v3 import model

        site = self.site
        domain = model.PwdPasswordUserDomain(name=site.domain)
        user = model.PwdPasswordUser(domain=domain, name=site.user, password=site.password)
        auth = model.PwdAuth(
            identity=model.PwdIdentity(methods=["password"], password=model.PwdPassword(user=user)),
            scope=model.AuthScope(project=model.AuthScopeProject(name=site.region)),
        )
        body = model.KeystoneCreateUserTokenByPasswordRequestBody(auth=auth)
        request = model.KeystoneCreateUserTokenByPasswordRequest(body=body)
        return SdkDoor(site, self._iam().keystone_create_user_token_by_password(request).x_subject_token)

    def _iam(self) -> Any:
        from huaweicloudsdkcore.auth.credentials import GlobalCredentials
        from huaweicloudsdkiam.v3 import IamClient

        credentials = _temporary(GlobalCredentials(self.site.access_key, self.site.secret_key), self.site)
        return IamClient.new_builder().with_credentials(credentials).with_endpoint(self.site.iam).build()

    def shelf(self) -> SdkShelf:
        return SdkShelf(self.site)

    def close(self) -> None:
        self._client.close()


class SdkShelf:
    """The official client of OBS; ``client`` is for what fmctl never does."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.client = obs_client(site)

    def put(self, name: str, content: bytes) -> None:
        answer = self.client.putContent(self._site.bucket, self._site.folder + name, content)
        assert answer.status < 300, answer

    def get(self, name: str) -> bytes | None:
        key = self._site.folder + name
        answer = self.client.getObject(self._site.bucket, key, loadStreamInMemory=True)
        return None if answer.status == 404 else bytes(answer.body.buffer or b"")

    def list(self, folder: str) -> Mapping[str, Stored]:
        answer = self.client.listObjects(self._site.bucket, prefix=self._site.folder + folder)
        found = answer.body.contents
        return {item.key.removeprefix(self._site.folder): Stored(int(item.size), item.etag) for item in found}


def obs_client(site: Site) -> Any:
    """The official client of OBS, as its users make it."""
    from obs import ObsClient

    return ObsClient(
        access_key_id=site.access_key,
        secret_access_key=site.secret_key,
        security_token=site.security_token or None,
        server=site.obs,
        max_retry_count=0,
    )


def _credentials(site: Site) -> Any:
    from huaweicloudsdkcore.auth.credentials import BasicCredentials

    return _temporary(BasicCredentials(site.access_key, site.secret_key, site.project_id), site)


def _temporary(credentials: Any, site: Site) -> Any:
    return credentials.with_security_token(site.security_token) if site.security_token else credentials


def _decoded(content: bytes | None) -> Any:
    return (json.loads(content) or None) if content and content.strip() else None


def _known(verb: str, path: str) -> tuple[Method, Mapping[str, str]] | None:
    """The SDK's own method for a call, and what stands in its path."""
    for operation in methods():
        found = _pattern(operation.path).fullmatch(path) if operation.verb == verb else None
        if found:
            return operation, found.groupdict()
    return None


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(?!project_id)(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))
