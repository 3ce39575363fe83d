"""The run table, row by row: what a run that is in some phase, and what the ledger knows of it, lead to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from declared import job, resource

from fmctl.compare import differences
from fmctl.domain.live import Health, Live, Marker, Observed, World
from fmctl.domain.plan import Action, Change, Reason
from fmctl.domain.resource import Resource
from fmctl.kinds import runs
from fmctl.kinds.base import Deciding
from fmctl.kinds.job_wire import run_name
from fmctl.kinds.training_job import FINAL, PHASES, TrainingJob

NOW = 1_790_000_000.0
HOUR = 3_600_000

Facts = Mapping[tuple[int, str], Mapping[str, Any]]
Decision = tuple[Action, Reason]


@dataclass
class Known:
    """The facts of one hash by attempt and kind; implements ``kinds.base.Records``."""

    hash: str
    facts: Facts = field(default_factory=dict)
    other_hashes: tuple[str, ...] = ()

    def hashes(self, _name: str) -> frozenset[str]:
        return frozenset({self.hash} if self.facts else ()) | frozenset(self.other_hashes)

    def attempts(self, _name: str, hash_: str) -> list[int]:
        return sorted({attempt for attempt, _ in self.facts}) if hash_ == self.hash else [0]

    def has(self, _name: str, hash_: str, fact: str, attempt: int = 0) -> bool:
        if hash_ in self.other_hashes:
            return fact == "created"
        return hash_ == self.hash and (attempt, fact) in self.facts

    def get(self, _name: str, hash_: str, fact: str, attempt: int = 0) -> Mapping[str, Any] | None:
        return self.facts.get((attempt, fact)) if hash_ == self.hash else None

    def record(self, *_: Any) -> None:
        msg = "deciding never writes"
        raise AssertionError(msg)


def run(declared: Resource, phase: str, attempt: int = 0, *, ended: float = 86400, **changes: Any) -> Live:
    """A run of the declared content, ours, which ended some seconds ago."""
    live = Live(
        declared.id,
        f"id-{attempt}",
        run_name(declared, attempt),
        phase,
        PHASES.get(phase, Health.UNKNOWN),
        marker=Marker("demo", declared.marker, "s"),
        started=int((NOW - ended) * 1000) - HOUR,
        duration=HOUR,
        attempt=attempt,
        hash=declared.hash,
        active=phase not in FINAL,
    )
    return replace(live, **changes)


def decided(
    declared: Resource, *live: Live, facts: Facts | None = None, other_hashes: tuple[str, ...] = ()
) -> list[Change]:
    """What the table says; the runs are given with the current one first."""
    records = Known(declared.hash, facts or {}, other_hashes)
    current = [one for one in live if one.hash == declared.hash]
    observed = Observed(current[0] if current else None, tuple(one for one in live if one not in current[:1]))
    world = World({declared.id: observed})
    deciding = Deciding("demo", records, world, NOW, differences, lambda _: None)
    return list(TrainingJob().decide(declared, observed, deciding))


def decisions(changes: list[Change]) -> list[Decision]:
    return [(change.action, change.reason) for change in changes]


WANTED = resource(job())
STOPPED = resource(job(state="stopped"))
NO_RETRIES = resource(job(retries={"infra": 0, "user": 0}))
ONE_RETRY = resource(job(retries={"user": 1}))

NOTHING = (Action.NOOP, Reason.IN_SYNC)
WAIT = (Action.NOOP, Reason.PROGRESSING)
DEGRADED = (Action.NOOP, Reason.DEGRADED)
RETRY = (Action.CREATE, Reason.RETRY)

ROWS: dict[str, tuple[Resource, tuple[Live, ...], Facts, Decision]] = {
    "none, no fact": (WANTED, (), {}, (Action.CREATE, Reason.ABSENT)),
    "none, an intent alone": (WANTED, (), {(0, "intent"): {}}, (Action.CREATE, Reason.ABSENT)),
    "none, wanted stopped": (STOPPED, (), {}, NOTHING),
    "none, created, no end, wanted stopped": (STOPPED, (), {(0, "created"): {}}, NOTHING),
    "none, created, no end": (WANTED, (), {(0, "created"): {}}, (Action.REFUSE, Reason.LOST)),
    "Completed": (WANTED, (run(WANTED, "Completed"),), {}, NOTHING),
    "Completed, wanted stopped": (STOPPED, (run(STOPPED, "Completed"),), {}, NOTHING),
    "Failed": (WANTED, (run(WANTED, "Failed"),), {}, DEGRADED),
    "Failed, budget": (ONE_RETRY, (run(ONE_RETRY, "Failed"),), {}, RETRY),
    "Failed twice, budget of one": (
        ONE_RETRY,
        (run(ONE_RETRY, "Failed", 1), run(ONE_RETRY, "Failed")),
        {},
        DEGRADED,
    ),
    "Failed, wanted stopped": (STOPPED, (run(STOPPED, "Failed"),), {}, NOTHING),
    "Abnormal for a minute": (NO_RETRIES, (run(NO_RETRIES, "Abnormal", ended=60),), {}, WAIT),
    "Abnormal for 599 s": (NO_RETRIES, (run(NO_RETRIES, "Abnormal", ended=599),), {}, WAIT),
    "Abnormal for 10 min": (NO_RETRIES, (run(NO_RETRIES, "Abnormal", ended=600),), {}, DEGRADED),
    "Abnormal, default budget": (WANTED, (run(WANTED, "Abnormal"),), {}, RETRY),
    "Abnormal three times": (
        WANTED,
        (run(WANTED, "Abnormal", 2), run(WANTED, "Abnormal", 1), run(WANTED, "Abnormal")),
        {},
        DEGRADED,
    ),
    "Abnormal twice, once gone with a receipt": (
        WANTED,
        (run(WANTED, "Abnormal", 2), run(WANTED, "Abnormal", 1)),
        {(0, "end"): {"class": "infra"}},
        DEGRADED,
    ),
    "Failed after two Abnormal": (
        ONE_RETRY,
        (run(ONE_RETRY, "Failed", 2), run(ONE_RETRY, "Abnormal", 1), run(ONE_RETRY, "Abnormal")),
        {},
        RETRY,
    ),
    "Terminated, wanted stopped": (STOPPED, (run(STOPPED, "Terminated"),), {}, NOTHING),
    "Terminated after maxDuration": (
        WANTED,
        (run(WANTED, "Terminated", facts={"autoStop": 3600}),),
        {},
        DEGRADED,
    ),
    "Terminated after maxDuration, budget": (
        ONE_RETRY,
        (run(ONE_RETRY, "Terminated", facts={"autoStop": 3600}),),
        {},
        RETRY,
    ),
    "Terminated before maxDuration": (
        WANTED,
        (run(WANTED, "Terminated", facts={"autoStop": 7200}),),
        {},
        (Action.NOOP, Reason.DRIFT),
    ),
    "Terminated by fmctl": (
        NO_RETRIES,
        (run(NO_RETRIES, "Terminated"),),
        {(0, "stopped"): {}},
        (Action.CREATE, Reason.STOPPED_BY_FMCTL),
    ),
    "Terminated by fmctl at its very maxDuration": (
        NO_RETRIES,
        (run(NO_RETRIES, "Terminated", facts={"autoStop": 3600}),),
        {(0, "stopped"): {}},
        (Action.CREATE, Reason.STOPPED_BY_FMCTL),
    ),
    "Terminated otherwise": (WANTED, (run(WANTED, "Terminated"),), {}, (Action.NOOP, Reason.DRIFT)),
    "gone, Completed": (WANTED, (), {(0, "end"): {"phase": "Completed"}}, (Action.NOOP, Reason.RECORD_GONE)),
    "gone, Failed": (WANTED, (), {(0, "end"): {"phase": "Failed", "class": "user"}}, DEGRADED),
    "gone, Failed, budget": (ONE_RETRY, (), {(0, "end"): {"phase": "Failed", "class": "user"}}, RETRY),
    "gone, stopped by fmctl": (
        NO_RETRIES,
        (),
        {(0, "end"): {"phase": "Terminated"}, (0, "stopped"): {}},
        (Action.CREATE, Reason.STOPPED_BY_FMCTL),
    ),
    "gone, Terminated otherwise": (WANTED, (), {(0, "end"): {"phase": "Terminated"}}, (Action.NOOP, Reason.DRIFT)),
    "gone, Terminated otherwise, wanted stopped": (
        STOPPED,
        (),
        {(0, "end"): {"phase": "Terminated"}},
        (Action.NOOP, Reason.RECORD_GONE),
    ),
    "gone is the attempt that completed, an earlier one is there": (
        WANTED,
        (run(WANTED, "Abnormal"),),
        {(0, "end"): {"class": "infra"}, (1, "created"): {}, (1, "end"): {"phase": "Completed"}},
        (Action.NOOP, Reason.RECORD_GONE),
    ),
    "gone is the attempt that nobody saw end, an earlier one is there": (
        WANTED,
        (run(WANTED, "Abnormal"),),
        {(1, "created"): {}},
        (Action.REFUSE, Reason.LOST),
    ),
    "gone is the last that failed, the others are there": (
        WANTED,
        (run(WANTED, "Abnormal", 1), run(WANTED, "Abnormal")),
        {(2, "created"): {}, (2, "end"): {"phase": "Abnormal", "class": "infra"}},
        DEGRADED,
    ),
    "gone, Failed, then an intent alone": (
        WANTED,
        (),
        {(0, "created"): {}, (0, "end"): {"phase": "Failed", "class": "user"}, (1, "intent"): {}},
        DEGRADED,
    ),
    "gone, no end, then an intent alone": (
        WANTED,
        (),
        {(0, "created"): {}, (1, "intent"): {}},
        (Action.REFUSE, Reason.LOST),
    ),
    "gone, its last attempt without an end": (
        WANTED,
        (),
        {(0, "end"): {"phase": "Failed", "class": "user"}, (1, "created"): {}},
        (Action.REFUSE, Reason.LOST),
    ),
}


@pytest.mark.parametrize(("declared", "live", "facts", "expected"), ROWS.values(), ids=ROWS.keys())
def test_a_row_of_the_table(declared: Resource, live: tuple[Live, ...], facts: Facts, expected: Decision) -> None:
    """Phase, ledger and what is wanted decide, and nothing else does."""
    assert [expected] == decisions(decided(declared, *live, facts=facts))


@pytest.mark.parametrize("facts", [{(0, "created"): {}}, {(0, "end"): {"phase": "Terminated"}}])
def test_a_run_that_somebody_else_ended_is_drift(facts: Facts) -> None:
    """Lost, or stopped outside and then forgotten: the remote side moved, not the manifest."""
    assert [True] == [change.drift for change in decided(WANTED, facts=facts)]


@pytest.mark.parametrize("phase", ["Creating", "Pending", "Running", "Terminating", "Rebooting", ""])
def test_a_phase_that_is_not_final_is_progress(phase: str) -> None:
    """An unlisted phase is never taken for an end."""
    assert [WAIT] == decisions(decided(WANTED, run(WANTED, phase)))


@pytest.mark.parametrize(("phase", "expected"), [("Running", Action.STOP), ("Terminating", Action.NOOP)])
def test_wanted_stopped_stops_once(phase: str, expected: Action) -> None:
    """A run that goes on and is wanted stopped is stopped, unless that is under way."""
    assert [expected] == [change.action for change in decided(STOPPED, run(STOPPED, phase))]


def test_stopping_what_the_manifest_wanted_stopped_all_along_is_drift() -> None:
    """Somebody else's start is told apart from our own change of mind."""
    ours = decided(STOPPED, run(STOPPED, "Running"))[0]
    moved = decided(STOPPED, run(STOPPED, "Running", marker=Marker("demo", "1" * 10, "s")))[0]

    assert (Reason.DRIFT, True) == (ours.reason, ours.drift)
    assert (Reason.MANIFEST_CHANGED, False) == (moved.reason, moved.drift)


