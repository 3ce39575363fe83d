"""``fmctl sandbox``: a ModelArts on this machine."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fmctl.cli.output import say, warn
from fmctl.domain.problem import ExitCode, FmctlError

app = typer.Typer(help="A ModelArts on this machine: it runs jobs and serves models.", no_args_is_help=True)
StateDir = Annotated[Path | None, typer.Option("--state-dir", help="Its folder (default: FMCTL_SANDBOX_DIR).")]


class Clock(StrEnum):
    """What time a sandbox lives in."""

    REAL = "real"
    VIRTUAL = "virtual"


def _folder(chosen: Path | None) -> Path:
    from fmctl import host

    return chosen.resolve() if chosen else host.state_dir(os.environ)


@app.command()
def up(state_dir: StateDir = None) -> None:
    """Start it in the background, unless it is up.

    With trouble on request, a script or virtual time it runs in the foreground: `fmctl sandbox serve`.
    """
    from fmctl import host

    info = host.up(_folder(state_dir), os.environ)
    say(f"sandbox is up at {info['endpoint']}")


@app.command()
def down(state_dir: StateDir = None) -> None:
    """Stop it; jobs that run are lost, services come back with it."""
    from fmctl import host

    stopped = host.down(_folder(state_dir))
    say("sandbox is down" if stopped else "sandbox was not up")


@app.command()
def status(state_dir: StateDir = None) -> int:
    """Say whether it is up, and where; of virtual time, what time it is."""
    from fmctl import host
    from fmctl.domain.values import moment

    folder = _folder(state_dir)
    info = host.running(folder)
    if info is None:
        pid = host.stuck(folder)
        say("sandbox is down" if pid is None else f"sandbox (pid {pid}) is up and does not answer")
        return ExitCode.DIFFERENCES
    say(f"sandbox is up at {info['endpoint']}\n  project {info['project_id']}, pid {info['pid']}, state in {folder}")
    if info.get("clock") == "virtual":
        say(f"  virtual time {moment(round(1000 * host.advance(folder, 0)))}")
    return ExitCode.OK


@app.command()
def reset(
    state_dir: StateDir = None, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False
) -> None:
    """Stop it and forget all: jobs, models, objects, ledger, keys."""
    from fmctl import host
    from fmctl.cli.output import ask, interactive
    from fmctl.domain.problem import Cancelled, Refused

    folder = _folder(state_dir)
    if not yes:
        if not interactive():
            msg = "reset forgets everything in the sandbox"
            raise Refused(msg, hint="say -y")
        if not ask(f"Forget everything in {folder}?"):
            msg = "nothing was forgotten"
            raise Cancelled(msg)
    host.forget(folder)
    say("sandbox is reset")


@app.command()
def serve(
    address: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="0: the port of last time, else a free one.")
    ] = 0,
    state_dir: StateDir = None,
    jobs_at_once: Annotated[
        int | None, typer.Option("--jobs-at-once", min=1, help="Default: one per CPU, at least 2.")
    ] = None,
    list_lag: Annotated[float, typer.Option("--list-lag", min=0, help="Seconds that lists lag behind.")] = 0.0,
    latency: Annotated[float, typer.Option("--latency", min=0, help="Answer so many milliseconds later.")] = 0.0,
    throttle: Annotated[int, typer.Option("--throttle", min=0, help="Refuse every Nth request with 429.")] = 0,
    lose_answers: Annotated[
        list[str] | None,
        typer.Option(
            "--lose-answers",
            metavar="'METHOD PATH-GLOB N'",
            help="Carry out the first N such requests and close the connection; may be repeated.",
        ),
    ] = None,
    fail: Annotated[
        list[str] | None,
        typer.Option(
            "--fail",
            metavar="'METHOD PATH-GLOB N STATUS'",
            help="Refuse the first N such requests with 401, 429, 500, 502, 503 or 504; may be repeated.",
        ),
    ] = None,
    retry_after: Annotated[
        float, typer.Option("--retry-after", min=0, help="Seconds that a 429 or 503 asks to wait.")
    ] = 1.0,
    require_authorization: Annotated[
        bool,
        typer.Option("--require-authorization", help="Refuse jobs with 403 until ModelArts was authorized."),
    ] = False,
    clock: Annotated[
        Clock, typer.Option("--clock", help="With `virtual`, time stands still until `fmctl sandbox advance`.")
    ] = Clock.REAL,
    rate: Annotated[float, typer.Option("--rate", min=0, help="Virtual seconds that pass per second.")] = 0.0,
    start: Annotated[
        str, typer.Option("--start", metavar="TIME", help="When virtual time begins, such as 2025-01-01T00:00:00Z.")
    ] = "",
    script: Annotated[
        Path | None, typer.Option("--script", help="JSON: how long jobs, models and services take and how they end.")
    ] = None,
) -> None:
    """Run it in the foreground.

    One line of JSON on stdout says how to connect, the log goes to stderr.

    The other options let you try your own pipelines against trouble and long times.
    """
    import logging
    import sys

    from fmctl.cli import sandbox_options
    from fmctl.sandbox.server import serve as run
    from fmctl.sandbox.statedir import StateDirBusy
    from fmctl.sandbox.timelapse import AheadOfTime

    faults = sandbox_options.faults(
        list_lag=list_lag,
        lose_answers=lose_answers or (),
        fail=fail or (),
        latency=latency,
        throttle=throttle,
        retry_after=retry_after,
    )
    pace = sandbox_options.pace(clock, rate, start)
    played = sandbox_options.script(script)
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", force=True
    )

    def ready(info: Mapping[str, str]) -> None:
        say(json.dumps(info))

    try:
        run(
            _folder(state_dir),
            address,
            port,
            ready,
            faults=faults,
            pace=pace,
            script=played,
            jobs_at_once=jobs_at_once,
            require_authorization=require_authorization,
        )
    except AheadOfTime as error:
        raise FmctlError(str(error), hint="`fmctl sandbox serve --clock virtual`, or `fmctl sandbox reset`") from error
    except (StateDirBusy, OSError) as error:
        raise FmctlError(str(error), hint="`fmctl sandbox status` tells what runs") from error


@app.command()
def advance(
    duration: Annotated[str, typer.Argument(metavar="DURATION", help="How much time: 30s, 90m, 2h, 1d.")],
    state_dir: StateDir = None,
) -> None:
    """Let time pass in a sandbox with a virtual clock.

    What takes that long has happened when it returns. It prints the time that it is then.
    """
    from fmctl import host
    from fmctl.cli.session import seconds_of
    from fmctl.domain.values import moment

    seconds = seconds_of("advance", duration) or 0.0
    say(moment(round(1000 * host.advance(_folder(state_dir), seconds))))


@app.command()
def env(state_dir: StateDir = None) -> None:
    """Print how to connect, as export lines.

    For fmctl and for the official SDKs.
    """
    from fmctl import host

    folder = _folder(state_dir)
    info = host.running(folder)
    if info is None:
        info = host.up(folder, os.environ)
        warn(f"sandbox started at {info['endpoint']}")
    say("\n".join(f"export {key}={shlex.quote(value)}" for key, value in _environment(info).items()))


def _environment(info: Mapping[str, str]) -> dict[str, str]:
    region = info["region"].replace("-", "_").upper()
    return {
        "HUAWEICLOUD_SDK_AK": info["access_key"],
        "HUAWEICLOUD_SDK_SK": info["secret_key"],
        "HUAWEICLOUD_SDK_PROJECT_ID": info["project_id"],
        "HUAWEICLOUD_SDK_IAM_ENDPOINT": info["iam_endpoint"],
        f"HUAWEICLOUD_SDK_REGION_MODELARTS_{region}": info["endpoint"],
        "FMCTL_MODELARTS_ENDPOINT": info["endpoint"],
        "FMCTL_IAM_ENDPOINT": info["iam_endpoint"],
        "FMCTL_OBS_ENDPOINT": info["obs_endpoint"],
        "FMCTL_REGION": info["region"],
        "FMCTL_CODE_PREFIX": "obs://fmctl-sandbox/code/",
        "FMCTL_CONTEXT": "env",  # a project file that says sandbox means the one of FMCTL_SANDBOX_DIR
    }
