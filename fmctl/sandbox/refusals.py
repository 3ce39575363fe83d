"""Requests that are refused on purpose, in the words of whoever would refuse them: ModelArts, OBS, or a proxy."""

from http import HTTPStatus

from werkzeug.wrappers import Request, Response

from fmctl.sandbox import obs_xml
from fmctl.sandbox.app import API_PREFIXES
from fmctl.sandbox.wire import WireError

STATUSES = (429, 500, 502, 503, 504)
"""What a refusal may be."""
CODES = {
    429: ("ModelArts.2799", "Too many requests."),
    500: ("ModelArts.0010", "Internal error: the sandbox was asked to answer so."),
}
OBS_CODES = {429: "SlowDown", 503: "SlowDown"}
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
    """OBS has no 429: it asks to slow down."""
    code = OBS_CODES.get(status, "InternalError")
    root = obs_xml.error(code, "Please try again later.", request.path, request_id)
    return Response(obs_xml.render(root), 503 if code == "SlowDown" else status, content_type="application/xml")
