"""Services really answer: this component makes the instances of every service follow its document.

Every tick compares what a document wants with what runs, and moves the document on: deploying to running when all new
instances are ready, back to the old configuration when one of them cannot start, to concerning while one is down.
Traffic follows `service.config` alone, which changes only when its instances are ready; so an update never shows.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import threading
from collections.abc import Callable
from typing import Any

from fmctl.sandbox.account import Account
from fmctl.sandbox.models.publishing import Publishing
from fmctl.sandbox.serving import state as service_state
from fmctl.sandbox.serving.batch import Batches
from fmctl.sandbox.serving.containers import CannotRun
from fmctl.sandbox.serving.fleet import Fleet, Group, GroupKey
from fmctl.sandbox.serving.instances import Instance, Launcher, Usage
from fmctl.sandbox.serving.last_words import explained
from fmctl.sandbox.serving.launcher import ProcessLauncher, end_leftovers
from fmctl.sandbox.serving.specs import Specs
from fmctl.sandbox.serving.state import LIVE, SERVICES, Config, Document
from fmctl.sandbox.serving.traffic import Traffic

STEP = 0.3  # seconds that each status lasts, so that whoever polls sees it
MAX_PROCESSES = 4  # instances per element that really run; the rest of a large instance_count is only counted
DEPLOY_TIMEOUT = 20 * 60
UNSETTLED = ("deploying", "running", "concerning", "stopping", "deleting")

log = logging.getLogger(__name__)


class Serving:
    """The component behind services."""

    def __init__(self, sandbox: Account, launcher: Launcher | None = None) -> None:
        self._sandbox = sandbox
        self._lock = threading.RLock()
        self._fleet = Fleet(launcher or ProcessLauncher())
        self._specs = Specs(sandbox, sandbox.state_dir / "services")
        self.traffic = Traffic(sandbox.clock.now)
        self._batches = Batches(sandbox.objects, self._hold, self.traffic)

    def recover(self) -> None:
        """Services that were up are started again."""
        now = self._sandbox.clock.now()
        documents = self._sandbox.store.find(SERVICES, states=["deploying", *LIVE])
        if documents:
            end_leftovers(self._specs.root)
        for document in documents:
            service_state.begin_recovery(document, now)
            service_state.put(self._sandbox, document)

    def tick(self) -> None:
        """One look at every service that is not settled."""
        now = self._sandbox.clock.now()
        with self._lock:
            for document in self._sandbox.store.find(SERVICES, states=UNSETTLED):
                try:
                    self._advance(self._with_counts(document), now)
                except Exception:  # one service that cannot go on must not hold up the others
                    log.exception("service %s cannot advance", _id(document))
            self._fleet.sweep(now)

    def close(self) -> None:
        """End every instance."""
        with self._lock:
            self._fleet.close()
        self._batches.close()  # without the lock: their runs may be waiting for it

    def choose(self, service_id: str) -> tuple[str, Instance] | None:
        """The model whose turn it is and an instance of it, held for this request; None when nothing answers."""
        with self._lock:
            # Read under the lock: between two looks an update may have ended the instances of the old configuration.
            document = self._sandbox.store.get(SERVICES, service_id)
            service: Document = document["service"] if document else {"config": []}
            ready = {
                element["model_id"]: (element["weight"], group)
                for element in service["config"]
                if (group := self._fleet.group(self._key(service, element))) is not None and group.ready()
            }
            weights = {model_id: weight for model_id, (weight, _) in ready.items() if weight}
            if not weights:
                return None
            model_id = self.traffic.choose(service_id, weights)
            instance = ready[model_id][1].next_ready()
            instance.hold()
            return model_id, instance

    def usage(self, service: Document, element: Document) -> list[Usage]:
        """What each answering instance of an element uses."""
        with self._lock:
            group = self._fleet.group(self._key(service, element))
            return [instance.usage() for instance in group.ready()] if group else []

    def _advance(self, document: Document, now: float) -> None:
        status = document["service"]["status"]
        if service_state.is_due(document, now):
            self._change(document, lambda fresh: service_state.begin_stop(fresh, now))
        elif status == "deploying":
            self._deploy(document, now)
        elif status in LIVE and document["service"]["infer_type"] == "batch":
            self._work(document, now)
        elif status in LIVE:
            self._watch(document, now)
        else:
            self._wind_down(document, now)

    def _deploy(self, document: Document, now: float) -> None:
        """Start what the target needs; move to it when all of it is ready."""
        self._batches.end(_id(document))
        try:
            groups = self._ensure(document, document["target"], now)
        except CannotRun as error:
            self._fail(document, str(error), now)
            return
        if document["fallback"]:
            self._ensure(document, document["service"]["config"], now)  # it still has the traffic
        ready, wanted = _readiness(groups)
        failure = next(filter(None, _failures(groups)), "")
        if failure:
            self._fail(document, failure, now)
        elif ready == wanted and now - document["deploy_since"] >= STEP:
            self._finish(document, now)
        elif now - document["deploy_since"] >= _deploy_timeout(document["target"]):
            self._fail(document, "the instances were not ready in time", now)
        else:
            self._show_progress(document, 100 * ready // wanted)

    def _watch(self, document: Document, now: float) -> None:
        """Keep a live service alive."""
        config = document["service"]["config"]
        groups = self._ensure(document, config, now)
        self._keep_only(document, config, now)
        ready, wanted = _readiness(groups)
        healthy = ready == wanted
        failures = _failures(groups)
        if all(failures):  # possible after a restart of the sandbox: nothing was proven again
            self._change(document, lambda fresh: service_state.give_up(fresh, failures[0], now))
        elif healthy != (document["service"]["status"] == "running"):
            self._change(document, lambda fresh: service_state.set_health(fresh, healthy=healthy, now=now))

    def _work(self, document: Document, now: float) -> None:
        """See a batch through: from its input to its results, and then to its end."""
        config = document["service"]["config"]
        groups = self._ensure(document, config, now)
        self._keep_only(document, config, now)
        failures = _failures(groups)
        outcome = self._batches.run(document["service"], config[0]).outcome
        if all(failures):
            ended = self._change(document, lambda fresh: service_state.give_up(fresh, failures[0], now))
        elif outcome is not None:
            document = self._with_counts(document)  # its last requests may have been answered a moment ago
            ended = self._change(document, lambda fresh: service_state.finish_batch(fresh, outcome.failure, now))
        else:
            return
        if ended:
            self._batches.end(_id(document))
            self._keep_only(document, [], now)

    def _hold(self, service: Document, element: Document) -> Instance | None:
        """An instance of an element that answers, held for a request."""
        with self._lock:
            group = self._fleet.group(self._key(service, element))
            if group is None or not group.ready():
                return None
            instance = group.next_ready()
            instance.hold()
            return instance

    def _wind_down(self, document: Document, now: float) -> None:
        """Stopping or deleting takes until the last instance has left."""
        service_id, status = _id(document), document["service"]["status"]
        self._batches.end(service_id)
        self._fleet.trim_service(service_id, (), now)
        if self._fleet.has_instances(service_id) or now - document["since"] < STEP:
            return
        if status == "stopping":
            self._change(document, lambda fresh: service_state.finish_stop(fresh, now))
        elif status == "deleting":
            self._sandbox.store.delete(SERVICES, service_id)
            self.traffic.forget(service_id)
            shutil.rmtree(self._specs.root / service_id, ignore_errors=True)

    def _finish(self, document: Document, now: float) -> None:
        notices = [*self._specs.notices(document["target"])]
        if self._change(document, lambda fresh: service_state.finish_deploy(fresh, now, notices)):
            self._keep_only(document, document["target"], now)
            for element in document["target"]:
                self._sandbox.part(Publishing).add_image(element["model_id"])

    def _fail(self, document: Document, reason: str, now: float) -> None:
        if self._change(document, lambda fresh: service_state.fail_deploy(fresh, reason, now)):
            self._keep_only(document, document["service"]["config"] if document["fallback"] else [], now)

    def _show_progress(self, document: Document, percent: int) -> None:
        if percent != document["service"]["progress"]:
            self._change(document, lambda fresh: fresh["service"].update(progress=percent))

    def _change(self, seen: Document, transition: Callable[[Document], Any]) -> bool:
        """Apply a transition, unless a request changed the service meanwhile: the next tick looks again."""
        with self._sandbox.store.transaction():
            fresh = self._sandbox.store.get(SERVICES, _id(seen))
            if fresh is None or fresh["revision"] != seen["revision"]:
                return False
            transition(fresh)
            service_state.put(self._sandbox, fresh)
        return True

    def _with_counts(self, document: Document) -> Document:
        """Counters live in memory between ticks, so that a prediction writes nothing; here they join the document."""
        counts = self.traffic.collect(_id(document))
        if not counts:
            return document
        with self._sandbox.store.transaction():
            fresh = self._sandbox.store.get(SERVICES, _id(document))
            if fresh is None:
                return document
            for model_id, count in counts.items():
                service_state.add_counts(fresh, model_id, count.invocations, count.failures)
            service_state.put(self._sandbox, fresh)
        return fresh

    def _ensure(self, document: Document, config: Config, now: float) -> list[tuple[Group, int]]:
        groups = []
        for element in config:
            count = process_count(element)
            key = self._key(document["service"], element)
            known = self._fleet.group(key)
            spec = known.spec if known else self._specs.of(document["service"], element)
            groups.append((self._fleet.ensure(key, spec, count, now), count))
        return groups

    def _keep_only(self, document: Document, config: Config, now: float) -> None:
        """End what a configuration does not need."""
        keys = {self._key(document["service"], element): process_count(element) for element in config}
        self._fleet.trim_service(_id(document), keys, now)
        for key, count in keys.items():
            self._fleet.trim(key, count, now)

    def _key(self, service: Document, element: Document) -> GroupKey:
        """What an element runs; not how often, nor for which share of the traffic."""
        what = {name: element.get(name) for name in ("model_id", "specification", "custom_spec", "envs")}
        return service["service_id"], hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def process_count(element: Document) -> int:
    """How many instances of an element really run."""
    return min(int(element["instance_count"]), MAX_PROCESSES)


def _id(document: Document) -> str:
    return str(document["service"]["service_id"])


def _readiness(groups: list[tuple[Group, int]]) -> tuple[int, int]:
    """How many instances answer, of those that should; a spare one of another group does not help."""
    ready = sum(min(len(group.ready()), count) for group, count in groups)
    return ready, sum(count for _, count in groups)


def _failures(groups: list[tuple[Group, int]]) -> list[str]:
    """Why each instance will never start; empty for one that may."""
    return [explained(slot.failure, group.spec) for group, _ in groups for slot in group.slots]


def _deploy_timeout(config: Config) -> float:
    return float(max(element.get("deploy_timeout_in_seconds", DEPLOY_TIMEOUT) for element in config))
