"""Workspaces: what keeps the jobs, models and services of several teams apart.

The one with the id "0" is always there and is not stored. A deleted workspace can be read for a moment, in status
DELETING; what was created in it stays, and can be found by its id.
"""

from typing import Any

from fmctl.sandbox.account import Account
from fmctl.sandbox.store import Document, Store
from fmctl.sandbox.wire import WireError

COLLECTION = "workspaces"
DEFAULT = "0"
LINGER_SECONDS = 2.0
"""How long a deleted workspace can still be read."""


class Workspaces:
    """The component that lets deleted workspaces vanish."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def recover(self) -> None:
        """Nothing to put right: a deletion that was cut off goes on."""

    def tick(self) -> None:
        now, store = self._account.clock.now(), self._account.store
        for document in store.find(COLLECTION, states=["DELETING"]):
            if now >= document["delete_at"]:
                store.delete(COLLECTION, document["workspace"]["id"])

    def close(self) -> None:
        """Nothing runs."""


def find_workspace(store: Store, project_id: str, workspace_id: str) -> Document:
    """The stored workspace, or the error that there is none."""
    found = store.get(COLLECTION, workspace_id)
    if found is None or found["project_id"] != project_id:
        raise WireError(400, "ModelArts.7005", f"workspace:{workspace_id} not existed.")
    return found


def save_workspace(store: Store, document: Document) -> None:
    """Keep a workspace, new or changed."""
    workspace = document["workspace"]
    key = {"project": document["project_id"], "name": workspace["name"], "state": workspace["status"]}
    store.put(COLLECTION, workspace["id"], document, **key)


def workspace_of(store: Store, project_id: str, sent: Document) -> str:
    """The workspace that a request for something new names: one that is there and not on its way out."""
    wanted: Any = sent.get("workspace_id")
    if wanted in (None, "", 0, DEFAULT):  # the services of the platform show the default one as 0, too
        return DEFAULT
    found = store.get(COLLECTION, wanted) if isinstance(wanted, str) else None
    if found is None or found["project_id"] != project_id:
        raise WireError(400, "ModelArts.0102", f"Workspace {wanted} does not exist.")
    if found["workspace"]["status"] != "NORMAL":
        raise WireError(400, "ModelArts.7004", f"Workspace {wanted} is {found['workspace']['status']}.")
    return str(wanted)
