"""Intranet connections: somebody applies for a way from a network to a service, its owner decides, and it is laid.

    (applied) → APPROVING → REJECTED
                    ↓
                CONNECTING → CONNECTED → CANCELED
                    ↑  └──→ FAILED ←─┘
                    └─ RETRY ──┘

A service that says `intranet_approval_enable: false` needs no approval: its connections begin CONNECTING. One to all
services (GLOBAL) needs it always. A connection fails when its service is not there, or not any more. Only a CONNECTED
one lets requests through, at an address of its own. The networks themselves are not checked: the sandbox has none but
its resource pool.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from fmctl.sandbox.account import Account
from fmctl.sandbox.models.checks import invalid
from fmctl.sandbox.services_v2.progress import STEP
from fmctl.sandbox.services_v2.rules import Fields, many, missing, one_of, text
from fmctl.sandbox.services_v2.shapes import check_pool
from fmctl.sandbox.services_v2.state import GONE_SOON, SERVICES_V2, WRONG_STATE, Document, status
from fmctl.sandbox.serving.state import milliseconds
from fmctl.sandbox.wire import WireError

Connection = dict[str, Any]

CONNECTIONS = "intranet_connections"
NETWORK = {"VPC": ("vpc_id", "subnet_id"), "POOL": ("pool_id",)}
"""What a scene needs to know of the network."""


class Status(StrEnum):
    """How far a connection is."""

    APPROVING = "APPROVING"
    REJECTED = "REJECTED"
    CONNECTING = "CONNECTING"
    CONNECTED = "CONNECTED"
    CANCELED = "CANCELED"
    FAILED = "FAILED"
    DELETING = "DELETING"


class Action(StrEnum):
    """What becomes of an application."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"
    CANCEL = "CANCEL"
    RETRY = "RETRY"


MOVES: Mapping[Action, tuple[Status, Status]] = {
    Action.APPROVE: (Status.APPROVING, Status.CONNECTING),
    Action.REJECT: (Status.APPROVING, Status.REJECTED),
    Action.CANCEL: (Status.CONNECTED, Status.CANCELED),
    Action.RETRY: (Status.FAILED, Status.CONNECTING),
}
OPEN = frozenset({Status.APPROVING, Status.CONNECTING, Status.CONNECTED, Status.FAILED})
"""As long as an application is one of these there is no need for another one of its kind."""
IN_MOTION = frozenset({Status.CONNECTING, Status.CONNECTED, Status.DELETING})
LOST = "Connection failed; try again."

LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
DOMAIN = rf"(?=[^/:]{{1,63}}(/|$))({LABEL}\.)+[A-Za-z]([A-Za-z-]*[A-Za-z])?"
BYTE = r"(25[0-5]|2[0-4]\d|1?\d?\d)"
ADDRESS = rf"({BYTE}\.){{3}}{BYTE}:([1-9]\d{{0,3}}|[1-5]\d{{4}}|6[0-4]\d{{3}}|65[0-4]\d\d|655[0-2]\d|6553[0-5])"
URL = text(rf"(?=.{{1,1024}}$)(https?|wss?)://({DOMAIN}|{ADDRESS})(/[\w./-]*)?", "protocol://domain/path, or IP:port")
URLS = many(URL, most=10)
APPLICATION = Fields(
    {
        "service_id": text(),
        "scene": one_of(*NETWORK),
        "vpc_id": text(),
        "subnet_id": text(),
        "pool_id": check_pool,
        "type": one_of("SERVICE", "GLOBAL"),
        "dispatcher_group_id": text(),
        "custom_urls": URLS,
    },
    ["scene"],
)
DECISION = Fields({"action": one_of(*Action), "reason": text(most=512)}, ["action"])
CHANGE = Fields({"custom_urls": URLS}, ["custom_urls"])
DELETION = Fields({"intranet_connection_ids": many(text())}, ["intranet_connection_ids"])


