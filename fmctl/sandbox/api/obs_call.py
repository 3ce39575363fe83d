"""What an OBS operation is given, and how it answers."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO, cast
from urllib.parse import quote, unquote

from werkzeug.wrappers import Request, Response

from fmctl.sandbox import obs_xml
from fmctl.sandbox.account import Account
from fmctl.sandbox.multipart import Multipart
from fmctl.sandbox.object_info import BYTES, STANDARD, About
from fmctl.sandbox.objects import PARTS, Objects, ObsError, split_url
from fmctl.sandbox.obs_xml import Node

# Headers of a request that come back with the object.
KEPT_HEADERS = ("Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires")
# The words of the other family for the storage classes of OBS.
AMAZON_CLASSES = {"STANDARD_IA": "WARM", "GLACIER": "COLD"}


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
        if source is None:
            return None
        name, _, version = source.partition("?versionId=")
        need_version(version)
        bucket, key = split_url("/" + unquote(name).lstrip("/"))
        need_public(bucket)
        return bucket, key

    def header(self, name: str) -> str | None:
        """The request's x-obs-NAME or x-amz-NAME."""
        return self.request.headers.get(f"x-{self.family}-{name}")

    def argument(self, name: str, default: str = "") -> str:
        """An argument of the query; the names of subresources are read in any case."""
        return next((value for key, value in self.request.args.items() if key.lower() == name), default)

    def number(self, name: str, default: int, most: int | None = None) -> int:
        """A whole number of the query."""
        text = self.argument(name) or str(default)
        if not (text.isascii() and text.isdigit()):
            raise ObsError(400, "InvalidArgument", f"{name} is not an integer.")
        return int(text) if most is None else min(int(text), most)

    @property
    def encoding(self) -> Mapping[str, str]:
        """What an answer says of the spelling of names: nothing, or that they are percent-encoded, as was asked."""
        return {"EncodingType": "url"} if self.argument("encoding-type") == "url" else {}

    def encode(self, name: str) -> str:
        """A name in that spelling."""
        return quote(name) if self.encoding else name

    @property
    def body(self) -> BinaryIO:
        """The content that is sent, as a stream."""
        return cast(BinaryIO, self.request.stream)

    @property
    def about(self) -> About:
        """What the request says of the object that it makes."""
        return About(
            self.request.headers.get("Content-Type") or BYTES,
            self.meta,
            self.kept_headers,
            self.storage_class or STANDARD,
        )

    @property
    def kept_headers(self) -> Mapping[str, str]:
        sent = self.request.headers
        return {name: sent[name] for name in KEPT_HEADERS if name in sent}

    @property
    def storage_class(self) -> str | None:
        """The one that is asked for, in the words of OBS."""
        asked = self.header("storage-class")
        return AMAZON_CLASSES.get(asked, asked) if asked else None

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


def header_value(text: str) -> str:
    """Text from elsewhere as a header carries it, on one line: as it is or, if need be, its UTF-8 byte by byte."""
    if not text.isprintable():
        raise ObsError(400, "InvalidArgument", "A header cannot hold control characters.")
    return text if all(ord(letter) < 256 for letter in text) else text.encode().decode("latin-1")


def need_public(bucket: str) -> None:
    """The parts of uploads are kept in a bucket that nobody knows of."""
    if bucket == PARTS:
        raise ObsError(404, "NoSuchBucket", "The specified bucket does not exist.")


def need_version(version: str) -> None:
    """No bucket here keeps versions: each object has one, whose id is null."""
    if version not in ("", "null"):
        raise ObsError(404, "NoSuchVersion", "The specified version does not exist.")


def class_name(call: ObsCall, storage_class: str) -> str:
    """A storage class in the words of the caller's family."""
    words = {obs: amazon for amazon, obs in AMAZON_CLASSES.items()} if call.family == "amz" else {}
    return words.get(storage_class, storage_class)


def xml(root: Node, status: int = 200) -> Response:
    """An answer with a document."""
    return Response(obs_xml.render(root), status, content_type="application/xml")


def empty(status: int = 200, **headers: str) -> Response:
    """An answer without a body; header names are written with underscores."""
    response = Response(b"", status, content_type="application/xml")
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


def with_region(call: ObsCall, response: Response) -> Response:
    """An answer that says where its bucket is."""
    name = "x-obs-bucket-location" if call.family == "obs" else "x-amz-bucket-region"
    response.headers[name] = call.sandbox.credentials.region
    return response
