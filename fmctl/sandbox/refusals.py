"""Requests that are refused on purpose, in the words of whoever would refuse them: ModelArts, OBS, or a proxy."""

from http import HTTPStatus

from werkzeug.wrappers import Request, Response

from fmctl.sandbox import obs_xml
from fmctl.sandbox.app import API_PREFIXES
from fmctl.sandbox.wire import WireError

STATUSES = (401, 429, 500, 502, 503, 504)
"""What a refusal may be."""
CODES = {
    401: ("ModelArts.0202", "Expired token."),
    429: ("ModelArts.2799", "Too many requests."),
    500: ("ModelArts.0010", "Internal error: the sandbox was asked to answer so."),
}
OBS_CODES = {401: (403, "AccessDenied"), 429: (503, "SlowDown"), 503: (503, "SlowDown")}
PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


def refusal(request: Request, status: int, request_id: str, retry_after: float) -> Response:
    """The answer; one that will pass says when to come back."""
    if not request.path.startswith(API_PREFIXES):
        response = _of_obs(request, status, request_id)
    elif status in CODES:
        response = WireError(status, *CODES[status]).reply().response()
    else:
        response = garbage(status)
    if status in (429, 503):
        response.headers["Retry-After"] = f"{retry_after:g}"
    response.headers["X-Request-Id"] = request_id
    return response


def garbage(status: int = 502) -> Response:
    """The page of a proxy that could not reach anybody."""
    phrase = f"{status} {HTTPStatus(status).phrase}"
    return Response(PAGE.format(phrase), status, content_type="text/html")


def _of_obs(request: Request, status: int, request_id: str) -> Response:
    """OBS has no 401 and no 429: it denies access, and asks to slow down."""
    status, code = OBS_CODES.get(status, (status, "InternalError"))
    root = obs_xml.error(code, "The sandbox was asked to answer so.", request.path, request_id)
    return Response(obs_xml.render(root), status, content_type="application/xml")
