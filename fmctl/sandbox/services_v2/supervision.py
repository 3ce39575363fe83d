"""Services of the second generation really answer: this component makes processes follow their documents.

Every tick compares what the plans of a service want with what runs, and moves its deployments on. An update starts its
instances beside the old ones; traffic follows `plan` alone, which changes when all of the new ones are ready.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fmctl.sandbox.account import Account
from fmctl.sandbox.services_v2 import progress, state
from fmctl.sandbox.services_v2.limits import RateLimits
from fmctl.sandbox.services_v2.progress import Look, Move
from fmctl.sandbox.services_v2.state import LIVE, RESTING, SERVICES_V2, STARTING, Deployment, Document, Plan
from fmctl.sandbox.services_v2.units import UnitGroup, Units, group_key, really_run
from fmctl.sandbox.serving.containers import CannotRun
from fmctl.sandbox.serving.fleet import Fleet, Slot
from fmctl.sandbox.serving.instances import Instance, InstanceState, Launcher
from fmctl.sandbox.serving.last_words import explained
from fmctl.sandbox.serving.launcher import ProcessLauncher, end_leftovers
from fmctl.sandbox.serving.traffic import Traffic

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the plan of a deployment on its way needs, or why it cannot be had."""

    groups: Sequence[UnitGroup] = ()
    aim: Sequence[UnitGroup] = ()  # those of the plan that is on its way, or of the only one
    refusal: str = ""


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
        documents = self._account.store.find(SERVICES_V2, states=["busy"])
        if documents:
            end_leftovers(self._units.root)
        for document in documents:
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
            try:
                wanted = {one["id"]: self._want(document, one) for one in document["deployments"]}
                with self._lock:
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
        if not document["deleting"]:
            self._commit(document, progress.moves(document, looks, now))
        elif not any(look.present for look in looks.values()) and now - document["since"] >= progress.STEP:
            self._remove(document)

    def _follow(self, deployment: Deployment, wanted: Wanted, now: float) -> Look:
        """Have the processes that are wanted, and no others."""
        keys = {group.key for group in wanted.groups}
        self._fleet.trim_service(deployment["id"], keys, now)
        slots: list[Slot] = []
        try:
            for group in wanted.groups:
                slots += self._fleet.ensure(group.key, group.spec, group.count, now).slots
        except OSError as error:  # such as a command that is too long
            wanted = Wanted(refusal=f"it cannot be started: {error}")
        aim = [(group, slot) for group in wanted.aim for slot in self._slots(group)]
        failures = [explained(slot.failure, group.spec) for group, slot in aim if slot.failure]
        return Look(
            ready=bool(aim) and all(slot.is_ready for _, slot in aim),
            dead=bool(slots) and all(slot.failure for slot in slots),
            failures=[wanted.refusal] if wanted.refusal else failures,
            present=self._fleet.has_instances(deployment["id"]),
            requests=self.traffic.per_minute(deployment["id"]),
        )

    def _slots(self, group: UnitGroup) -> Sequence[Slot]:
        found = self._fleet.group(group.key)
        return found.slots if found else ()

    def _remove(self, document: Document) -> None:
        service_id = document["service"]["id"]
        self._account.store.delete(SERVICES_V2, service_id)
        for one in [service_id, *(deployment["id"] for deployment in document["deployments"])]:
            self.traffic.forget(one)
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
        kept = {one["id"] for one in fresh["deployments"]}
        for dropped in {one["id"] for one in seen["deployments"]} - kept:
            self._units.forget(fresh["service"]["id"], dropped)
            self.traffic.forget(dropped)
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
