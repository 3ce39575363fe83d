"""Services of the second generation really answer: this component makes processes follow their documents.

Every tick compares what the plans of a service want with what runs, and moves its deployments on. An update starts its
instances beside the old ones; traffic follows `plan` alone, which changes when all of the new ones are ready.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fmctl.sandbox.account import Account
from fmctl.sandbox.services_v2 import autoscaling, state
from fmctl.sandbox.services_v2.limits import RateLimits
from fmctl.sandbox.services_v2.state import LIVE, RESTING, SERVICES_V2, STARTING, Deployment, Document, Plan
from fmctl.sandbox.services_v2.units import CannotRun, UnitGroup, Units, group_key, really_run
from fmctl.sandbox.serving.fleet import Fleet, Slot
from fmctl.sandbox.serving.instances import Instance, InstanceState, Launcher
from fmctl.sandbox.serving.launcher import ProcessLauncher
from fmctl.sandbox.serving.traffic import Traffic

STEP = 0.3  # seconds that each status lasts, so that whoever polls sees it
NOT_READY_IN_TIME = "the instances were not ready in time"

Move = Callable[[Document], None]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the plan of a deployment on its way needs, or why it cannot be had."""

    groups: Sequence[UnitGroup] = ()
    aim: Sequence[UnitGroup] = ()  # those of the plan that is on its way, or of the only one
    refusal: str = ""


@dataclass(slots=True)
class Look:
    """What one tick found out about a deployment."""

    ready: bool = False
    dead: bool = False  # nothing of it can start
    failures: list[str] = field(default_factory=list)
    present: bool = False  # some process is still there


