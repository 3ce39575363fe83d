"""A run is started once, whatever happens: edits, failures, the console, lost answers, kills, in any order.

A machine makes up histories of one training job. What is checked after every step holds for all of them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx
from declared import job, resources
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from world import Breakage, Recorder, new_world

from fmctl.domain.event import Ending, Outcome
from fmctl.domain.plan import Action
from fmctl.domain.problem import FmctlError
from fmctl.execute import Limits

ACTIVE = {"Creating", "Pending", "Running", "Terminating"}
LOSSES = ["502", "garbage", "reset", "timeout"]
NAME = re.compile(r"train-([0-9a-f]{10})(?:-r(\d+))?")


class Run(NamedTuple):
    """One job that the platform ever had."""

    created: int
    content: str
    attempt: int
    phase: str


class Killed(BaseException):
    """The end of the process, which nothing catches."""


class Dying(httpx.BaseTransport):
    """The process dies at the request that it counts down to, before or after that was carried out."""

    def __init__(self, inner: httpx.BaseTransport, requests: int, *, after: bool) -> None:
        self.inner, self.left, self.after = inner, requests, after

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.left -= 1
        if self.left < 0 and not self.after:
            raise Killed
        response = self.inner.handle_request(request)
        if self.left < 0:
            raise Killed
        return response


class Histories(RuleBasedStateMachine):
    """One job, what people and the platform do to it, and what must never happen."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        self._opened = new_world(Path(self._folder.name))
        self.world = self._opened.__enter__()
        self.spec: dict[str, Any] = {"parameters": {"lr": "1"}, "retries": {"user": 1, "infra": 1}}
        self.runs: dict[str, Run] = {}
        """By id, with the last phase that was seen, also when the record is gone."""
        self.stopped_by_fmctl: Counter[str] = Counter()

    def teardown(self) -> None:
        self._opened.__exit__(None, None, None)
        self._folder.cleanup()

    # -------------------------------------------------------- people and the platform

    @rule(lr=st.sampled_from(["1", "2"]))
    def edit(self, lr: str) -> None:
        self.spec["parameters"] = {"lr": lr}

    @rule(number=st.sampled_from([None, "1", "2"]))
    def rerun(self, number: str | None) -> None:
        self.spec["rerun"] = number

    @rule(state=st.sampled_from(["running", "stopped"]))
    def want(self, state: str) -> None:
        self.spec["state"] = state

    @rule(policy=st.sampled_from(["error", "stopAndRun", "runAfter"]))
    def on_spec_change(self, policy: str) -> None:
        self.spec["onSpecChange"] = policy

    @rule(exit_code=st.sampled_from([0, 0, 1, None]), seconds=st.sampled_from([5.0, 400.0, 5000.0]))
    def next_run_ends(self, exit_code: int | None, seconds: float) -> None:
        self.world.runner.outcomes, self.world.runner.durations = {"*": exit_code}, {"*": seconds}

    @rule(seconds=st.sampled_from([10.0, 700.0, 6000.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.session().clock.sleep(seconds)

    @precondition(lambda self: any(run.phase in ACTIVE for run in self.runs.values()))
    @rule()
    def stop_in_the_console(self) -> None:
        for record in self._jobs():
            if record["status"]["phase"] in ACTIVE - {"Terminating"}:
                path = f"/v2/{{project_id}}/training-jobs/{record['metadata']['id']}/actions"
                with suppress(FmctlError):
                    self.world.session().api.call("POST", path, body={"action_type": "terminate"})

    @precondition(lambda self: self.runs)
    @rule(one=st.booleans())
    def the_platform_forgets(self, one: bool) -> None:
        """Records of runs that have ended are deleted: all of them, or somebody deletes the newest.

        But not of one whose creation was lost with the process: an intent alone is taken for nothing done.
        """
        ended = [each for each in self._jobs() if each["status"]["phase"] not in ACTIVE and self._is_recorded(each)]
        for record in sorted(ended, key=lambda each: -each["metadata"]["create_time"])[: 1 if one else None]:
            self.world.session().api.call("DELETE", f"/v2/{{project_id}}/training-jobs/{record['metadata']['id']}")
        self.world.session().clock.sleep(600)

    # -------------------------------------------------------- fmctl

    @rule(wait=st.booleans(), lost=st.sampled_from([None, *LOSSES]), times=st.integers(1, 2))
    def apply(self, wait: bool, lost: str | None, times: int) -> None:
        self.world.transport.broken = [Breakage("POST", "/training-jobs", lost, times)] if lost else []
        self._apply(Limits(parallelism=1, wait=wait))
        self.world.transport.broken = []

    @rule(requests=st.integers(0, 14), after=st.booleans())
    def apply_and_be_killed(self, requests: int, after: bool) -> None:
        recorder = self.world.transport
        self.world.transport = Recorder(Dying(recorder, requests, after=after))
        with suppress(Killed):
            self._apply(Limits(parallelism=1))
        self.world.transport = recorder

    @rule()
    def apply_in_peace(self) -> None:
        """Nothing disturbs it, so that a second plan has nothing to write, unless something was refused or failed."""
        outcomes = self._apply(Limits(parallelism=1))
        plan, _ = self.world.plan(resources(job(**self.spec)))

        if all(outcome.ending is Ending.DONE for outcome in outcomes):
            assert [] == [change for change in plan.changes if change.writes]

    def _apply(self, limits: Limits) -> list[Outcome]:
        declared = resources(job(**self.spec))
        plan, _session = self.world.plan(declared)
        for change in plan.changes:
            if change.action is Action.STOP and change.live:
                self.stopped_by_fmctl[change.live.hash] += 1
        return self.world.apply(declared, limits)

    # -------------------------------------------------------- what must never happen

    def _jobs(self) -> list[Mapping[str, Any]]:
        return [record["job"] for record in self.world.sandbox.store.find("training_jobs")]

    def _is_recorded(self, job: Mapping[str, Any]) -> bool:
        name, _, rest = str(job["metadata"]["name"]).partition("-")
        return any(f"{name}/{rest}.{fact}.json" in self.world.facts.facts for fact in ("created", "end"))

    @invariant()
    def look(self) -> None:
        """Remember every run with its last phase."""
        for record in self._jobs():
            metadata = record["metadata"]
            found = NAME.fullmatch(metadata["name"])
            assert found is not None
            phase = record["status"]["phase"]
            self.runs[metadata["id"]] = Run(metadata["create_time"], found[1], int(found[2] or 0), phase)

    @invariant()
    def never_two_at_once(self) -> None:
        """One manifest never has two runs going on."""
        assert 1 >= sum(record["status"]["phase"] in ACTIVE for record in self._jobs())

    @invariant()
    def never_again(self) -> None:
        """No content is run again after it completed, or while it may still complete, and no attempt is made twice."""
        for content, runs in self._by_content().items():
            assert not {"Completed", *ACTIVE} & {run.phase for run in runs[:-1]}, (content, runs)
            assert [run.attempt for run in runs] == sorted({run.attempt for run in runs}), (content, runs)

    @invariant()
    def never_more_than_the_budget(self) -> None:
        """Attempts are the first, one more a class of failure, and one for every time that fmctl itself stopped it."""
        for content, runs in self._by_content().items():
            assert len(runs) <= 3 + self.stopped_by_fmctl[content], (content, runs)

    def _by_content(self) -> Mapping[str, list[Run]]:
        """The runs of every content, oldest first."""
        found = defaultdict(list)
        for run in sorted(self.runs.values()):
            found[run.content].append(run)
        return found


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
