"""What an OBS operation is given, and how it answers."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, cast
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

from fmctl.sandbox import obs_xml
from fmctl.sandbox.account import Account
from fmctl.sandbox.multipart import Multipart
from fmctl.sandbox.objects import Objects, ObsError, split_url
from fmctl.sandbox.obs_xml import Node


@dataclass(frozen=True, slots=True)
class ObsCall:
    """One authenticated OBS request."""

    sandbox: Account
    request: Request
    bucket: str
    key: str
    family: str

    @property
    def objects(self) -> Objects:
        return self.sandbox.objects

    @property
    def multipart(self) -> Multipart:
        return Multipart(self.sandbox.store, self.sandbox.objects)

    @property
    def target(self) -> tuple[str, str]:
        return self.bucket, self.key

    @property
    def copy_source(self) -> tuple[str, str] | None:
        """The object to copy from, when the request says so instead of sending a body."""
        source = self.header("copy-source")
        return split_url("/" + unquote(source).lstrip("/")) if source is not None else None

    def header(self, name: str) -> str | None:
        """The request's x-obs-NAME or x-amz-NAME."""
        return self.request.headers.get(f"x-{self.family}-{name}")

    @property
    def body(self) -> BinaryIO:
        """The content that is sent, as a stream."""
        return cast(BinaryIO, self.request.stream)

    @property
    def meta(self) -> dict[str, str]:
        prefix = f"x-{self.family}-meta-"
        pairs = [(name.lower(), value) for name, value in self.request.headers.items()]
        return {name.removeprefix(prefix): value for name, value in pairs if name.startswith(prefix)}

    @property
    def expect_md5(self) -> bytes | None:
        """The digest that the client has computed of the body."""
        stated = self.request.headers.get("Content-MD5")
        try:
            return base64.b64decode(stated, validate=True) if stated else None
        except ValueError as error:
            raise ObsError(400, "InvalidDigest", "The Content-MD5 you specified is not valid.") from error


ObsHandler = Callable[[ObsCall], Response]
Operations = dict[tuple[str, str, str], ObsHandler]
"""Handlers by level (service, bucket, object), method and subresource."""


def xml(root: Node, status: int = 200) -> Response:
    """An answer with a document."""
    return Response(obs_xml.render(root), status, content_type="application/xml")


def empty(status: int = 200, **headers: str) -> Response:
    """An answer without a body; header names are written with underscores."""
    response = Response(b"", status, content_type="application/xml")
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response
