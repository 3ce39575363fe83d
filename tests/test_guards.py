"""Guards: each refuses what it is for, and lets pass what it is not for."""

from __future__ import annotations

import math
from typing import Any

import pytest

from fmctl.domain.plan import Action, Change, FieldChange, Plan, Reason, Summary, Target
from fmctl.domain.problem import ExitCode
from fmctl.domain.resource import Document, Resource, ResourceId
from fmctl.guards import asks, device_hours, guard, protected, refusals

SERVICE, RUN = ResourceId("Service", "prod-digits"), ResourceId("TrainingJob", "train")
TARGET = Target("demo", "sandbox", "127.0.0.1", "p", "0")


def plan(*changes: Change, **counts: int) -> Plan:
    return Plan(TARGET, changes, Summary(**counts), "sha256:0")


def change(action: Action, reason: Reason = Reason.DRIFT, id: ResourceId = SERVICE, **more: Any) -> Change:
    return Change(id, action, reason, **more)


def test_an_error_stops_the_whole_apply() -> None:
    """A version that cannot be changed is refused before anything is written."""
    (refusal,) = guard(plan(change(Action.ERROR, Reason.IMMUTABLE_VERSION, message="raise `version`")))

    assert (ExitCode.REFUSED, "Service/prod-digits: raise `version`") == refusal


def test_a_refusal_of_one_resource_stops_nothing_else() -> None:
    """What is refused alone is no reason to refuse the rest."""
    assert () == guard(plan(change(Action.REFUSE, Reason.NOT_OURS), change(Action.CREATE)))


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (Reason.NOT_OURS, ExitCode.CONFLICT),
        (Reason.LOST, ExitCode.CONFLICT),
        (Reason.OLDER_RUN_ACTIVE, ExitCode.REFUSED),
    ],
)
def test_a_refusal_has_the_code_of_its_reason(reason: Reason, code: ExitCode) -> None:
    """Foreign owners and lost runs are conflicts; an older run that goes on is a matter of policy."""
    assert [code] == [refusal.code for refusal in refusals(plan(change(Action.REFUSE, reason)))]


DESTROYS = [Action.DELETE, Action.REPLACE, Action.STOP]
BUILDS = [Action.CREATE, Action.UPDATE, Action.START, Action.REUSE, Action.ADOPT, Action.NOOP]


@pytest.mark.parametrize("action", DESTROYS)
def test_what_destroys_asks(action: Action) -> None:
    """Stopping, deleting and replacing want a yes."""
    found = change(action)

    assert (found,) == asks(plan(found))


@pytest.mark.parametrize("action", BUILDS)
def test_what_builds_does_not_ask(action: Action) -> None:
    """Creating and changing in place go through in a pipeline."""
    assert () == asks(plan(change(action)))


def test_an_update_that_stops_asks() -> None:
    """A stop is a stop, also when it comes with other changes of the same service."""
    stop = FieldChange("spec.state", "running", "stopped")
    start = FieldChange("spec.state", "stopped", "running")

    assert 1 == len(asks(plan(change(Action.UPDATE, fields=(stop,)))))
    assert () == asks(plan(change(Action.UPDATE, fields=(start,))))


def test_what_never_was_a_version_is_replaced_without_asking() -> None:
    """Nothing is lost with a version that was never published."""
    assert () == asks(plan(change(Action.REPLACE, Reason.NEVER_PUBLISHED)))


@pytest.mark.parametrize("action", DESTROYS)
def test_policy_protects(action: Action) -> None:
    """What is protected is never stopped, replaced or deleted, whoever says yes."""
    policy = {"protected": ["Service/prod-*"]}

    assert [ExitCode.REFUSED] == [refusal.code for refusal in guard(plan(change(action)), policy)]
    assert () == guard(plan(change(action, id=ResourceId("Service", "test-digits"))), policy)


@pytest.mark.parametrize("action", BUILDS)
def test_what_is_protected_can_be_built(action: Action) -> None:
    """Protection is against loss, not against change."""
    assert () == guard(plan(change(action)), {"protected": ["Service/prod-*"]})


@pytest.mark.parametrize(("name", "count"), [("maxStarts", "start"), ("maxStops", "stop"), ("maxDestroy", "destroy")])
def test_policy_limits(name: str, count: str) -> None:
    """A plan may do as much as the policy says, and not one more."""
    within, beyond = plan(**{count: 3}), plan(**{count: 4})

    assert () == guard(within, {name: 3})
    (refusal,) = guard(beyond, {name: 3})
    assert ExitCode.REFUSED is refusal.code
    assert name in refusal.message
    assert "4" in refusal.message


def test_without_a_policy_nothing_is_limited() -> None:
    """A set that says nothing about limits has none."""
    assert () == guard(plan(change(Action.DELETE), start=1000, stop=1000, destroy=1000))


def test_the_pattern_that_protects_is_named() -> None:
    """Who is refused learns by which line of the policy."""
    assert "Service/prod-*" == protected(change(Action.DELETE), ["Service/x", "Service/prod-*"])
    assert protected(change(Action.DELETE), ["Service/x"]) is None


@pytest.mark.parametrize(
    ("resources", "limit", "hours"),
    [
        ({"pool": "p", "devices": 8, "nodes": 2}, {"maxDuration": "3h"}, 48.0),
        ({"flavor": "modelarts.vm.cpu.8u"}, {"maxDuration": "1d"}, 24.0),
        ({"pool": "p", "devices": 8}, {}, math.inf),
    ],
)
def test_device_hours_are_counted_at_their_most(resources: dict[str, Any], limit: dict[str, str], hours: float) -> None:
    """Accelerators times nodes times the longest duration; a run without a limit has no end."""
    run = Resource(RUN, {}, {"resources": resources, **limit}, Document("m.yaml", {}, {}, {}))
    started = change(Action.CREATE, Reason.ABSENT, RUN, desired=run)

    assert hours == device_hours(started)
    assert bool(guard(plan(started), {"maxDeviceHours": 47})) is (hours > 47)
