"""The signatures of OBS requests: `OBS` and `AWS` (version 2) and `AWS4-HMAC-SHA256`, in headers and in links."""

import base64
import hashlib
import hmac
import re
from calendar import timegm
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import strptime
from typing import NamedTuple
from urllib.parse import quote

WINDOW = 15 * 60
STAMP = "%Y%m%dT%H%M%SZ"
V2 = re.compile(r"(OBS|AWS) ([^:\s]+):(\S+)")
V4 = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/(\d{8}/[^/,\s]+/s3/aws4_request),\s*"
    r"SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})"
)
# Query arguments that name what is asked for, and so are signed; prefix, marker and their like are not.
SUBRESOURCES = frozenset(
    (
        "acl",
        "policy",
        "policystatus",
        "location",
        "storageinfo",
        "storageclass",
        "storagepolicy",
        "quota",
        "versions",
        "versioning",
        "versionid",
        "uploads",
        "uploadid",
        "partnumber",
        "delete",
        "deletebucket",
        "cors",
        "tagging",
        "lifecycle",
        "logging",
        "website",
        "notification",
        "replication",
        "encryption",
        "metadata",
        "restore",
        "requestpayment",
        "inventory",
        "object-lock",
        "retention",
        "append",
        "position",
        "modify",
        "rename",
        "truncate",
        "length",
        "name",
        "publicaccessblock",
        "torrent",
        "x-image-process",
        "response-content-type",
        "response-content-language",
        "response-expires",
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
    )
)


class BadObsSignature(Exception):
    """Why a signature was not accepted: the code and the text of OBS."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class ObsRequest:
    """What a signature covers. `path` is percent-decoded; `bucket_host` is the bucket when `host` names it."""

    method: str
    path: str
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    bucket_host: str = ""
    host: str = ""

    def argument(self, *names: str) -> str:
        return next((value for name, value in self.query if name in names), "")

    @property
    def security_token(self) -> str | None:
        """What a temporary pair of keys comes with, in a header or in a link."""
        names = [f"x-{family(self)}-security-token", "X-Amz-Security-Token"]
        return self.headers.get(names[0]) or self.argument(*names) or None


def family(request: ObsRequest) -> str:
    """`obs` or `amz`: the prefix of the headers that this client speaks."""
    speaks_obs = request.headers.get("authorization", "").startswith("OBS ") or request.argument("AccessKeyId")
    return "obs" if speaks_obs else "amz"


def verify(request: ObsRequest, access_key: str, secret_key: str, now: float) -> None:
    """Raise `BadObsSignature` unless the owner of the key made this request about now, or a link that is still good."""
    _check(_claim(request, secret_key, now), access_key)


def _check(claim: "_Claim", access_key: str) -> None:
    if not hmac.compare_digest(claim.access_key.encode(), access_key.encode()):
        raise BadObsSignature("InvalidAccessKeyId", "The access key ID you provided does not exist in our records.")
    if not any(hmac.compare_digest(one.encode(), claim.signature.encode()) for one in claim.expected):
        raise BadObsSignature("SignatureDoesNotMatch", "The signature we calculated does not match the one provided.")


def sign_v2(request: ObsRequest, secret_key: str, expires: str = "") -> str:
    """The signature of an `OBS` or `AWS` request; with `expires`, of a link."""
    return _seal_v2(string_to_sign(request, expires), secret_key)


def string_to_sign(request: ObsRequest, expires: str = "") -> str:
    """Method, MD5, type, date, the family's headers and the resource."""
    prefix, headers = f"x-{family(request)}-", request.headers
    date = "" if f"{prefix}date" in headers else headers.get("date", "")
    own = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers) if name.startswith(prefix))
    first = (request.method, headers.get("content-md5", ""), headers.get("content-type", ""), expires or date)
    return "\n".join(first) + "\n" + own + _resource(request, prefix)


