"""Who is asked: the sandbox and the judge on loopback ports, and the real ModelArts for those who have an account."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from judge.server import ACCOUNT, Judge

from fmctl.sandbox.script.cases import JobCase, ModelCase, Script, ServiceCase
from fmctl.sandbox.server import Server
from fmctl.sandbox.timelapse import Pace

from .site import Site

LONG = 1e6
"""Seconds that a job runs unless somebody stops it."""
FAST = Pace(virtual=True, rate=50.0)
SCRIPT = Script({"*": [JobCase(LONG, log="hello\n")]}, {"*": [ModelCase()]}, {"*": [ServiceCase()]})
BUCKET = "fmctl-demo"


@contextmanager
def sandbox(folder: Path) -> Iterator[Site]:
    """fmctl's sandbox: nothing is really run, and time passes quickly."""
    server = Server(folder, pace=FAST, script=SCRIPT)
    thread = threading.Thread(target=server.run)
    thread.start()
    info = server.info
    try:
        yield Site(
            name="sandbox",
            modelarts=info["endpoint"],
            iam=info["iam_endpoint"],
            obs=info["obs_endpoint"],
            region=info["region"],
            project_id=info["project_id"],
            access_key=info["access_key"],
            secret_key=info["secret_key"],
            user=info["user"],
            password=info["password"],
            domain=info["domain"],
            bucket=BUCKET,
            folder="contract/",
        )
    finally:
        server.stop()
        thread.join()
        server.close()


@contextmanager
def judge(_folder: Path) -> Iterator[Site]:
    """The strict server that was written from the reference alone."""
    made = Judge()
    made.switches.job_course = (0.02, 0.02, LONG)
    try:
        yield Site(
            name="judge",
            modelarts=made.endpoint,
            iam=made.endpoint,
            obs=made.obs_endpoint,
            region=ACCOUNT.region,
            project_id=ACCOUNT.project,
            access_key=ACCOUNT.access,
            secret_key=ACCOUNT.secret,
            user=ACCOUNT.user,
            password=ACCOUNT.password,
            domain=ACCOUNT.domain,
            bucket=ACCOUNT.bucket,
            folder="contract/",
        )
    finally:
        made.close()