def test_a_foreign_run_is_used_and_never_stopped() -> None:
    """A job of our exact name is our content whoever owns it, and theirs to stop."""
    foreign = run(WANTED, "Running", marker=None)
    stop = decided(STOPPED, run(STOPPED, "Running", marker=None))

    assert [(Action.REUSE, Reason.PROGRESSING)] == decisions(decided(WANTED, foreign))
    assert [(Action.REFUSE, Reason.NOT_OURS)] == decisions(stop)


def older(phase: str = "Running", **changes: Any) -> Live:
    return run(WANTED, phase, hash="1" * 10, remote_name="train-1111111111", **changes)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("error", [(Action.REFUSE, Reason.OLDER_RUN_ACTIVE)]),
        ("stopAndRun", [(Action.STOP, Reason.OLDER_RUN_ACTIVE), (Action.CREATE, Reason.SPEC_CHANGED)]),
        ("runAfter", [(Action.CREATE, Reason.SPEC_CHANGED)]),
    ],
)
def test_on_spec_change_decides_while_an_older_run_is_active(policy: str, expected: list[Decision]) -> None:
    """An older run that goes on is refused beside, stopped first, or waited for."""
    assert expected == decisions(decided(resource(job(onSpecChange=policy)), older()))


def test_run_after_waits_for_the_older_run() -> None:
    """The create of runAfter knows the run that it comes after."""
    (change,) = decided(resource(job(onSpecChange="runAfter")), older())

    assert "train-1111111111" == (change.live and change.live.remote_name)


