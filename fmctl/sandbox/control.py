"""What no platform has: `/_sandbox/clock` tells the time of the sandbox and moves it.

    GET  /_sandbox/clock                          {"now": 1790000000.0, "virtual": true}
    POST /_sandbox/clock  {"advance": SECONDS}    the same, when the time has passed

Only this machine may ask, and who does sends the access key in the header X-Sandbox-Access-Key: no page that is open in
a browser can do that. No bucket can have the name, and no fault is ever made of these requests.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from fmctl.sandbox.timelapse import Timelapse
from fmctl.sandbox.wire import Reply, WireError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX = "/_sandbox/"
CLOCK = PREFIX + "clock"
KEY_HEADER = "X-Sandbox-Access-Key"
LONGEST = 10 * 365 * 86400.0


class Control:
    """The application `app`, and the clock beside it; without a timelapse that is the one on the wall."""

    def __init__(self, app: WSGIApplication, access_key: str, timelapse: Timelapse | None) -> None:
        self._app = app
        self._access_key = access_key
        self._timelapse = timelapse

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith(PREFIX):
            return self._app(environ, start_response)
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        try:
            self._check_caller(request)
            return self._clock(request).response()
        except WireError as error:
            return error.reply().response()

    def _check_caller(self, request: Request) -> None:
        if not _is_loopback(request.remote_addr or ""):
            raise WireError(403, "Sandbox.Remote", "Only the machine of the sandbox may move its clock.")
        given = request.headers.get(KEY_HEADER, "")
        if not hmac.compare_digest(given.encode(), self._access_key.encode()):
            raise WireError(401, "Sandbox.Key", f"The header {KEY_HEADER} must hold the access key of the sandbox.")

    def _clock(self, request: Request) -> Reply:
        if request.path != CLOCK:
            raise WireError(404, "Sandbox.Path", f"There is only {CLOCK}.")
        if request.method not in ("GET", "POST"):
            raise WireError(405, "Sandbox.Method", "GET tells the time, POST moves it.")
        if request.method == "POST":
            self._advance(_seconds(request))
        now = self._timelapse.now() if self._timelapse else time.time()
        return Reply(200, {"now": now, "virtual": self._timelapse is not None})

    def _advance(self, seconds: float) -> None:
        if self._timelapse is None:
            raise WireError(409, "Sandbox.RealTime", "This sandbox lives in real time; serve it with --clock virtual.")
        self._timelapse.advance(seconds)


def _seconds(request: Request) -> float:
    try:
        body: Any = json.loads(request.get_data() or b"null")
    except (ValueError, RecursionError):
        body = None
    seconds = body.get("advance") if isinstance(body, dict) else None
    # A bool is a number to Python; nan is in no interval.
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds <= LONGEST:
        raise WireError(400, "Sandbox.Advance", '{"advance": SECONDS} is expected, at most ten years.')
    return float(seconds)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
