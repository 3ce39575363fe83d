"""Rolling out: a service becomes what its manifest says, one write at a time, each awaited before the next."""

from __future__ import annotations

from typing import Any, NamedTuple

from fmctl.domain.live import Live, Marker
from fmctl.domain.ports import Api
from fmctl.domain.problem import NotReady, WrongState
from fmctl.domain.resource import Resource, ResourceId, Spec
from fmctl.domain.values import agrees
from fmctl.kinds import service_wire
from fmctl.kinds.base import Found, Work
from fmctl.kinds.schema import ignored
from fmctl.kinds.service_config import aligned, comparable, filled, refuse_unset
from fmctl.kinds.service_wire import SERVICES
from fmctl.kinds.settling import EFFECT_SECONDS, look, put_state, settled


class Rollout(NamedTuple):
    """What is rolled out: a manifest, and the marker that says that it was."""

    resource: Resource
    marker: Marker
    work: Work

    def converge(self, live: Live) -> Found:
        """Config, then state, then the marker; status and config never travel together."""
        was_failed = live.phase == "failed"
        wanted = self.resource.spec.get("state", "running")
        if "state" in ignored(self.resource.spec):
            wanted = live.spec["state"]  # which is ``failed`` where nothing is to be started
        live = yield from settled(live, self.work.clock, touched=False)
        if not self.is_live(live):
            if wanted == "stopped":
                live = yield from put_state("stopped", live, self.work)
            live = yield from self._put_config(live)
            was_failed = False
        if wanted != "failed":
            live = yield from put_state(wanted, live, self.work, was_failed=was_failed)
        return (yield from self._put_marker(live))

    def config(self, live: Live) -> dict[str, Any]:
        """What a config PUT is to reach; the description goes with the marker, the state on its own."""
        moved = live.marker != self.marker
        desired = comparable(self.resource, live, self.model_id, self.work.secret, moved=moved)
        config: dict[str, Any] = {key: desired[key] for key in ("models", "autoStop") if key in desired}
        config["models"] = aligned(config["models"], live.spec.get("models", ()))
        return config

    def model_id(self, ref: ResourceId) -> str | None:
        """The remote id of a model of the set."""
        model = self.work.live(ref)
        return model.remote_id if model else None

    def is_live(self, live: Live) -> bool:
        """Whether the config is as the manifest says."""
        return self._agrees(live, self.config(live))

    def _agrees(self, live: Live, config: Spec) -> bool:
        """Whether a config is live; what was applied but does not show is taken for granted."""
        shown = filled(live.spec, config["models"]) if live.marker == self.marker else live.spec
        return agrees(shown, config)

    def _put_config(self, live: Live) -> Found:
        """Replace the config and wait until it reads back equal and the history says that it took."""
        api, clock = self.work.api, self.work.clock
        sent: float | None = None
        before = stood = 0
        while True:
            live = yield from settled(live, clock, touched=sent is not None)
            wanted = self.config(live)
            if sent is None:
                if self._agrees(live, wanted):
                    return live
                before, stood = newest_update(live, api)[0], live.facts["transition"]
                refuse_unset(self.resource, wanted, self.model_id)
                try:
                    body = service_wire.write(wanted, live.spec)
                    api.call("PUT", f"{SERVICES}/{live.remote_id}", body=body, safe=True)
                    sent = clock.now()
                except WrongState:
                    pass  # 3519: it moved between the read and the write; look again
            elif _took(live, wanted, before, stood, clock.now() - sent, api):
                return live
            live = yield from look(live, "rolling out")

    def _put_marker(self, live: Live) -> Found:
        """The last write of a change: description and marker, once everything else reads back as wanted."""
        spec, clock = self.resource.spec, self.work.clock
        text = spec.get("description", "" if live.marker != self.marker else live.description)
        if "description" in ignored(spec):
            text = live.description
        sent: float | None = None
        while (live.description, live.marker) != (text, self.marker):
            if sent is None:
                body = {"description": self.marker.mark(text)}
                self.work.api.call("PUT", f"{SERVICES}/{live.remote_id}", body=body, safe=True)
                sent = clock.now()
            elif clock.now() - sent > EFFECT_SECONDS:
                msg = f"the description of service {live.remote_name} was accepted but did not take effect"
                raise NotReady(msg, hint="apply again")
            live = yield from look(live, "marking")
        return live


def _took(live: Live, wanted: Spec, before: int, stood: int, waited: float, api: Api) -> bool:
    """Whether an update that was answered has taken effect; NotReady when it was rolled back or dropped.

    The platform rolls a failed update back and says ``running``; only the history tells. A read may lag: what
    still looks as before the update is looked at again for a while.
    """
    at, result = newest_update(live, api)
    if at > before and result == "FAIL":
        msg = f"the update of service {live.remote_name} failed and was rolled back"
        raise NotReady(msg, hint="the old config is running; see the service's events for the cause")
    if agrees(filled(live.spec, wanted["models"]), wanted) and not (at > before and result == "RUNNING"):
        stale = live.phase == "failed" and live.facts["transition"] == stood
        if not stale or waited > EFFECT_SECONDS:
            return True
    if waited > EFFECT_SECONDS and result != "RUNNING":
        msg = f"the update of service {live.remote_name} was accepted but did not take effect"
        raise NotReady(msg, hint="apply again; `fmctl diff` shows what is missing")
    return False


def newest_update(live: Live, api: Api) -> tuple[int, str]:
    """When the newest update was made (epoch milliseconds) and how it went: SUCCESS, FAIL or RUNNING."""
    answer = api.call("GET", f"{SERVICES}/{live.remote_id}/logs") or {}
    updates = [(int(log.get("update_time") or 0), str(log.get("result"))) for log in answer.get("logs") or ()]
    return max(updates, default=(0, ""))