class Connections:
    """The component that lays connections, loses those whose service goes, and forgets deleted ones."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def recover(self) -> None:
        """Nothing to put right: what was on its way goes on."""

    def tick(self) -> None:
        """One look at every connection that may move by itself."""
        now, store = self._account.clock.now(), self._account.store
        for seen in store.find(CONNECTIONS, states=IN_MOTION):
            if now - seen["since"] < STEP:
                continue
            with store.transaction():
                connection = store.get(CONNECTIONS, seen["id"])
                if connection == seen:  # or a request was faster
                    self._move(connection, now)

    def close(self) -> None:
        """Nothing runs."""

    def _move(self, connection: Connection, now: float) -> None:
        if connection["status"] == Status.DELETING:
            self._account.store.delete(CONNECTIONS, connection["id"])
            return
        leads_somewhere = not connection["service_id"] or is_there(self._account, connection["service_id"])
        became = Status.CONNECTED if leads_somewhere else Status.FAILED
        if became != connection["status"]:
            enter(connection, became, now, message="" if leads_somewhere else LOST)
            put(self._account, connection)


def apply_for(
    account: Account, project: str, user: str, body: Mapping[str, Any], service: Document | None
) -> Connection:
    """A new application; nobody has to approve it when the service says so."""
    for name in NETWORK[body["scene"]]:
        if not body.get(name):
            raise missing(name)
    base = service["service"] if service else {}
    invoke = service["version"]["runtime_config"]["service_invoke"] if service else {}
    now = account.clock.now()
    connection = {name: body.get(name) for name in ("scene", "vpc_id", "subnet_id", "pool_id", "dispatcher_group_id")}
    connection |= {
        "id": str(uuid.uuid4()),
        "project": project,
        "applicant_user_name": user,
        "type": "GLOBAL" if service is None else "SERVICE",
        "service_id": base.get("id"),
        "service_name": base.get("name"),
        "service_type": base.get("type"),
        "workspace_id": base.get("workspace_id", "0"),
        "custom_urls": body.get("custom_urls", []),
        "create_at": milliseconds(now),
    }
    _refuse_second(account, connection)
    needs_approval = invoke.get("intranet_approval_enable", True)
    enter(connection, Status.APPROVING if needs_approval else Status.CONNECTING, now)
    put(account, connection)
    return connection


def decide(connection: Connection, action: Action, reason: str, now: float) -> None:
    """Approve, reject, cancel or retry, where the status allows it."""
    legal, after = MOVES[action]
    if connection["status"] != legal:
        raise _wrong_state(connection, action)
    enter(connection, after, now, message=reason if action is Action.REJECT else "")


def rename(connection: Connection, urls: list[str], now: float) -> None:
    """Other addresses of the applicant's own, as long as there is something that they could lead to."""
    if connection["status"] not in OPEN:
        raise _wrong_state(connection, "modify")
    connection["custom_urls"], connection["update_at"] = urls, milliseconds(now)


def delete(connection: Connection, now: float) -> None:
    """It goes at the next look, and lets nothing through from now on."""
    if connection["status"] == Status.DELETING:
        raise _wrong_state(connection, "delete")
    enter(connection, Status.DELETING, now)


def put(account: Account, connection: Connection) -> None:
    """Store a connection."""
    key = {"project": connection["project"], "name": connection["service_id"] or "", "state": connection["status"]}
    account.store.put(CONNECTIONS, connection["id"], connection, **key)


def enter(connection: Connection, became: Status, now: float, *, message: str = "") -> None:
    """From now on it is this."""
    connection |= {"status": str(became), "since": now, "update_at": milliseconds(now), "message": message}


def is_there(account: Account, service_id: str) -> bool:
    """Whether there is something to connect to."""
    document = account.store.get(SERVICES_V2, service_id)
    return document is not None and status(document) != GONE_SOON


def leading_to(account: Account, project: str, service_id: str) -> list[Connection]:
    """The connections by which a service is reached now."""
    found = account.store.find(CONNECTIONS, project=project, states=[Status.CONNECTED])
    return [one for one in found if one["service_id"] in (None, service_id)]


def _refuse_second(account: Account, wanted: Connection) -> None:
    same = ("service_id", "scene", "vpc_id", "subnet_id", "pool_id")
    for one in account.store.find(CONNECTIONS, project=wanted["project"], states=OPEN):
        if all(one[name] == wanted[name] for name in same):
            raise invalid("service_id", f"there is such a connection already, {one['id']}, and it is {one['status']}")


def _wrong_state(connection: Connection, wanted: str) -> WireError:
    text = f"The connection is {connection['status']}: {wanted} is not allowed in this state."
    return WireError(400, WRONG_STATE, text)
