"""Versions of a service as a whole, with the deployments that it had in each: one can go back to them.

The present generation of the API has versions of deployments alone; Terraform's provider still asks for these.
"""

from __future__ import annotations

from typing import Any

from fmctl.sandbox.services_v2 import state
from fmctl.sandbox.services_v2.state import WRONG_STATE, Document
from fmctl.sandbox.services_v2.updates import add_deployment, add_version, replan
from fmctl.sandbox.wire import WireError


def listed(document: Document) -> list[dict[str, Any]]:
    """All versions that the service has had, the oldest first."""
    current = state.settings_of(document)["id"]
    return [
        {
            "id": one["id"],
            "version": one["version"],
            "description": one["description"],
            "version_status": state.status(document) if one["id"] == current else "STOPPED",
            "create_at": one["create_at"],
            "update_at": one["create_at"],
        }
        for one in document["history"]
    ]


def switch(document: Document, version: Document, *, user: str, now: float) -> None:
    """Go back to the settings of a version, and to each of its deployments; what came later stays beside them."""
    if version["id"] == document["version"]["id"]:
        raise WireError(400, WRONG_STATE, f"The version {version['version']} is in use already.")
    is_live = state.status(document) in state.LIVE
    settings = {key: value for key, value in version.items() if key not in {"groups", "create_at"}}
    document["failure_reason"] = ""
    document["target"] = {"version": settings, "added": [], "remove": [], "since": now}
    for group in version["groups"]:
        _restore(document, group, user=user, now=now)
    if not is_live:
        state.finish_update(document, now)


def interrupt(document: Document, now: float) -> None:
    """Give up all that is on its way."""
    if document["target"]:
        state.cancel_update(document, state.INTERRUPTED, now)
    for deployment in state.deployments_in(document, {"DEPLOYING", "UPGRADING"}):
        state.interrupt(document, deployment, now)


def _restore(document: Document, group: dict[str, Any], *, user: str, now: float) -> None:
    found = next((one for one in document["deployments"] if one["name"] == group["name"]), None)
    if found is None:
        body = group["config"] | {name: group[name] for name in ("name", "count", "weight")}
        made = add_deployment(document, body, user=user, now=now)
        made["joint"] = True
        document["target"]["added"].append(made["id"])
        return
    known = next((one for one in found["versions"] if one["id"] == group["version_id"]), None)
    plan = replan(found["plan"], known or add_version(found, group["config"], None, now), group)
    if plan != found["plan"]:
        state.begin_upgrade(document, found, plan, now, joint=True)