def sign_v4(request: ObsRequest, scope: str, names: Sequence[str], stamp: str, secret_key: str) -> str:
    """The signature of an `AWS4-HMAC-SHA256` request made at `stamp` (YYYYMMDDTHHMMSSZ)."""
    query = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in sorted(request.query))
    headers = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in names)
    payload = request.headers.get("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
    canonical = "\n".join((request.method, quote(request.path), query, headers, ";".join(names), payload))
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return _seal_v4(text, scope, secret_key)


def verify_policy(fields: Mapping[str, str], access_key: str, secret_key: str) -> None:
    """Raise `BadObsSignature` unless the owner of the key signed the policy in the fields of a form."""
    policy, scope = fields.get("policy", ""), ""
    if "x-amz-credential" in fields:
        given, _, scope = fields["x-amz-credential"].partition("/")
        signature, expected = fields.get("x-amz-signature", ""), _seal_v4(policy, scope, secret_key)
    else:
        given = fields.get("accesskeyid") or fields.get("awsaccesskeyid", "")
        signature, expected = fields.get("signature", ""), _seal_v2(policy, secret_key)
    if not policy:
        raise BadObsSignature("AccessDenied", "Access Denied: the request is not signed.")
    _check(_Claim(given, signature, [expected]), access_key)


def _seal_v2(text: str, secret_key: str) -> str:
    return base64.b64encode(hmac.new(secret_key.encode(), text.encode(), hashlib.sha1).digest()).decode()


def _seal_v4(text: str, scope: str, secret_key: str) -> str:
    key = f"AWS4{secret_key}".encode()
    for piece in scope.split("/"):
        key = hmac.new(key, piece.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class _Claim(NamedTuple):
    """Who a request says to be from, the signature that it carries, and those of which it must carry one."""

    access_key: str
    signature: str
    expected: Sequence[str]


def _claim(request: ObsRequest, secret_key: str, now: float) -> _Claim:
    authorization = request.headers.get("authorization", "")
    if match := V4.fullmatch(authorization):
        _check_date(request, now)
        stamp = datetime.fromtimestamp(_date(request), UTC).strftime(STAMP)
        return _Claim(match[1], match[4], [sign_v4(request, match[2], match[3].split(";"), stamp, secret_key)])
    if match := V2.fullmatch(authorization):
        _check_date(request, now)
        return _Claim(match[2], match[3], _both_v2(request, secret_key))
    if request.argument("X-Amz-Signature"):
        return _claim_of_v4_link(request, secret_key, now)
    if signature := request.argument("Signature"):
        expires = request.argument("Expires")
        _check_end(expires, 0, now)
        access_key = request.argument("AccessKeyId", "AWSAccessKeyId")
        return _Claim(access_key, signature, _both_v2(request, secret_key, expires))
    raise BadObsSignature("AccessDenied", "Access Denied: the request is not signed.")


def _both_v2(request: ObsRequest, secret_key: str, expires: str = "") -> Sequence[str]:
    """Clients that were given a domain of a bucket's own sign its name in place of the bucket's."""
    named = [request.bucket_host, request.host] if request.bucket_host else [""]
    return [sign_v2(replace(request, bucket_host=name), secret_key, expires) for name in named]


def _claim_of_v4_link(request: ObsRequest, secret_key: str, now: float) -> _Claim:
    stamp, signature = request.argument("X-Amz-Date"), request.argument("X-Amz-Signature")
    _check_end(request.argument("X-Amz-Expires"), _seconds(stamp), now)
    access_key, _, scope = request.argument("X-Amz-Credential").partition("/")
    signed = replace(request, query=[pair for pair in request.query if pair[0] != "X-Amz-Signature"])
    names = request.argument("X-Amz-SignedHeaders").split(";")
    return _Claim(access_key, signature, [sign_v4(signed, scope, names, stamp, secret_key)])


def _check_end(seconds: str, start: float, now: float) -> None:
    """A link is good until so many seconds after its start."""
    if not seconds.isdigit() or start + int(seconds) < now:
        raise BadObsSignature("AccessDenied", "Request has expired.")


def _resource(request: ObsRequest, prefix: str) -> str:
    path = f"/{request.bucket_host}{request.path}" if request.bucket_host else request.path
    signed = [
        f"{name}={value}" if value else name
        for name, value in sorted(request.query)
        if name.lower() in SUBRESOURCES or name.lower().startswith(prefix)
    ]
    return quote(path, safe="/~") + ("?" + "&".join(signed) if signed else "")


def _check_date(request: ObsRequest, now: float) -> None:
    if abs(now - _date(request)) > WINDOW:
        message = "The difference between the request time and the server's time is too large."
        raise BadObsSignature("RequestTimeTooSkewed", message)


def _date(request: ObsRequest) -> float:
    return _seconds(request.headers.get(f"x-{family(request)}-date") or request.headers.get("date", ""))


def _seconds(text: str) -> float:
    try:
        return timegm(strptime(text, STAMP)) if text.endswith("Z") else parsedate_to_datetime(text).timestamp()
    except ValueError as error:
        raise BadObsSignature("AccessDenied", "A valid date is required.") from error
