"""Calls that go wrong on the way: refused at the door, or carried out and their answer lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from .wire import Connection, Reply, Request, shown

Effect = Callable[[Connection, Reply], None]
"""What the client gets instead; the answer that the platform would have given is at hand."""


@dataclass(slots=True)
class Fault:
    """Befalls the calls of a method and a path, each time or only the nth."""

    method: str
    path: re.Pattern[str]
    effect: Effect
    carried_out: bool = True
    """Whether the platform did the work before things went wrong."""
    nth: Collection[int] = ()
    seen: int = field(default=0, init=False)

    def hits(self, request: Request) -> bool:
        """Whether this call is befallen; counts the calls that could be."""
        if self.method not in (request.method, "*") or not self.path.search(request.path):
            return False
        self.seen += 1
        return not self.nth or self.seen in self.nth


def drops(connection: Connection, _answer: Reply) -> None:
    """The connection is reset."""
    connection.drop()


def breaks_off(connection: Connection, answer: Reply) -> None:
    """The answer ends in its middle."""
    connection.cut(answer.status, b'{"metadata": {"id"')


def instead(status: int, body: bytes, kind: str = "application/json", **headers: str) -> Effect:
    """Another answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda connection, _: connection.send(Reply(status, body, {"Content-Type": kind, **named}))


def too_many(**headers: str) -> Effect:
    """The platform asks for patience."""
    return instead(429, shown({"error_code": "ModelArts.2799", "error_msg": "too many requests"}).body, **headers)


INTERNAL = shown({"error_code": "ModelArts.0010", "error_msg": "internal error"}).body
GATEWAY = shown({"error_code": "APIG.0201", "error_msg": "bad gateway"}).body
LOSSES: dict[str, Effect] = {
    "reset": drops,
    "cut": breaks_off,
    "500": instead(500, INTERNAL),
    "502": instead(502, GATEWAY),
    "504-html": instead(504, b"<html><title>504 Gateway Time-out</title></html>", "text/html"),
    "200-html": instead(200, b"<html>welcome to the captive portal</html>", "text/html"),
    "200-empty": instead(200, b""),
    "200-object": instead(200, b"{}"),
    "200-list": instead(200, b"[]"),
    "200-null": instead(200, b"null"),
    "200-other": instead(200, b'{"status": "ok"}'),
}
"""Every way in which the answer to a call that was carried out does not arrive."""