class ServicesV2:
    """The component behind services of the second generation."""

    def __init__(self, account: Account, launcher: Launcher | None = None) -> None:
        self._account = account
        self._lock = threading.RLock()
        self._fleet = Fleet(launcher or ProcessLauncher())
        self._units = Units(account.objects, account.state_dir / "services_v2")
        self._turns: dict[str, int] = {}
        self.last_used: dict[str, float] = {}
        self.traffic = Traffic(account.clock.now)
        self.rates = RateLimits()

    def recover(self) -> None:
        """What was up is started again; an update that was on its way goes on."""
        now = self._account.clock.now()
        for document in self._account.store.find(SERVICES_V2, states=["busy"]):
            for deployment in document["deployments"]:
                deployment["deploy_since"] = now
                if deployment["status"] in {"RUNNING", "CONCERNING"}:
                    state.set_status(deployment, "RESTARTING", now)
            if document["target"]:
                document["target"]["since"] = now
            state.put(self._account, document)

    def tick(self) -> None:
        """One look at every service that is not settled."""
        now = self._account.clock.now()
        for document in self._account.store.find(SERVICES_V2, states=["busy"]):
            wanted = {one["id"]: self._want(document, one) for one in document["deployments"]}
            with self._lock:
                try:
                    self._advance(document, wanted, now)
                except Exception:  # one service that cannot go on must not hold up the others
                    log.exception("service %s cannot advance", document["service"]["id"])
        with self._lock:
            self._fleet.sweep(now)

    def close(self) -> None:
        """End every process."""
        with self._lock:
            self._fleet.close()

    def choose(self, service_id: str) -> tuple[str, Instance] | None:
        """The deployment whose turn it is and a process of it, held for this request; None when nothing answers."""
        with self._lock:
            document = self._account.store.get(SERVICES_V2, service_id) or {"deployments": []}
            ready = {
                one["id"]: (one["plan"]["weight"], found)
                for one in state.deployments_in(document, LIVE)
                if (found := self._answering(one)) and one["plan"]["weight"]
            }
            if not ready:
                return None
            chosen = self.traffic.choose(service_id, {one: weight for one, (weight, _) in ready.items()})
            self._turns[chosen] = self._turns.get(chosen, -1) + 1
            self.last_used[chosen] = self._account.clock.now()
            instances = ready[chosen][1]
            instance = instances[self._turns[chosen] % len(instances)]
            instance.hold()
            return chosen, instance

    def pods(self, deployment: Deployment, ordinal: int) -> list[list[InstanceState | None]]:
        """How the processes of an instance are, by unit; None for one that is not there."""
        with self._lock:
            plan = deployment["plan"]
            units = state.version_of(deployment, plan)["config"]["unit_configs"]
            return [self._states(deployment, plan, ordinal, at, unit["count"]) for at, unit in enumerate(units)]

    def kill(self, deployment: Deployment, ordinal: int, unit: int | None = None, slot: int | None = None) -> None:
        """End an instance, or one process of it; what is wanted is started again."""
        with self._lock:
            count = len(state.version_of(deployment, deployment["plan"])["config"]["unit_configs"])
            for at in range(count) if unit is None else [unit]:
                group = self._fleet.group(group_key(deployment, deployment["plan"], ordinal, at))
                for index, place in enumerate(group.slots if group else ()):
                    if place.instance is not None and slot in (None, index):
                        place.instance.kill()

    def _want(self, document: Document, deployment: Deployment) -> Wanted:
        """Fetching files takes its time: it is done before the lock is taken, so that predictions go on."""
        try:
            plans = [self._units.groups(document, deployment, plan) for plan in _plans(deployment)]
        except CannotRun as error:
            return Wanted(self._units_in_service(document, deployment), refusal=str(error))
        return Wanted([group for groups in plans for group in groups], plans[-1] if plans else ())

    def _units_in_service(self, document: Document, deployment: Deployment) -> Sequence[UnitGroup]:
        if deployment["status"] not in LIVE:
            return ()
        try:
            return self._units.groups(document, deployment, deployment["plan"])
        except CannotRun:
            return ()

    def _advance(self, document: Document, wanted: Mapping[str, Wanted], now: float) -> None:
        looks = {one["id"]: self._follow(one, wanted[one["id"]], now) for one in document["deployments"]}
        moves: list[Move] = []
        if document["deleting"]:
            if not any(look.present for look in looks.values()) and now - document["since"] >= STEP:
                self._remove(document)
            return
        if state.is_due(document, now):
            moves.append(lambda fresh: state.stop_on_schedule(fresh, now))
        else:
            for deployment in document["deployments"]:
                if not deployment["joint"]:
                    moves += self._move(document, deployment, looks[deployment["id"]], now)
            moves += _update_moves(document, looks, now)
            moves += autoscaling.moves(document, now)
        self._commit(document, moves)

    def _follow(self, deployment: Deployment, wanted: Wanted, now: float) -> Look:
        """Have the processes that are wanted, and no others."""
        keys = {group.key for group in wanted.groups}
        self._fleet.trim_service(deployment["id"], keys, now)
        slots = [
            slot
            for group in wanted.groups
            for slot in self._fleet.ensure(group.key, group.spec, group.count, now).slots
        ]
        aim = [(group, slot) for group in wanted.aim for slot in self._slots(group)]
        failures = [self._explain(group, slot.failure) for group, slot in aim if slot.failure]
        return Look(
            ready=bool(aim) and all(slot.is_ready for _, slot in aim),
            dead=bool(slots) and all(slot.failure for slot in slots),
            failures=[wanted.refusal] if wanted.refusal else failures,
            present=self._fleet.has_instances(deployment["id"]),
        )

    def _slots(self, group: UnitGroup) -> Sequence[Slot]:
        found = self._fleet.group(group.key)
        return found.slots if found else ()

    def _explain(self, group: UnitGroup, failure: str) -> str:
        said = self._units.last_words(group.spec)
        return f"{failure}; the last that it said: {said}" if failure and said else failure

    def _move(self, document: Document, deployment: Deployment, look: Look, now: float) -> list[Move]:
        """What follows for one deployment from how its processes are."""
        status, name = deployment["status"], deployment["id"]
        since = deployment["deploy_since"] if status in {*STARTING, "UPGRADING"} else deployment["since"]
        if status in {*STARTING, "UPGRADING"}:
            if look.failures:
                return [_on(name, state.fail, look.failures[0], now)]
            if look.ready and now - since >= STEP:
                return [_on(name, state.finish, now)]
            late = now - since >= _timeout(document, deployment)
            return [_on(name, state.fail, NOT_READY_IN_TIME, now)] if late else []
        if status in {"RUNNING", "CONCERNING"}:
            return _watch(deployment, look, now)
        if look.present or now - since < STEP:
            return []
        if status in {"STOPPING", "INTERRUPTING"}:
            return [_on(name, state.finish_stop, now)]
        return [lambda fresh: _drop(fresh, name)] if status == state.GONE_SOON else []

    def _remove(self, document: Document) -> None:
        service_id = document["service"]["id"]
        self._account.store.delete(SERVICES_V2, service_id)
        self.traffic.forget(service_id)
        self.rates.forget(service_id)
        self._units.forget(service_id)

    def _commit(self, seen: Document, moves: Sequence[Move]) -> None:
        """Write down what happened, unless a request changed the service meanwhile: the next tick looks again."""
        if not moves:
            return
        with self._account.store.transaction():
            fresh = self._account.store.get(SERVICES_V2, seen["service"]["id"])
            if fresh is None or fresh["revision"] != seen["revision"]:
                return
            for move in moves:
                move(fresh)
            state.put(self._account, fresh)
        for deployment in state.deployments_in(fresh, RESTING):
            # Here and now: a service at rest is not looked at again. A start fetches its files anew, as a mount would.
            self._fleet.trim_service(deployment["id"], (), self._account.clock.now())
            self._units.forget(fresh["service"]["id"], deployment["id"])

    def _answering(self, deployment: Deployment) -> list[Instance]:
        """The processes of the first unit, which is the one that takes requests."""
        plan = deployment["plan"]
        groups = [self._fleet.group(group_key(deployment, plan, ordinal, 0)) for ordinal in really_run(plan)]
        return [instance for group in groups if group for instance in group.ready()]

    def _states(
        self, deployment: Deployment, plan: Plan, ordinal: int, unit: int, count: int
    ) -> list[InstanceState | None]:
        group = self._fleet.group(group_key(deployment, plan, ordinal, unit))
        found = [slot.instance.state() if slot.instance else None for slot in (group.slots if group else ())]
        return [*found, *[None] * (count - len(found))]


