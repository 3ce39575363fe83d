"""A service becomes what its manifest says, whatever happened before: edits, the console, lost answers, kills.

A machine makes up histories of one service with two versions of a model. What is checked after every step holds for
all of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from declared import model, resources, service
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from test_never_twice import LOSSES, Dying, Killed
from world import Breakage, Recorder, new_world

from fmctl.domain.event import Ending
from fmctl.domain.live import split_marker
from fmctl.domain.problem import FmctlError
from fmctl.domain.resource import Resource
from fmctl.execute import Limits
from fmctl.kinds import KINDS
from fmctl.sandbox.serving.scripted import Script

SERVICES = "/v1/{project_id}/services"
NAMES = ("digits-1-0-0", "digits-2-0-0")


class Histories(RuleBasedStateMachine):
    """One service, what people and the platform do to it, and what must hold."""

    @initialize()
    def begin(self) -> None:
        self._folder = TemporaryDirectory()
        self._opened = new_world(Path(self._folder.name))
        self.world = self._opened.__enter__()
        self.weights, self.instances, self.state, self.level = (90, 10), 1, "running", "info"
        self._apply()

    def teardown(self) -> None:
        if hasattr(self, "_opened"):
            self._opened.__exit__(None, None, None)
            self._folder.cleanup()

    def _declared(self) -> tuple[Resource, ...]:
        models = [
            {"modelRef": name, "weight": weight, "flavor": "modelarts.vm.cpu.2u", "instances": self.instances}
            | {"env": {"LEVEL": self.level}}
            for name, weight in zip(NAMES, self.weights, strict=True)
            if weight
        ]
        return resources(*map(model, NAMES), service("digits", *models, state=self.state))

    # -------------------------------------------------------- people and the platform

    @rule(weights=st.sampled_from([(100, 0), (90, 10), (50, 50), (0, 100)]), instances=st.integers(1, 2))
    def edit(self, weights: tuple[int, int], instances: int) -> None:
        self.weights, self.instances = weights, instances

    @rule(level=st.sampled_from(["info", "debug"]))
    def edit_variable(self, level: str) -> None:
        self.level = level

    @rule(state=st.sampled_from(["running", "running", "stopped"]))
    def want(self, state: str) -> None:
        self.state = state

    @rule(body=st.sampled_from([{"status": "stopped"}, {"status": "running"}, {"description": "mine"}]))
    def use_the_console(self, body: Mapping[str, Any]) -> None:
        """Stop it, start it, or write other words before its marker."""
        live = self._live()
        if live and "description" in body:
            body = {"description": f"Somebody's words {split_marker(live['description'])[1] or ''}"}
        if live:
            self._call("PUT", live, body)

    @rule(instances=st.integers(1, 4))
    def scale_in_the_console(self, instances: int) -> None:
        live = self._live()
        if live:
            self._call(
                "PUT", live, {"config": [_sendable(one) | {"instance_count": instances} for one in live["config"]]}
            )

    @rule()
    def delete_in_the_console(self) -> None:
        live = self._live()
        if live:
            self._call("DELETE", live)

    @rule(seconds=st.sampled_from([5.0, 300.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.session().clock.sleep(seconds)

    # -------------------------------------------------------- fmctl

    @rule(lost=st.sampled_from(LOSSES), method=st.sampled_from(["POST", "PUT"]), times=st.integers(1, 2))
    def apply_with_lost_answers(self, lost: str, method: str, times: int) -> None:
        live = self._live()
        end = "/services" if method == "POST" or not live else f"/services/{live['service_id']}"
        self.world.transport.broken = [Breakage(method, end, lost, times)]
        self._apply()
        self.world.transport.broken = []

    @rule(requests=st.integers(0, 25), after=st.booleans())
    def apply_and_be_killed(self, requests: int, after: bool) -> None:
        recorder = self.world.transport
        self.world.transport = Recorder(Dying(recorder, requests, after=after))
        with suppress(Killed):
            self._apply()
        self.world.transport = recorder

    @rule()
    def apply_what_does_not_start(self) -> None:
        """New instances fail: the platform rolls the update back, or the service fails."""
        self.world.launcher.scripts = {"digits": Script(fails="no weights")}
        self._apply()
        self.world.launcher.scripts = {}

    @rule()
    def apply_in_peace(self) -> None:
        """Whatever it was before, it is now what the manifest says, and its marker says so; nothing is left to do.

        What somebody was changing while the plan was made is waited for, told, and put right by the next apply.
        """
        first = self._apply()
        assert first in ({Ending.DONE}, {Ending.DONE, Ending.FAILED})
        assert first == {Ending.DONE} or {Ending.DONE} == self._apply()

        live, wanted = self._live(), self._declared()[-1]
        assert live is not None
        assert str(live["description"]).endswith(str(KINDS["Service"].marker(wanted, "demo")))
        assert live["status"] in {"running": ("running",), "stopped": ("stopped", "failed")}[self.state]
        shares = sorted((one["weight"], one["instance_count"], one["envs"]) for one in live["config"])
        assert sorted((weight, self.instances, {"LEVEL": self.level}) for weight in self.weights if weight) == shares
        assert [] == [change for change in self.world.plan(self._declared())[0].changes if change.writes]

    def _apply(self) -> set[Ending]:
        outcomes = self.world.apply(self._declared(), Limits(parallelism=1))
        return {outcome.ending for outcome in outcomes}

    # -------------------------------------------------------- what must never happen

    @invariant()
    def status_and_config_never_travel_together(self) -> None:
        """The platform would drop the config in silence."""
        for request in self.world.transport.requests if hasattr(self, "world") else ():
            body = json.loads(request.content or b"{}") if request.method == "PUT" else {}
            assert not {"status", "config"} <= set(body)

    @invariant()
    def there_is_one(self) -> None:
        """However answers are lost, a name is deployed once."""
        assert not hasattr(self, "world") or len(self._all()) <= 1

    def _all(self) -> list[Mapping[str, Any]]:
        return [document["service"] for document in self.world.sandbox.store.find("services")]

    def _live(self) -> Mapping[str, Any] | None:
        """The service as the platform shows it."""
        for one in self._all():
            with suppress(FmctlError):
                found: Mapping[str, Any] = self._call("GET", one)
                return found
        return None

    def _call(self, method: str, service: Mapping[str, Any], body: Mapping[str, Any] | None = None) -> Any:
        """A call of somebody else; what the state forbids is not done."""
        try:
            return self.world.session().api.call(method, f"{SERVICES}/{service['service_id']}", body=body)
        except FmctlError:
            if method == "GET":
                raise
            return None


def _sendable(config: Mapping[str, Any]) -> dict[str, Any]:
    """An element of a live config as it can be sent back."""
    return {key: config[key] for key in ("model_id", "weight", "specification", "instance_count", "envs")}


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
