"""The instances that should run, and those that do: starts what is missing, restarts what crashed, ends what is left.

Instances are kept in groups. A group is what a service's element runs (model, envs, …), whatever its weight and count,
so an update that leaves an element as it is leaves its instances alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from fmctl.sandbox.serving.instances import Instance, InstanceSpec, InstanceState, Launcher

GroupKey = tuple[str, str]  # service id, digest of what runs

START_ATTEMPTS = 3  # of an instance that dies without a word before it was ever ready
UNEXPLAINED = "the process of the model ended {starts} times while it started, without saying why"
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
STEADY = 60.0  # seconds of being ready after which earlier crashes are forgiven
GRACE = 30.0  # seconds to answer its last requests and to end by itself


@dataclass(slots=True)
class Slot:
    """The place of one instance in a group, and its history."""

    instance: Instance | None = None
    starts: int = 0  # since it was last steady
    ready_since: float | None = None
    proven: bool = False  # was ready once
    retry_at: float = 0.0
    failure: str = ""  # why it will never start

    @property
    def is_ready(self) -> bool:
        """Whether it answers."""
        return self.instance is not None and self.instance.state() is InstanceState.READY


@dataclass(slots=True)
class Group:
    """The instances of one element."""

    spec: InstanceSpec
    slots: list[Slot] = field(default_factory=list)
    turn: int = 0

    def next_ready(self) -> Instance:
        """Those that answer take turns; there has to be one."""
        ready, self.turn = self.ready(), self.turn + 1
        return ready[self.turn % len(ready)]

    def ready(self) -> list[Instance]:
        """Those that answer."""
        return [slot.instance for slot in self.slots if slot.instance is not None and slot.is_ready]


@dataclass(slots=True)
class Leaving:
    """An instance that was asked to end, and when its patience ends."""

    service_id: str
    instance: Instance
    kill_at: float


class Fleet:
    """All instances of all services. Not thread-safe: serving holds its lock."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self._groups: dict[GroupKey, Group] = {}
        self._leaving: list[Leaving] = []

    def ensure(self, key: GroupKey, spec: InstanceSpec, count: int, now: float) -> Group:
        """Have at least `count` slots, each with an instance that runs or is due to be started later."""
        group = self._groups.setdefault(key, Group(spec))
        group.slots.extend(Slot() for _ in range(count - len(group.slots)))
        for slot in group.slots:
            self._tend(slot, group.spec, now)
        return group

    def group(self, key: GroupKey) -> Group | None:
        """The group, if anything of it was started."""
        return self._groups.get(key)

    def trim(self, key: GroupKey, count: int, now: float) -> None:
        """Let go of the slots beyond `count`, those that do not answer first."""
        group = self._groups.get(key)
        if group is None:
            return
        group.slots.sort(key=lambda slot: not slot.is_ready)
        for slot in group.slots[count:]:
            self._dismiss(key[0], slot, now)
        del group.slots[count:]
        if not group.slots:
            del self._groups[key]

    def trim_service(self, service_id: str, keep: Collection[GroupKey], now: float) -> None:
        """Let go of every group of a service but those to keep."""
        for key in [key for key in self._groups if key[0] == service_id and key not in keep]:
            self.trim(key, 0, now)

    def has_instances(self, service_id: str) -> bool:
        """Whether anything of the service still runs, on duty or leaving."""
        leaving = any(entry.service_id == service_id for entry in self._leaving)
        return leaving or any(key[0] == service_id for key in self._groups)

    def sweep(self, now: float) -> None:
        """Forget those who left; end those who take too long."""
        for entry in self._leaving:
            if now >= entry.kill_at:
                entry.instance.kill()
        self._leaving = [entry for entry in self._leaving if entry.instance.state() is not InstanceState.ENDED]

    def close(self) -> None:
        """End everything at once."""
        for instance in [*self._running(), *(entry.instance for entry in self._leaving)]:
            instance.kill()
        self._groups.clear()
        self._leaving.clear()

    def _running(self) -> Iterator[Instance]:
        for group in self._groups.values():
            yield from (slot.instance for slot in group.slots if slot.instance is not None)

    def _tend(self, slot: Slot, spec: InstanceSpec, now: float) -> None:
        if slot.failure:
            return
        if slot.instance is not None:
            self._look_at(slot, slot.instance, now)
        if slot.instance is None and not slot.failure and now >= slot.retry_at:
            self._start(slot, spec, now)

    def _start(self, slot: Slot, spec: InstanceSpec, now: float) -> None:
        slot.starts += 1
        try:
            slot.instance = self._launcher.start(spec)
        except (OSError, ValueError) as error:  # the machine cannot: too many processes, variables too long, …
            self._pause(slot, f"the process of the model cannot be started: {error}", now)

    def _look_at(self, slot: Slot, instance: Instance, now: float) -> None:
        state = instance.state()
        if state is InstanceState.READY:
            slot.proven = True
            slot.ready_since = now if slot.ready_since is None else slot.ready_since
            slot.starts = 0 if now - slot.ready_since >= STEADY else slot.starts
        elif state is InstanceState.UNHEALTHY and not slot.proven:
            slot.failure = instance.error
        elif state is InstanceState.ENDED:
            slot.instance, slot.ready_since = None, None
            if instance.error and not slot.proven:
                slot.failure = instance.error
            self._pause(slot, UNEXPLAINED.format(starts=slot.starts), now)

    def _pause(self, slot: Slot, reason: str, now: float) -> None:
        """Ever longer before the next start; one that was never ready has so many starts and no more."""
        slot.retry_at = now + min(FIRST_PAUSE * 2 ** max(slot.starts - 1, 0), LONGEST_PAUSE)
        if not slot.proven and slot.starts >= START_ATTEMPTS:
            slot.failure = slot.failure or reason

    def _dismiss(self, service_id: str, slot: Slot, now: float) -> None:
        if slot.instance is not None:
            slot.instance.stop()
            self._leaving.append(Leaving(service_id, slot.instance, now + GRACE))
            slot.instance = None
