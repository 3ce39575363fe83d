"""The two ways in which requests are signed, as their receivers check them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from .account import Account
from .wire import Request

_API = re.compile(r"SDK-HMAC-SHA256 Access=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})")
_OBS = re.compile(r"(AWS|OBS) ([^:]+):(.+)")
_SUBRESOURCES = frozenset({"acl", "delete", "lifecycle", "location", "policy", "storageClass", "tagging"}) | frozenset(
    {"partNumber", "uploadId", "uploads", "versioning"}
)
SKEW = 900


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, query.split("&")):
        key, _, value = part.partition("=")
        yield unquote(key), unquote(value)


def _quoted(text: str) -> str:
    return quote(text, safe="~")


def canonical_query(query: str) -> str:
    """A query sorted and spelled as it is signed."""
    return "&".join(f"{_quoted(key)}={_quoted(value)}" for key, value in sorted(_pairs(query)))


def api_problem(request: Request, account: Account) -> str | None:
    """Why the SDK-HMAC-SHA256 signature of a request is not accepted; None if it is."""
    found = _API.fullmatch(request.headers.get("Authorization", ""))
    if not found or found[1] != account.access:
        return "unknown access key"
    signed = found[2].split(";")
    if signed != sorted(signed) or not {"host", "x-sdk-date"} <= set(signed):
        return "signed headers"
    stamp = request.headers["X-Sdk-Date"]
    moment = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if abs(moment.timestamp() - request.at) > SKEW:
        return "the clock"
    digest = hashlib.sha256(_canonical(request, signed).encode()).hexdigest()
    text = f"SDK-HMAC-SHA256\n{stamp}\n{digest}"
    expected = hmac.new(account.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return None if hmac.compare_digest(expected, found[3]) else "signature"


def _canonical(request: Request, signed: list[str]) -> str:
    path = "/".join(_quoted(part) for part in unquote(request.path).split("/")).rstrip("/") + "/"
    heads = "".join(f"{name}:{(request.headers.get(name) or '').strip()}\n" for name in signed)
    body = hashlib.sha256(request.body).hexdigest()
    return "\n".join([request.method, path, canonical_query(request.raw_query), heads, ";".join(signed), body])


def obs_problem(request: Request, account: Account) -> str | None:
    """The OBS error code for a request whose V2 signature is not accepted; None if it is."""
    found = _OBS.fullmatch(request.headers.get("Authorization", ""))
    if not found:
        return "AccessDenied"
    if found[2] != account.access:
        return "InvalidAccessKeyId"
    text = _obs_text(request, "x-amz-" if found[1] == "AWS" else "x-obs-")
    made = hmac.new(account.secret.encode(), text.encode(), hashlib.sha1).digest()
    return None if base64.b64encode(made).decode() == found[3] else "SignatureDoesNotMatch"


def _obs_text(request: Request, prefix: str) -> str:
    own = {name.lower(): value.strip() for name, value in request.headers.items() if name.lower().startswith(prefix)}
    date = "" if f"{prefix}date" in own else request.headers.get("Date", "")
    usual = [request.headers.get(name, "") for name in ("Content-MD5", "Content-Type")]
    lines = [request.method, *usual, date, *(f"{name}:{own[name]}" for name in sorted(own))]
    named = sorted((key, value) for key, value in _pairs(request.raw_query) if key in _SUBRESOURCES)
    query = "&".join(f"{key}={value}" if value else key for key, value in named)
    return "\n".join([*lines, request.path + (f"?{query}" if query else "")])
