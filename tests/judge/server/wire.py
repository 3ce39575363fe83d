"""HTTP as the judge speaks it: requests, answers, and connections that can be broken."""

from __future__ import annotations

import json
import socket
import struct
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """What came in."""

    side: str
    method: str
    path: str
    raw_query: str
    headers: Message
    body: bytes
    at: float = field(default_factory=time.time)

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the query."""
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    @property
    def data(self) -> Any:
        """The JSON of the body; None when there is no body."""
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes out."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """The platform says no, with its code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def reply(self) -> Reply:
        """The error as v1 and v2 write it."""
        code = self.code if self.code.startswith("APIG") else f"ModelArts.{self.code}"
        return shown({"error_code": code, "error_msg": self.message}, self.status)


def shown(data: Any, status: int = 200) -> Reply:
    """An answer with JSON."""
    return Reply(status, json.dumps(data).encode())


class Connection(BaseHTTPRequestHandler):
    """One connection of a client; it can end in the middle of anything."""

    protocol_version = "HTTP/1.1"
    server: Door

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: tests read the record of calls."""

    def serve(self) -> None:
        """Read one request and let the judge deal with it."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        url = urlsplit(self.path)
        self.server.handle(self, Request(self.server.side, self.command, url.path, url.query, self.headers, body))

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = serve  # noqa: N815  # the names that http.server calls

    def send(self, reply: Reply) -> None:
        """Write an answer; a client that has left is no error."""
        try:
            self.send_response(reply.status)
            for name, value in {**self._usual(reply), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD" and reply.status != 204:
                self.wfile.write(reply.body)
            self.wfile.flush()
        except OSError:
            self.close_connection = True

    def _usual(self, reply: Reply) -> dict[str, str]:
        length = {} if reply.status == 204 else {"Content-Length": str(len(reply.body))}
        if self.server.side == "obs":
            return {**length, "Content-Type": "application/xml", "x-obs-request-id": uuid.uuid4().hex}
        return {**length, "Content-Type": "application/json", "X-Request-Id": uuid.uuid4().hex}

    def cut(self, status: int, beginning: bytes) -> None:
        """Promise a long answer, send its beginning, and break off."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(beginning) + 500))
        self.end_headers()
        self.wfile.write(beginning)
        self.wfile.flush()
        self.drop()

    def drop(self) -> None:
        """Reset the connection."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


class Door(ThreadingHTTPServer):
    """One listening port on loopback."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, side: str, handle: Callable[[Connection, Request], None]) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.side, self.handle = side, handle

    @property
    def address(self) -> str:
        """The URL of this port."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients are killed in the middle of calls here."""
