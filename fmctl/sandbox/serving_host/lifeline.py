"""What ties a hosted process to the server that started it: one report, and an end when the server ends."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any


def report(status_fd: int, message: dict[str, Any]) -> None:
    """Tell the server, once, where to ask or what went wrong."""
    os.write(status_fd, json.dumps(message).encode() + b"\n")
    os.close(status_fd)


def take_stdin() -> int:
    """Keep the pipe for ourselves: what the script starts gets an empty standard input."""
    pipe = os.dup(sys.stdin.fileno())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)
    return pipe


def end_with_the_server(pipe: int) -> None:
    """Block until the server's end of the pipe is gone, then end this whole process group.

    The pipe never carries data. It is closed by the kernel even when its owner is killed, so nothing is left
    behind by a server that could not say goodbye.
    """
    while os.read(pipe, 1):
        pass
    os.killpg(0, signal.SIGKILL)
