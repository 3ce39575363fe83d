"""Entry of the hosted process: `python -m fmctl.sandbox.serving_host ORDERS STATUS_FD`."""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
from pathlib import Path

import waitress

from .app import ModelApp
from .lifeline import end_with_the_server, report, take_stdin
from .loading import load_service
from .orders import Orders

THREADS = 4


def main(arguments: list[str]) -> int:
    """Load the model, say where it listens, serve until the server lets go of standard input."""
    orders, status_fd = Orders.from_text(arguments[0]), int(arguments[1])
    os.set_inheritable(status_fd, False)  # what the script starts must not keep the pipe open
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    threading.Thread(target=end_with_the_server, args=(take_stdin(),), daemon=True).start()
    try:
        service = load_service(Path(orders.folder), orders.model_name, orders.model_type)
    except BaseException as error:  # a script may also call sys.exit while it loads
        logging.getLogger("serving").exception("the model cannot be loaded")
        report(status_fd, {"error": f"{type(error).__name__}: {error}"})
        return 1
    listener = socket.create_server(("127.0.0.1", 0))
    server = waitress.create_server(ModelApp(service, orders), sockets=[listener], threads=THREADS)
    report(status_fd, {"port": listener.getsockname()[1]})
    server.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
