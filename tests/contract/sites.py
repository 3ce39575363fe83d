"""Who is asked: the sandbox and the judge on loopback ports, cassettes, and the real ModelArts of an account."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from judge.server import ACCOUNT, Judge

from fmctl.clock import SystemClock
from fmctl.domain.problem import FmctlError
from fmctl.modelarts.auth import AkSkAuth
from fmctl.modelarts.iam import find_project
from fmctl.sandbox.script.cases import JobCase, ModelCase, Script, ServiceCase
from fmctl.sandbox.server import Server
from fmctl.sandbox.timelapse import Pace
from fmctl.settings import ENV, SANDBOX, Context, find_context

from .recording import STAND_IN
from .site import SPECIFICATION, Site

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
    made.switches.job_course = (0.3, 0.05, LONG)
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


@contextmanager
def recorded(_folder: Path) -> Iterator[Site]:
    """Whoever is on the cassettes."""
    yield STAND_IN


@contextmanager
def real(_folder: Path) -> Iterator[Site]:
    """The ModelArts of the environment, where a look costs time and everything else money."""
    environ = os.environ
    context = _context(environ)
    missing = [name for name, given in _needed(context, environ).items() if not given]
    if missing or "PYTEST_XDIST_WORKER" in environ:
        pytest.fail(f"set {', '.join(missing)}" if missing else "one run at a time: without -n", pytrace=False)
    bucket, _, prefix = context.code_prefix.removeprefix("obs://").partition("/")
    engine, _, version = environ["FMCTL_CONTRACT_ENGINE"].partition("/")
    yield Site(
        name="real",
        modelarts=context.modelarts,
        iam=context.iam,
        obs=context.obs,
        region=context.project_name or context.region,
        project_id=context.project_id or _project(context),
        access_key=context.access_key,
        secret_key=context.secret_key,
        security_token=context.security_token,
        user=context.user,
        password=context.password,
        domain=context.domain,
        bucket=bucket,
        folder=f"{prefix.rstrip('/')}/contract/".lstrip("/"),
        tag=secrets.token_hex(3),
        engine=engine,
        engine_version=version,
        flavor=environ["FMCTL_CONTRACT_FLAVOR"],
        specification=environ.get("FMCTL_CONTRACT_SPECIFICATION", SPECIFICATION),
        several=1,
        patience=2400.0,
        pause=10.0,
    )


def _context(environ: Mapping[str, str]) -> Context:
    try:
        return find_context(ENV, environ, lambda: Context(SANDBOX))
    except FmctlError as error:
        pytest.fail(f"{error}: {error.hint}", pytrace=False)


def _needed(context: Context, environ: Mapping[str, str]) -> dict[str, str]:
    return {
        "HUAWEICLOUD_SDK_AK": context.access_key,
        "HUAWEICLOUD_SDK_SK": context.secret_key,
        "FMCTL_OBS_ENDPOINT (or FMCTL_REGION)": context.obs,
        "FMCTL_CODE_PREFIX": context.code_prefix,
        "FMCTL_CONTRACT_FLAVOR": environ.get("FMCTL_CONTRACT_FLAVOR", ""),
        "FMCTL_CONTRACT_ENGINE (as name/version)": environ.get("FMCTL_CONTRACT_ENGINE", "").partition("/")[2],
    }


def _project(context: Context) -> str:
    clock = SystemClock()
    auth = AkSkAuth(context.access_key, context.secret_key, security_token=context.security_token, clock=clock)
    return find_project(context.iam, context.project_name or context.region, auth, clock=clock)
