"""Entry of the hosted process: `python -m fmctl.sandbox.serving_host ORDERS STATUS_FD`."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import waitress

from .app import ModelApp
from .loading import load_service
from .orders import Orders

THREADS = 4


def main(arguments: list[str]) -> int:
    """Load the model, say where it listens, serve until the server lets go of standard input."""
    orders, status_fd = Orders.from_text(arguments[0]), int(arguments[1])
    os.set_inheritable(status_fd, False)  # what the script starts must not keep the pipe open
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    threading.Thread(target=_end_with_the_server, args=(_take_stdin(),), daemon=True).start()
    try:
        service = load_service(Path(orders.folder), orders.model_name, orders.model_type)
    except BaseException as error:  # a script may also call sys.exit while it loads
        logging.getLogger("serving").exception("the model cannot be loaded")
        _report(status_fd, {"error": f"{type(error).__name__}: {error}"})
        return 1
    listener = socket.create_server(("127.0.0.1", 0))
    server = waitress.create_server(ModelApp(service, orders), sockets=[listener], threads=THREADS)
    _report(status_fd, {"port": listener.getsockname()[1]})
    server.run()
    return 0


def _report(status_fd: int, message: dict[str, Any]) -> None:
    os.write(status_fd, json.dumps(message).encode() + b"\n")
    os.close(status_fd)


def _take_stdin() -> int:
    """Keep the pipe for ourselves: what the script starts gets an empty standard input."""
    pipe = os.dup(sys.stdin.fileno())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)
    return pipe


def _end_with_the_server(pipe: int) -> None:
    """Block until the server's end of the pipe is gone, then end this whole process group.

    The pipe never carries data. It is closed by the kernel even when its owner is killed, so nothing is left
    behind by a server that could not say goodbye.
    """
    while os.read(pipe, 1):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
