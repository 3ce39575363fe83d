"""SDK-HMAC-SHA256, the signature of ModelArts and IAM requests, as the server sees it.

Only what SignedHeaders lists is verified: some clients add headers after signing.
"""

import hashlib
import hmac
import re
from calendar import timegm
from collections.abc import Mapping
from dataclasses import dataclass
from time import strptime
from urllib.parse import parse_qsl, quote

ALGORITHM = "SDK-HMAC-SHA256"
WINDOW = 15 * 60
UNSIGNED = "UNSIGNED-PAYLOAD"
AUTHORIZATION = re.compile(rf"{ALGORITHM} Access=([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{{64}})")


class BadSignature(Exception):
    """Why a signature was not accepted, in the words of the gateway."""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a signature covers. `path` is percent-decoded, `headers` have lower-case names."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


def verify(request: SignedRequest, access_key: str, secret_key: str, now: float) -> None:
    """Raise `BadSignature` unless the owner of the key signed this request within 15 minutes of now."""
    match = AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if not match:
        raise BadSignature("authorization header is malformed")
    access, names, signature = match[1], match[2].split(";"), match[3]
    if not hmac.compare_digest(access, access_key):
        raise BadSignature("app or access key not found")
    _require(request, names)
    _check_date(request.headers["x-sdk-date"], now)
    made = [sign(request, names, secret_key, payload) for payload in _payloads(request)]
    if not any(hmac.compare_digest(one, signature) for one in made):
        raise BadSignature("verify aksk signature fail")


def sign(request: SignedRequest, names: list[str], secret_key: str, payload: str = "") -> str:
    """The signature that these headers, this path and this body, or what stands for it, must carry."""
    digest = hashlib.sha256(canonical_request(request, names, payload).encode()).hexdigest()
    text = f"{ALGORITHM}\n{request.headers['x-sdk-date']}\n{digest}"
    return hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()


def canonical_request(request: SignedRequest, names: list[str], payload: str = "") -> str:
    """Method, path, query, signed headers, their names and the hash of the body, line by line."""
    headers = "".join(f"{name}:{request.headers[name].strip()}\n" for name in names)
    body = payload or _payloads(request)[0]
    return "\n".join((request.method, _uri(request.path), _query(request.query), headers, ";".join(names), body))


def _uri(path: str) -> str:
    encoded = "/".join(quote(piece, safe="-_.~") for piece in path.split("/"))
    return encoded if encoded.endswith("/") else encoded + "/"


def _query(query: str) -> str:
    # A plus sign in a query means itself here: the signers write a space as %20.
    pairs = sorted(parse_qsl(query.replace("+", "%2B"), keep_blank_values=True))
    return "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)


def _payloads(request: SignedRequest) -> list[str]:
    """What may stand for the body. Of no body, some clients sign the header that speaks of it, and some do not."""
    stated, actual = request.headers.get("x-sdk-content-sha256"), hashlib.sha256(request.body).hexdigest()
    if not stated:
        return [actual]
    if stated not in (UNSIGNED, actual):
        raise BadSignature("x-sdk-content-sha256 is not that of the body")
    return [stated] if request.body else [actual, stated]


def _require(request: SignedRequest, names: list[str]) -> None:
    for name in ("host", "x-sdk-date"):
        if name not in names:
            raise BadSignature(f"header {name} must be signed")
    missing = [name for name in names if name not in request.headers]
    if missing:
        raise BadSignature(f"signed header {missing[0]} is missing")


def _check_date(stamp: str, now: float) -> None:
    try:
        signed_at = timegm(strptime(stamp, "%Y%m%dT%H%M%SZ"))
    except ValueError as error:
        raise BadSignature("x-sdk-date is malformed") from error
    if abs(now - signed_at) > WINDOW:
        raise BadSignature("x-sdk-date is more than 15 minutes away from the time of the server")
