"""`python -m fmctl.sandbox serve`: the sandbox in the foreground, without the rest of fmctl."""

import argparse
import json
import logging
import sys
from pathlib import Path

from fmctl.sandbox.server import serve
from fmctl.sandbox.statedir import StateDirBusy

STATE_DIR = Path.home() / ".fmctl" / "sandbox"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        serve(options.state_dir, options.host, options.port, _print)
    except (StateDirBusy, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fmctl.sandbox", description=__doc__)
    command = parser.add_subparsers(required=True, metavar="serve").add_parser("serve", help="serve in the foreground")
    command.add_argument("--host", default="127.0.0.1", help="address to listen on (default: loopback only)")
    command.add_argument("--port", type=int, default=0, help="default: the port of last time, else a free one")
    command.add_argument("--state-dir", type=Path, default=STATE_DIR, help=f"default: {STATE_DIR}")
    return parser


def _print(info: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(info) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
