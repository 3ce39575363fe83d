"""``fmctl sandbox``: a ModelArts on this machine."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from fmctl.cli.output import say, warn
from fmctl.domain.problem import ExitCode, FmctlError

app = typer.Typer(help="A ModelArts on this machine: it runs jobs and serves models.", no_args_is_help=True)
StateDir = Annotated[Path | None, typer.Option("--state-dir", help="Its folder (default: FMCTL_SANDBOX_DIR).")]


def _folder(chosen: Path | None) -> Path:
    from fmctl import host

    return chosen.resolve() if chosen else host.state_dir(os.environ)


@app.command()
def up(state_dir: StateDir = None) -> None:
    """Start it in the background, unless it is up."""
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
    """Say whether it is up, and where."""
    from fmctl import host

    folder = _folder(state_dir)
    info = host.running(folder)
    if info is None:
        pid = host.stuck(folder)
        say("sandbox is down" if pid is None else f"sandbox (pid {pid}) is up and does not answer")
        return ExitCode.DIFFERENCES
    say(f"sandbox is up at {info['endpoint']}\n  project {info['project_id']}, pid {info['pid']}, state in {folder}")
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
) -> None:
    """Run it in the foreground.

    One line of JSON on stdout says how to connect, the log goes to stderr.

    The fault options let you try your own pipelines against trouble.
    """
    import logging
    import sys

    from fmctl.sandbox.faults import FaultPlan
    from fmctl.sandbox.server import serve as run
    from fmctl.sandbox.statedir import StateDirBusy

    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", force=True
    )
    faults = FaultPlan(list_lag, [_lost(text) for text in lose_answers or ()], latency / 1000, throttle)

    def ready(info: Mapping[str, str]) -> None:
        say(json.dumps(info))

    try:
        run(_folder(state_dir), address, port, ready, faults=faults, jobs_at_once=jobs_at_once)
    except (StateDirBusy, OSError) as error:
        raise FmctlError(str(error), hint="`fmctl sandbox status` tells what runs") from error


def _lost(text: str) -> Any:
    """``POST /v2/*/training-jobs 1`` as the fault it asks for."""
    from fmctl.domain.problem import UsageError
    from fmctl.sandbox.faults import LostAnswers

    parts = text.split()
    if len(parts) != 3 or not parts[2].isdigit():
        msg = f"--lose-answers {text!r}: not METHOD PATH-GLOB N"
        raise UsageError(msg, hint="for example 'POST /v2/*/training-jobs 1'")
    return LostAnswers(parts[0].upper(), parts[1], int(parts[2]))


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
    }