@pytest.mark.parametrize("phase", ["Completed", "Failed"])
def test_an_older_run_that_has_ended_does_not_hold_a_new_one_up(phase: str) -> None:
    """Only runs that go on are in the way."""
    assert [(Action.CREATE, Reason.SPEC_CHANGED)] == decisions(decided(WANTED, older(phase)))


@pytest.mark.parametrize("marker", [None, Marker("theirs", "1" * 10, "s")])
def test_runs_of_others_under_our_name_are_none_of_our_history(marker: Marker | None) -> None:
    """Another set may have a job of the same name: it is neither in the way nor what our spec was before."""
    assert [(Action.CREATE, Reason.ABSENT)] == decisions(decided(WANTED, older(marker=marker)))


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("error", [(Action.REFUSE, Reason.OLDER_RUN_ACTIVE)]),
        ("stopAndRun", [(Action.STOP, Reason.OLDER_RUN_ACTIVE), (Action.CREATE, Reason.STOPPED_BY_FMCTL)]),
        ("runAfter", [(Action.CREATE, Reason.STOPPED_BY_FMCTL)]),
    ],
)
def test_going_back_to_a_content_that_was_stopped_is_a_change_too(policy: str, expected: list[Decision]) -> None:
    """What onSpecChange says holds for any start beside a run of another content, a next attempt included."""
    declared = resource(job(onSpecChange=policy))
    stopped = run(declared, "Terminated")

    assert expected == decisions(decided(declared, stopped, older(), facts={(0, "stopped"): {}}))


