"""The state folder of a server: one process at a time, the port it likes, and where a launcher finds it."""

import fcntl
import json
import os
import socket
from pathlib import Path
from typing import Any


class StateDirBusy(Exception):
    """Another server works in this folder."""


class StateDir:
    """The folder, locked for as long as this object is not closed."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = path
        self._server = path / "server.json"
        self._port = path / "port"
        self._lock = (path / "lock").open("a+")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise StateDirBusy(f"{path} is in use by another sandbox server{self._holder()}") from error

    def choose_port(self, host: str, wanted: int) -> int:
        """The port that is asked for; for 0 the one of last time when it is free, else 0, any free one."""
        if wanted or not self._port.exists():
            return wanted
        last = int(self._port.read_text())
        with socket.socket() as probe:
            # As the server binds: a port in TIME_WAIT is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, last))
            except OSError:
                return 0
        return last

    def announce(self, info: dict[str, Any], port: int) -> None:
        """Write what a launcher needs, for the owner's eyes only, all at once."""
        self._port.write_text(str(port))
        draft = self._server.with_suffix(".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump({**info, "pid": os.getpid()}, file)
        draft.replace(self._server)

    def close(self) -> None:
        self._server.unlink(missing_ok=True)
        self._lock.close()

    def _holder(self) -> str:
        try:
            info = json.loads(self._server.read_text())
        except (OSError, ValueError):
            return ""
        return f" (pid {info['pid']}, {info['endpoint']})"