def _plans(deployment: Deployment) -> list[Plan]:
    """What should run: an update has both, the old and the new."""
    status = deployment["status"]
    if status == "UPGRADING":
        return [deployment["plan"], deployment["target"]]
    return [deployment["plan"]] if status in LIVE | STARTING else []


def _update_moves(document: Document, looks: Mapping[str, Look], now: float) -> list[Move]:
    """An update of a service is done when all of its deployments are, and fails as a whole."""
    if not document["target"]:
        return []
    joint = [one for one in document["deployments"] if one["joint"]]
    since = document["target"]["since"]
    for one in joint:
        late = NOT_READY_IN_TIME if now - since >= _timeout(document, one) else ""
        reason = next(iter(looks[one["id"]].failures), late)
        if reason:
            return [partial(_fail_update, name=one["name"], reason=reason, now=now)]
    if now - since < STEP or not all(looks[one["id"]].ready for one in joint):
        return []
    return [*(_on(one["id"], state.finish, now) for one in joint), lambda fresh: state.finish_update(fresh, now)]


def _fail_update(document: Document, name: str, reason: str, now: float) -> None:
    state.event(document, state.ABNORMAL, f"The update failed: {name}: {reason}", now)
    state.cancel_update(document, f"{name}: {reason}", now)


def _watch(deployment: Deployment, look: Look, now: float) -> list[Move]:
    """RUNNING or CONCERNING, as the processes are; FAILED when none of them can be started again."""
    if look.dead or (look.failures and not look.present):
        return [_on(deployment["id"], state.fail, look.failures[0], now)]
    status = "RUNNING" if look.ready else "CONCERNING"
    return [] if status == deployment["status"] else [_on(deployment["id"], _report_health, status, now)]


def _report_health(document: Document, deployment: Deployment, status: str, now: float) -> None:
    state.set_status(deployment, status, now)
    healthy = status == "RUNNING"
    text = "All instances are healthy" if healthy else "Some instances are not healthy"
    state.event(document, state.NORMAL if healthy else state.ABNORMAL, f"{text}: {deployment['name']}.", now)


def _on(deployment_id: str, transition: Callable[..., None], *arguments: Any) -> Move:
    """A transition of one deployment, to be applied to the document as it is then."""

    def move(document: Document) -> None:
        deployment = next(one for one in document["deployments"] if one["id"] == deployment_id)
        transition(document, deployment, *arguments)

    return move


def _drop(document: Document, deployment_id: str) -> None:
    document["deployments"] = [one for one in document["deployments"] if one["id"] != deployment_id]


def _timeout(document: Document, deployment: Deployment) -> float:
    """Seconds; the deployment's own limit goes before the service's."""
    own = state.version_of(deployment)["config"].get("advanced_config", {})
    return 60.0 * float(own.get("deploy_timeout_minutes", state.settings_of(document)["deploy_timeout_minutes"]))
