"""The sandbox on a port: a threaded server around the WSGI application, and a thread that lets time pass."""

import logging
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.server import create_server

from fmctl.sandbox.clock import SystemClock
from fmctl.sandbox.control import Control
from fmctl.sandbox.faults import FaultPlan, Faults
from fmctl.sandbox.sandbox import Sandbox
from fmctl.sandbox.script.cases import Script
from fmctl.sandbox.script.stage import components
from fmctl.sandbox.statedir import StateDir
from fmctl.sandbox.timelapse import Pace, Timelapse

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS = 32
TICK_SECONDS = 0.1
NO_FAULTS = FaultPlan()
REAL_TIME = Pace()
NO_SCRIPT = Script()
BODY_LIMIT = 5 << 30  # what OBS takes in one PUT

log = logging.getLogger(__name__)


class Server:
    """A sandbox that answers on a port, from `Server(...)` until `close`; `run` does the work meanwhile."""

    def __init__(
        self,
        state_dir: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        faults: FaultPlan = NO_FAULTS,
        pace: Pace = REAL_TIME,
        script: Script = NO_SCRIPT,
        jobs_at_once: int | None = None,
        require_authorization: bool = False,
    ) -> None:
        self._state = StateDir(state_dir)
        self._stopping = threading.Event()
        self._sockets: dict[int, Any] = {}
        try:
            clock = pace.clock(state_dir)
            self.sandbox = Sandbox(
                state_dir,
                clock=clock,
                wall=SystemClock(),
                jobs_at_once=jobs_at_once,
                require_authorization=require_authorization,
                components=components(script),
            )
            self._timelapse = Timelapse(self.sandbox, clock, pace.rate) if clock else None
            self._listen(host, self._state.choose_port(host, port), faults)
        except BaseException:
            self._state.close()
            raise
        announced = {**self.info, "clock": "virtual" if pace.virtual else "real"}
        self._state.announce(announced, int(self._server.effective_port))

    @property
    def info(self) -> dict[str, str]:
        """Where it is and how to log in; what `serve` prints when it is ready."""
        owner, url = self.sandbox.credentials, self.sandbox.endpoint
        return {
            "endpoint": url,
            "obs_endpoint": url,
            "iam_endpoint": url,
            "region": owner.region,
            "project_id": owner.project_id,
            "access_key": owner.access_key,
            "secret_key": owner.secret_key,
            "user": owner.user,
            "password": owner.password,
            "domain": owner.domain,
        }

    def run(self) -> None:
        """Serve until `stop`, which any thread or signal handler may call."""
        ticker = threading.Thread(target=self._tick, name="sandbox-tick", daemon=True)
        ticker.start()
        while not self._stopping.is_set():
            wasyncore.loop(timeout=0.2, use_poll=True, map=self._sockets, count=1)
        ticker.join()

    def stop(self) -> None:
        self._stopping.set()

    def close(self) -> None:
        """End jobs, services, threads and connections, and free the state folder."""
        self.stop()
        if self._timelapse:
            self._timelapse.close()
        self._server.task_dispatcher.shutdown(timeout=2)
        wasyncore.close_all(self._sockets, ignore_all=True)
        self.sandbox.close()
        self._state.close()

    def _listen(self, host: str, port: int, faults: FaultPlan) -> None:
        app: WSGIApplication = self.sandbox.wsgi
        if faults != NO_FAULTS:
            app = Faults(app, faults, self.sandbox.clock, cut=True)
        self._server = create_server(
            Control(app, self.sandbox.credentials.access_key, self._timelapse),
            map=self._sockets,
            host=host,
            port=port,
            threads=THREADS,
            connection_limit=1000,
            max_request_body_size=BODY_LIMIT,
            ident="fmctl-sandbox",
        )
        self.sandbox.endpoint = f"http://{host}:{self._server.effective_port}"

    def _tick(self) -> None:
        let_pass = self._timelapse.flow if self._timelapse else self.sandbox.tick
        while not self._stopping.wait(TICK_SECONDS):
            try:
                let_pass()
            except Exception:
                log.exception("the sandbox could not advance")


def serve(
    state_dir: Path,
    host: str,
    port: int,
    ready: Callable[[dict[str, str]], None],
    *,
    faults: FaultPlan = NO_FAULTS,
    pace: Pace = REAL_TIME,
    script: Script = NO_SCRIPT,
    jobs_at_once: int | None = None,
    require_authorization: bool = False,
) -> None:
    """Serve in the foreground until SIGTERM or SIGINT; `ready` is told how to connect."""
    server = Server(
        state_dir,
        host,
        port,
        faults=faults,
        pace=pace,
        script=script,
        jobs_at_once=jobs_at_once,
        require_authorization=require_authorization,
    )

    def stop(_signal: int, _frame: FrameType | None) -> None:
        server.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        ready(server.info)
        server.run()
    finally:
        server.close()
        for number, handler in before.items():
            signal.signal(number, handler)
