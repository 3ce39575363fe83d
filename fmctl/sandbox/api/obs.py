"""OBS at the root of the server: who asks, for what, and how the answer is dressed.

HEAD /?apiversion, then what the other files `obs_*.py` do. What else OBS can do is answered with 501 NotImplemented.
A bucket is the first piece of the path or, for clients that reach the server by such a name, of the host.
"""

import logging
import uuid
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

from fmctl.sandbox import obs_xml, temporary
from fmctl.sandbox.account import Account
from fmctl.sandbox.api import obs_buckets, obs_forms, obs_listing, obs_objects, obs_settings, obs_uploads
from fmctl.sandbox.api.obs_call import ObsCall, Operations, empty, need_public, need_version, xml
from fmctl.sandbox.objects import ObsError
from fmctl.sandbox.obs_signature import SUBRESOURCES, BadObsSignature, ObsRequest, family, verify

OPERATIONS: Operations = {
    **obs_buckets.OPERATIONS,
    **obs_listing.OPERATIONS,
    **obs_objects.OPERATIONS,
    **obs_settings.OPERATIONS,
    **obs_uploads.OPERATIONS,
}
# These say more of what another one, or the path, has chosen.
DETAILS = {"partnumber", "position", "versionid", "name", "length"}
SUBRESOURCES_THAT_CHOOSE = SUBRESOURCES - DETAILS
log = logging.getLogger(__name__)


def answer(sandbox: Account, request: Request) -> Response:
    """The response to one OBS request, errors included."""
    signed = _signed(sandbox, request)
    request_id, speaks = uuid.uuid4().hex, family(signed)
    try:
        response = _dispatch(sandbox, request, signed)
    except ObsError as error:
        response = xml(obs_xml.error(error.code, error.message, request.path, request_id), error.status)
    except BadObsSignature as error:
        response = xml(obs_xml.error(error.code, error.message, request.path, request_id), 403)
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        text = "We encountered an internal error; the log of the sandbox says more."
        response = xml(obs_xml.error("InternalError", text, request.path, request_id), 500)
    response.headers[f"x-{speaks}-request-id"] = response.headers["X-Request-Id"] = request_id
    response.headers[f"x-{speaks}-id-2"] = "sandbox"
    return response


def names_bucket(sandbox: Account, request: Request) -> bool:
    """Whether the host alone says that this is for OBS."""
    return bool(_bucket_of(sandbox, _host(request)))


def _host(request: Request) -> str:
    return request.host.rpartition(":")[0] or request.host


def _bucket_of(sandbox: Account, host: str) -> str:
    """BUCKET.localhost, BUCKET.obs.REGION.DOMAIN, or any name that is or begins with one of the buckets there are."""
    head, found, _ = host.partition(".obs.")
    if found:
        return head
    if host.endswith(".localhost"):
        return host.removesuffix(".localhost")
    labels = host.split(".")
    if len(labels) == 1 or labels[-1].isdigit():  # no name of a bucket in it, or an address
        return ""
    heads = (".".join(labels[:count]) for count in range(len(labels), 0, -1))
    return next((head for head in heads if sandbox.objects.has_bucket(head)), "")


def _signed(sandbox: Account, request: Request) -> ObsRequest:
    headers = {name.lower(): value for name, value in request.headers.items()}
    host, query = _host(request), list(request.args.items(multi=True))
    bucket = _bucket_of(sandbox, host)
    path = _whole_path(request) if bucket else request.path
    return ObsRequest(request.method, path, query, headers, bucket, host)


def _whole_path(request: Request) -> str:
    """A key may begin with slashes; the server and werkzeug leave one of all that a path begins with."""
    uri = unquote(request.environ.get("REQUEST_URI", "/"))
    return "/" * (len(uri) - len(uri.lstrip("/")) - 1) + request.path


def _dispatch(sandbox: Account, request: Request, signed: ObsRequest) -> Response:
    if "apiversion" in request.args:
        return empty(x_obs_api="3.0")
    path = f"/{signed.bucket_host}{signed.path}" if signed.bucket_host else signed.path
    bucket, _, key = path[1:].partition("/")
    call = ObsCall(sandbox, request, bucket, key, family(signed))
    level, operation = "object" if key else "bucket" if bucket else "service", _operation(request)
    if (level, request.method, operation) == ("bucket", "POST", ""):
        return obs_forms.post_object(call)  # signed by a field of the form
    if request.method != "OPTIONS":  # a browser asks without saying for whom
        _verify(sandbox, signed)
    need_public(bucket)
    need_version(call.argument("versionid"))
    handler = OPERATIONS.get((level, request.method, operation))
    if handler is None:
        raise _missing(operation)
    return handler(call)


def _verify(sandbox: Account, signed: ObsRequest) -> None:
    now = sandbox.wall.now()
    try:
        verify(signed, *temporary.pair(sandbox.credentials, signed.security_token, now), now)
    except temporary.ExpiredKey as error:
        raise BadObsSignature("ExpiredToken", "The provided token has expired.") from error


def _missing(operation: str) -> ObsError:
    if operation:
        return ObsError(501, "NotImplemented", f"The sandbox does not implement this operation ({operation}).")
    return ObsError(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")


def _operation(request: Request) -> str:
    """The subresource that makes this something else than reading or writing the thing itself."""
    names = {name.lower() for name in request.args} & SUBRESOURCES_THAT_CHOOSE
    return next((name for name in sorted(names) if not name.startswith("response-")), "")
