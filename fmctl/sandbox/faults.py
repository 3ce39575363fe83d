"""Trouble on request, for those who want to know how their pipeline takes it.

A WSGI middleware around the sandbox. What it does is scripted by a `FaultPlan` and counted in `Faults.counts`:

- `list_lag`: for so many seconds a new training job, model or service is missing from searches and lists and from
  training-job-names; asked for by its id it is there.
- `lose`: requests that are carried out and never answered. Over a socket the connection is closed; in process, where
  there is none, the answer is a 502 with an HTML page, as from a broken proxy.
- `fail`: requests that are refused, with 401, 429 or an error of the server, and not carried out.
- `latency`: every answer comes so many seconds later.
- `throttle`: every Nth request is refused with 429 and Retry-After.
"""

import json
import logging
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from waitress.channel import ClientDisconnected
from werkzeug.wrappers import Request, Response

from fmctl.sandbox.app import proper
from fmctl.sandbox.clock import Clock
from fmctl.sandbox.refusals import garbage, refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

SERVICES_V2 = "services of v2"
# What creates, and where the id is in the answer; what lists, and where the items and their ids are.
CREATES = {
    "training-jobs": ("metadata", "id"),
    "models": ("model_id",),
    "services": ("service_id",),
    SERVICES_V2: ("id",),
}
LISTS = {
    ("POST", "training-job-searches"): ("items", ("metadata", "id")),
    ("GET", "models"): ("models", ("model_id",)),
    ("GET", "services"): ("services", ("service_id",)),
    ("GET", SERVICES_V2): ("data", ("id",)),
}


@dataclass(frozen=True, slots=True)
class LostAnswers:
    """The first `times` requests of this method (`*` for any) whose path fits the pattern get no answer."""

    method: str
    path: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Refusals:
    """The first `times` requests of this method (`*` for any) whose path fits the pattern are refused."""

    method: str
    path: str
    times: int = 1
    status: int = 503


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """What goes wrong. Nothing, if nothing is said. Times are in seconds."""

    list_lag: float = 0
    lose: Sequence[LostAnswers] = ()
    latency: float = 0
    throttle: int = 0
    fail: Sequence[Refusals] = ()
    retry_after: float = 1


F = TypeVar("F", LostAnswers, Refusals)


class _Countdown(Generic[F]):
    """Gives a fault to each request that fits, as often as the plan says."""

    def __init__(self, faults: Sequence[F]) -> None:
        self._faults: Sequence[F] = faults
        self._left = [fault.times for fault in faults]
        self._lock = threading.Lock()

    def next(self, request: Request) -> F | None:
        with self._lock:
            for at, fault in enumerate(self._faults):
                fits = fault.method in ("*", request.method) and fnmatchcase(request.path, fault.path)
                if fits and self._left[at] > 0:
                    self._left[at] -= 1
                    return fault
        return None


class Faults:
    """The application `app`, with the trouble of a plan. `cut` closes connections instead of answering with a 502."""

    def __init__(
        self,
        app: "WSGIApplication",
        plan: FaultPlan,
        clock: Clock,
        *,
        cut: bool = False,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.counts: Counter[str] = Counter()
        """How often what has happened: requests, delayed, throttled, refused, lost, hidden."""
        self._app = app
        self._plan = plan
        self._clock = clock
        self._cut = cut
        self._wait = wait
        self._lock = threading.Lock()
        self._losing = _Countdown(plan.lose)
        self._failing = _Countdown(plan.fail)
        self._new: dict[str, tuple[float, str]] = {}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(proper(environ))
        number = self._count("requests")
        if self._plan.latency:
            self._count("delayed")
            self._wait(self._plan.latency)
        if self._plan.throttle and number % self._plan.throttle == 0:
            return self._refused(request, 429, "throttled")(environ, start_response)
        if failing := self._failing.next(request):
            return self._refused(request, failing.status, "refused")(environ, start_response)
        if self._losing.next(request):
            return self._lost(request)(environ, start_response)
        if self._plan.list_lag and _resource(request):
            return self._lagging(request)(environ, start_response)
        return self._app(environ, start_response)

    def _refused(self, request: Request, status: int, why: str) -> Response:
        self._count(why)
        log.info("%s %s was %s with %d, as scripted", request.method, request.path, why, status)
        return refusal(request, status, uuid.uuid4().hex, self._plan.retry_after)

    def _lost(self, request: Request) -> Response:
        self._count("lost")
        Response.from_app(self._app, request.environ, buffered=True)
        log.info("%s %s was carried out; its answer is lost, as scripted", request.method, request.path)
        if self._cut:
            raise ClientDisconnected
        return garbage()

    def _lagging(self, request: Request) -> Response:
        response = Response.from_app(self._app, request.environ, buffered=True)
        if response.status_code >= 400:
            return response
        body, resource, now = json.loads(response.get_data() or b"null"), _resource(request), self._clock.now()
        with self._lock:
            self._new = {id: new for id, new in self._new.items() if new[0] > now}
        if request.method == "POST" and resource in CREATES:
            self._remember(body, resource, now)
        elif resource == "training-job-names":
            body["is_duplicate"] &= request.args.get("job_name") not in {name for _, name in self._new.values()}
        elif listed := LISTS.get((request.method, resource)):
            self._hide(body, *listed)
        response.set_data(json.dumps(body))
        return response

    def _remember(self, body: dict[str, Any], resource: str, now: float) -> None:
        name = str(body.get("metadata", {}).get("name", ""))
        with self._lock:
            self._new[_at(body, CREATES[resource])] = (now + self._plan.list_lag, name)

    def _hide(self, body: dict[str, Any], items: str, path: Sequence[str]) -> None:
        kept = [item for item in body[items] if _at(item, path) not in self._new]
        hidden = len(body[items]) - len(kept)
        self._count("hidden", hidden)
        for name in ("count", "total", "total_count"):
            if name in body:
                body[name] -= hidden
        body[items] = kept

    def _count(self, what: str, by: int = 1) -> int:
        with self._lock:
            self.counts[what] += by
            return self.counts[what]


def _resource(request: Request) -> str:
    """The last segment of /version/project/resource; "" for every other path. Two versions have services."""
    pieces = request.path.strip("/").split("/")
    if len(pieces) == 3 and (pieces[0], pieces[2]) == ("v2", "services"):
        return SERVICES_V2
    known = {*CREATES, *(name for _, name in LISTS), "training-job-names"}
    return pieces[2] if len(pieces) == 3 and pieces[2] in known else ""


def _at(value: Any, path: Sequence[str]) -> str:
    for key in path:
        value = value[key]
    return str(value)
