"""`python -m fmctl.sandbox serve`: the sandbox in the foreground, without the rest of fmctl."""

import argparse
import json
import logging
import sys
from pathlib import Path

from fmctl.sandbox.faults import FaultPlan, LostAnswers, Refusals
from fmctl.sandbox.refusals import STATUSES
from fmctl.sandbox.script.cases import Script
from fmctl.sandbox.script.reading import BadScript, read_file
from fmctl.sandbox.server import serve
from fmctl.sandbox.statedir import StateDirBusy
from fmctl.sandbox.timelapse import AheadOfTime, pace

STATE_DIR = Path.home() / ".local" / "state" / "fmctl" / "sandbox"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        faults = fault_plan(options)
        passing = pace(virtual=options.clock == "virtual", rate=options.rate, start=options.start)
        script = read_file(options.script) if options.script else Script()
    except (ValueError, BadScript) as error:
        parser.error(str(error))
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        serve(
            options.state_dir,
            options.host,
            options.port,
            _print,
            faults=faults,
            pace=passing,
            script=script,
            jobs_at_once=options.jobs_at_once,
            require_authorization=options.require_authorization,
        )
    except (StateDirBusy, AheadOfTime, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fmctl.sandbox", description=__doc__)
    command = parser.add_subparsers(required=True, metavar="serve").add_parser("serve", help="serve in the foreground")
    command.add_argument("--host", default="127.0.0.1", help="address to listen on (default: loopback only)")
    command.add_argument("--port", type=_port, default=0, help="default: the port of last time, else a free one")
    command.add_argument("--state-dir", type=Path, default=STATE_DIR, help=f"default: {STATE_DIR}")
    command.add_argument("--jobs-at-once", type=int, metavar="N", help="default: one per CPU, at least 2")
    command.add_argument(
        "--require-authorization", action="store_true", help="refuse jobs until ModelArts was given an agency"
    )
    add_fault_options(command)
    add_stage_options(command)
    return parser


def add_fault_options(command: argparse.ArgumentParser) -> None:
    """Trouble that the server makes on request."""
    group = command.add_argument_group("faults", "for testing how a client takes trouble")
    group.add_argument("--list-lag", type=float, default=0, metavar="SECONDS", help="new objects are listed late")
    group.add_argument(
        "--lose-answers",
        nargs=3,
        action="append",
        default=[],
        metavar=("METHOD", "PATH-GLOB", "N"),
        help="carry out the first N such requests and close the connection (repeatable)",
    )
    group.add_argument(
        "--fail",
        nargs=4,
        action="append",
        default=[],
        metavar=("METHOD", "PATH-GLOB", "N", "STATUS"),
        help="refuse the first N such requests with 401, 429, 500, 502, 503 or 504 (repeatable)",
    )
    group.add_argument("--retry-after", type=float, default=1, metavar="SECONDS", help="what a 429 or 503 asks for")
    group.add_argument("--latency", type=float, default=0, metavar="MS", help="answer so much later")
    group.add_argument("--throttle", type=int, default=0, metavar="N", help="refuse every Nth request with 429")


def add_stage_options(command: argparse.ArgumentParser) -> None:
    """What happens as in a play: time, and the ends of jobs, models and services."""
    group = command.add_argument_group("time and script", "for testing what takes long, in seconds")
    group.add_argument("--clock", choices=("real", "virtual"), default="real", help="virtual time stands still")
    group.add_argument("--rate", type=float, default=0, metavar="N", help="virtual seconds per second")
    group.add_argument("--start", default="", metavar="TIME", help="when virtual time begins (default: now)")
    group.add_argument("--script", type=Path, metavar="FILE", help="JSON: what takes how long and how it ends")


def fault_plan(options: argparse.Namespace) -> FaultPlan:
    """What the options of `add_fault_options` ask for."""
    if not all(times.isdigit() for _, _, times in options.lose_answers):
        raise ValueError("--lose-answers METHOD PATH-GLOB N: N must be a whole number, as in POST '/v2/*' 1")
    lose = tuple(LostAnswers(method.upper(), path, int(times)) for method, path, times in options.lose_answers)
    if not all(times.isdigit() and status in map(str, STATUSES) for _, _, times, status in options.fail):
        raise ValueError("--fail METHOD PATH-GLOB N STATUS: as in GET '/v1/*' 1 503")
    fail = tuple(
        Refusals(method.upper(), path, int(times), int(status)) for method, path, times, status in options.fail
    )
    return FaultPlan(options.list_lag, lose, options.latency / 1000, options.throttle, fail, options.retry_after)


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port: 0 to 65535 is expected")
    return int(text)


def _print(info: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(info) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
