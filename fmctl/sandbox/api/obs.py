"""OBS at the root of the server, path style: who asks, for what, and how the answer is dressed.

HEAD /?apiversion, then what `obs_buckets.py`, `obs_objects.py` and `obs_uploads.py` do. What else OBS can do is
answered with 501 NotImplemented.
"""

import logging
import uuid

from werkzeug.wrappers import Request, Response

from fmctl.sandbox import obs_xml
from fmctl.sandbox.account import Account
from fmctl.sandbox.api import obs_buckets, obs_objects, obs_uploads
from fmctl.sandbox.api.obs_call import ObsCall, Operations, empty, xml
from fmctl.sandbox.objects import ObsError
from fmctl.sandbox.obs_signature import SUBRESOURCES, BadObsSignature, ObsRequest, family, verify

OPERATIONS: Operations = {**obs_buckets.OPERATIONS, **obs_objects.OPERATIONS, **obs_uploads.OPERATIONS}
# `partNumber` only says which part of an upload is meant.
SUBRESOURCES_THAT_CHOOSE = SUBRESOURCES - {"partnumber"}
log = logging.getLogger(__name__)


def answer(sandbox: Account, request: Request) -> Response:
    """The response to one OBS request, errors included."""
    signed = _signed(request)
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


def _signed(request: Request) -> ObsRequest:
    headers = {name.lower(): value for name, value in request.headers.items()}
    host = request.host.partition(":")[0]
    # Host style is for clients that reach the server as BUCKET.localhost.
    bucket = host.removesuffix(".localhost") if host.endswith(".localhost") else ""
    return ObsRequest(request.method, request.path, list(request.args.items(multi=True)), headers, bucket)


def _dispatch(sandbox: Account, request: Request, signed: ObsRequest) -> Response:
    if "apiversion" in request.args:
        return empty(x_obs_api="3.0")
    owner = sandbox.credentials
    verify(signed, owner.access_key, owner.secret_key, sandbox.wall.now())
    path = f"/{signed.bucket_host}{request.path}" if signed.bucket_host else request.path
    bucket, _, key = path[1:].partition("/")
    call = ObsCall(sandbox, request, bucket, key, family(signed))
    level = "object" if key else "bucket" if bucket else "service"
    handler = OPERATIONS.get((level, request.method, _operation(request)))
    if handler is None:
        raise ObsError(501, "NotImplemented", "The sandbox does not implement this operation.")
    return handler(call)


def _operation(request: Request) -> str:
    """The subresource that makes this something else than reading or writing the thing itself."""
    names = {name.lower() for name in request.args} & SUBRESOURCES_THAT_CHOOSE
    return next((name for name in sorted(names) if not name.startswith("response-")), "")