def test_wanted_stopped_stops_whatever_goes_on() -> None:
    """Also a run of another content beside the current run, which has ended."""
    found = decisions(decided(STOPPED, run(STOPPED, "Terminated"), older()))

    assert [(Action.STOP, Reason.OLDER_RUN_ACTIVE), NOTHING] == found


def test_stopping_waits_for_nothing_but_making_room_does() -> None:
    """What is wanted stopped is stopped at once; an older run goes on until what takes its place can start."""
    needs = (WANTED.id._replace(name="before"),)
    unwanted, wanted = replace(STOPPED, needs=needs), replace(resource(job(onSpecChange="stopAndRun")), needs=needs)
    current, other = decided(unwanted, run(unwanted, "Running"))[0], decided(unwanted, older())[0]
    room = decided(wanted, older())[0]

    assert [Action.STOP] * 3 == [current.action, other.action, room.action]
    assert [(), (), needs] == [current.waits_for, other.waits_for, room.waits_for]


def test_a_content_that_changed_while_wanted_stopped_stops_the_older_run() -> None:
    """Wanted stopped means that nothing of this resource goes on."""
    found = decisions(decided(STOPPED, older()))

    assert [(Action.STOP, Reason.OLDER_RUN_ACTIVE), NOTHING] == found


def test_a_rerun_is_told_apart_from_a_new_content() -> None:
    """The same content under another value of rerun is a rerun, in the list of jobs or in the ledger."""
    again = resource(job(rerun="1"))
    before = run(WANTED, "Completed")

    assert [(Action.CREATE, Reason.RERUN)] == decisions(decided(again, before))
    assert [(Action.CREATE, Reason.RERUN)] == decisions(decided(again, other_hashes=(WANTED.hash,)))
    assert [(Action.CREATE, Reason.SPEC_CHANGED)] == decisions(decided(again, other_hashes=("1" * 10,)))


