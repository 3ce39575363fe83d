"""The host of a command: `python -m fmctl.sandbox.serving_host.command ORDERS STATUS_FD`.

It starts the command with a port of its own in PORT, answers for the command's health on another port, and ends when
the command does. A command that names the port of its container gets its own there, since containers may all have the
same one and processes may not. Being asked to end, it waits: the command was asked, too, and may take its time.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .lifeline import end_with_the_server, report, take_stdin
from .orders import CommandOrders

SHELL = "/bin/sh"


def main(arguments: list[str]) -> int:
    """Run the command to its end; its exit code, or 128 and the number of the signal that ended it."""
    orders, status_fd = CommandOrders.from_text(arguments[0]), int(arguments[1])
    os.set_inheritable(status_fd, False)
    signal.signal(signal.SIGTERM, lambda *_: None)
    threading.Thread(target=end_with_the_server, args=(take_stdin(),), daemon=True).start()
    port = _free_port()
    command = subprocess.Popen(_shell(orders.command, orders, port), env=_environment(orders, port))
    health = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Health, lambda: _is_healthy(orders, port)))
    threading.Thread(target=health.serve_forever, daemon=True).start()
    report(status_fd, {"port": port, "health_port": health.server_port})
    code = command.wait()
    sys.stdout.write(f"[sandbox] exit code {code}\n")
    return code if code >= 0 else 128 - code


class _Health(BaseHTTPRequestHandler):
    def __init__(self, is_healthy: Callable[[], bool], *arguments: object) -> None:
        self._is_healthy = is_healthy
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.send_response(200 if self._is_healthy() else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """The log is the command's."""


def _shell(text: str, orders: CommandOrders, port: int) -> list[str]:
    named = re.compile(rf"(?<![\w./]){orders.container_port}(?![\w-])")  # not in a folder's name, nor in an id
    return [SHELL, "-c", named.sub(str(port), text) if orders.container_port else text]


def _environment(orders: CommandOrders, port: int) -> dict[str, str]:
    given = os.environ | {"PORT": str(port), "PYTHONPATH": orders.python_path}
    return {name: value for name, value in given.items() if name != "PYTHONPATH" or value}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _is_healthy(orders: CommandOrders, port: int) -> bool:
    if orders.health_command:
        return _succeeds(orders, port)
    try:
        return _answers(orders, port) if orders.health_url else _listens(orders, port)
    except OSError:
        return False


def _succeeds(orders: CommandOrders, port: int) -> bool:
    command, patience = _shell(orders.health_command, orders, port), orders.health_timeout
    try:
        return subprocess.run(command, env=_environment(orders, port), timeout=patience, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _listens(orders: CommandOrders, port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=orders.health_timeout):
        return True


def _answers(orders: CommandOrders, port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=orders.health_timeout)
    try:
        connection.request("GET", orders.health_url)
        return 200 <= connection.getresponse().status < 400
    except http.client.HTTPException:
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
