"""How many calls, and how long, a ``diff`` of a set in sync takes: ``python -m benchmarks.plan [COUNT ...]``.

60 % of the set are jobs that are Completed, 25 % versions that are published, 15 % services that are running. They are
made by an ``apply`` on a virtual clock against the sandbox in this process; then ``diff`` looks at them with a network
that takes 20 ms for every call. The sandbox answers with the processor that fmctl runs on, so the wall time is an upper
bound; what it needs is printed beside it.
"""

from __future__ import annotations

import math
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from fmctl.domain.resource import Resource
from fmctl.execute import Limits
from fmctl.kinds import KINDS
from fmctl.load import load_text
from fmctl.resolve import resolve
from fmctl.sandbox.training.catalog import POOL_ID  # the public pool takes twenty services and no more
from fmctl.validate import validate
from tests.world import World, new_world

LATENCY = 0.02
PARALLELISM = 10
MOST_LISTS = 60
"""The aim for 1,000 resources: this many calls, and one more for every service."""
_ID = re.compile(r"(?<=/)[0-9a-f]{8,}[0-9a-f-]*")


def manifests(count: int) -> Iterator[str]:
    """The manifests of a set of ``count`` resources."""
    services, versions = count * 15 // 100, count * 25 // 100
    for index in range(count - services - versions):
        yield _manifest(
            "TrainingJob",
            f"job-{index:04}",
            "{code: obs://fmctl-demo/code/, bootFile: train.py,"
            " engine: {name: PyTorch, version: pytorch_2.1.0-cann_7.0.0-py_3.9-euler_2.10.7-aarch64}}",
            f"parameters: {{seed: {index}}}\n  resources: {{flavor: modelarts.vm.cpu.2u, nodes: 1}}",
            key="algorithm",
        )
    for index in range(versions):
        spec = "version: 1.0.0\n  type: PyTorch\n  source: {from: obs://fmctl-demo/digits/}\n"
        spec += f"  requires: [job-{index:04}]"
        yield _manifest("ModelVersion", f"version-{index:04}", f"model-{index}", spec, key="model")
    for index in range(services):
        models = f"[{{modelRef: version-{index:04}, weight: 100, resources: {{cpu: 1, memory: 1Gi}}, instances: 1}}]"
        yield _manifest("Service", f"service-{index:04}", models, f"pool: {POOL_ID}", key="models")


def _manifest(kind: str, name: str, value: str, rest: str, *, key: str) -> str:
    return f"apiVersion: fmctl/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n  {key}: {value}\n  {rest}\n"


@dataclass
class Network(httpx.BaseTransport):
    """A transport whose calls take their time, and are counted by method and path."""

    inner: httpx.BaseTransport
    latency: float
    calls: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        time.sleep(self.latency)
        path = _ID.sub("{id}", request.url.path.replace("0" * 31 + "1", "{project_id}"))
        with self._lock:
            self.calls[f"{request.method} {path}"] += 1
        return self.inner.handle_request(request)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one ``diff`` took."""

    resources: int
    services: int
    calls: Counter[str]
    wall: float
    without_network: float
    """The same with calls that take no time: fmctl's work and the sandbox's."""

    @property
    def bound(self) -> float:
        """What the network alone costs: pages of jobs one after the other, details of services side by side."""
        pages = self.calls["POST /v2/{project_id}/training-job-searches"]
        lists = self.calls["GET /v1/{project_id}/services"]
        return LATENCY * max(pages, lists + math.ceil(self.services / PARALLELISM))

    @property
    def most_calls(self) -> int:
        """The aim."""
        return MOST_LISTS + self.services


def measure(count: int) -> Measured:
    """Make a set of ``count`` resources, and look at it."""
    with tempfile.TemporaryDirectory() as folder, new_world(Path(folder)) as world:
        documents = load_text("---\n".join(manifests(count)), "set.yaml")
        resources = resolve(validate(documents, KINDS, set_name=world.project.set), KINDS)
        failed = [str(done.change.id) for done in world.apply(resources, Limits(PARALLELISM)) if done.code]
        if failed:
            sys.exit(f"could not be made: {', '.join(failed[:5])}")
        world.parallelism = PARALLELISM
        _, without_network = _diff(world, resources, 0)
        calls, wall = _diff(world, resources, LATENCY)
    return Measured(count, sum(each.kind == "Service" for each in resources), calls, wall, without_network)


def _diff(world: World, resources: tuple[Resource, ...], latency: float) -> tuple[Counter[str], float]:
    world.transport.inner, inner = Network(world.transport.inner, latency), world.transport.inner
    network = world.transport.inner
    start = time.perf_counter()
    plan, _ = world.plan(resources)
    wall = time.perf_counter() - start
    world.transport.inner = inner
    if not plan.empty:
        sys.exit(f"not in sync: {plan.summary.text}")
    return network.calls, wall


def show(measured: Measured) -> None:
    """Print what was measured against what is aimed at."""
    total = sum(measured.calls.values())
    print(f"diff of {measured.resources:,} resources in sync, {LATENCY * 1000:.0f} ms a call, {PARALLELISM} at a time")
    for call, number in measured.calls.most_common():
        print(f"  {number:5}  {call}")
    print(f"  {total:5}  calls; the aim is at most {measured.most_calls}")
    print(f"  {measured.wall:5.2f}  s; waiting for the network {measured.bound:.2f} s,", end=" ")
    print(f"without a network {measured.without_network:.2f} s")


def main() -> None:
    for count in [int(text) for text in sys.argv[1:]] or [100, 1000]:
        show(measure(count))


if __name__ == "__main__":
    main()