def test_the_next_attempt_has_the_next_number() -> None:
    """Attempts are counted from the highest one, which is the current run."""
    (change,) = decided(WANTED, run(WANTED, "Abnormal", 1), run(WANTED, "Abnormal"))

    assert (2, {"infra": 2}) == (change.attempt, dict(change.failures))


@pytest.mark.parametrize(("live", "fact", "expected"), [("Failed", None, "user"), ("Abnormal", None, "infra")])
def test_the_class_of_a_failure(live: str, fact: None, expected: str) -> None:
    """A program that ends badly is the user's failure, a run that is lost the platform's."""
    assert expected == runs.failure_class(run(WANTED, live), Known(WANTED.hash), "train")


def test_a_run_in_flight_knows_the_attempts_that_failed_before_it() -> None:
    """Whoever watches it goes on counting where the apply before stopped."""
    (running,) = decided(WANTED, run(WANTED, "Running", 2), run(WANTED, "Abnormal", 1), run(WANTED, "Abnormal"))
    (lost,) = decided(WANTED, run(WANTED, "Abnormal", 1, ended=60), run(WANTED, "Abnormal"))

    assert [{"infra": 2}, {"infra": 1}] == [dict(running.failures), dict(lost.failures)]


@pytest.mark.parametrize("phase", ["Failed", "Abnormal", "Terminated"])
@pytest.mark.parametrize("stopped", [{}, {(0, "stopped"): {}}], ids=["by-itself", "by-fmctl"])
def test_a_run_that_use_run_names_is_never_started_again(phase: str, stopped: Facts) -> None:
    """useRun says that a job is the run: however it ended, nothing is started in its place."""
    used = resource({**job(), "spec": {"useRun": "train-1111111111", "retries": {"user": 3, "infra": 3}}})
    live = run(used, phase, remote_name="train-1111111111")
    gone = {(0, "created"): {}, (0, "end"): {"phase": phase, "class": "infra"}, **stopped}

    assert [Action.NOOP] == [change.action for change in decided(used, live, facts=stopped)]
    assert [Action.NOOP] == [change.action for change in decided(used, facts=gone)]


def test_what_is_known_of_one_used_run_says_nothing_of_another() -> None:
    """Facts are kept by hash, and the job that useRun names is in it."""
    one, other = (resource({**job(), "spec": {"useRun": name}}) for name in ("pretrain-of-may", "pretrain-of-june"))

    assert one.hash != other.hash


def test_use_run_that_is_not_there_is_refused() -> None:
    """Nothing is started in place of a run that the user says exists."""
    used = resource({**job(), "spec": {"useRun": "job-of-last-year"}})

    assert [(Action.REFUSE, Reason.LOST)] == decisions(decided(used))
