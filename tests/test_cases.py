"""A directory is a case: manifests and what is live go in, the plan and the calls that apply makes come out.

    tests/cases/<kind>-<situation>/
        manifests.yaml  what the user declared
        live.yaml       what the sandbox holds before (see seeds.py), and how the case is run:
                        prune: true, delete: [Kind/name], project: {policy: …}, settles: false
        plan.txt        the text of the plan, with every field, and its notes
        calls.txt       the calls by which apply changes something

`pytest tests/test_cases.py --record` writes the last two anew; review them as you would review code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from seeds import filled, names_of_ids, readable, seed, written
from world import World, new_world

from fmctl import workflow
from fmctl.acting import plan_deletion
from fmctl.connect import Session
from fmctl.domain.plan import Plan
from fmctl.execute import Limits
from fmctl.guards import guard
from fmctl.report.text import plan_text

CASES = sorted(path.parent for path in (Path(__file__).parent / "cases").glob("*/manifests.yaml"))


@dataclass
class Case:
    """One directory, and the world that it describes."""

    folder: Path
    world: World
    live: dict[str, Any]

    def plan(self) -> tuple[Plan, Session]:
        """What fmctl would do now."""
        if "delete" not in self.live:
            return self.world.plan(self.world.read(self.folder / "manifests.yaml"), prune=self.live.get("prune", False))
        session = self.world.session()
        return plan_deletion((), self.live["delete"], session), session

    def apply(self) -> None:
        """Carry the plan out, unless something stops all of it."""
        plan, session = self.plan()
        if not guard(plan, self.world.project.policy):
            workflow.apply(plan, session, Limits(parallelism=1), lambda _: None)


@pytest.fixture(params=CASES, ids=lambda path: path.name)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    """The world of one directory."""
    folder: Path = request.param
    with new_world(tmp_path) as world:
        resources = world.read(folder / "manifests.yaml")
        live = yaml.safe_load(filled((folder / "live.yaml").read_text(), resources)) or {}
        world.project = replace(world.project, policy=live.get("policy", {}))
        seed(world, live)
        yield Case(folder, world, live)


def as_recorded(path: Path, text: str, record: bool) -> str:
    """What the file says; with ``--record`` it says ``text`` from now on."""
    if record:
        path.write_text(text)
    return path.read_text()


def test_the_plan_reads_as_recorded(case: Case, pytestconfig: pytest.Config) -> None:
    """The same manifests and the same remote side give the same plan, word for word."""
    plan, _ = case.plan()
    notes = [f"note: {note}" for note in plan.notes]
    text = readable("\n".join([plan_text(plan, full=True), *notes, ""]), names_of_ids(case.world))

    assert as_recorded(case.folder / "plan.txt", text, pytestconfig.getoption("--record")) == text


def test_planning_writes_nothing(case: Case) -> None:
    """A plan only looks: neither the remote side nor the ledger is another one after it."""
    before = list(case.world.sandbox.store.writes), dict(case.world.facts.facts)

    case.plan()

    assert before == (case.world.sandbox.store.writes, case.world.facts.facts)


def test_applying_calls_as_recorded_and_leaves_nothing_to_do(case: Case, pytestconfig: pytest.Config) -> None:
    """Apply changes exactly what was recorded, and the plan after it has nothing left to write."""
    names = names_of_ids(case.world)
    case.apply()
    calls = written(case.world, {**names, **names_of_ids(case.world)})
    again, _ = case.plan()
    left = [str(change.id) for change in again.changes if change.writes]

    assert as_recorded(case.folder / "calls.txt", calls, pytestconfig.getoption("--record")) == calls
    assert bool(left) is not case.live.get("settles", True), left
