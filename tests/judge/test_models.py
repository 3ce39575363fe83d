"""Model versions cannot be changed: they are published once, again if they never were, or not at all."""

from __future__ import annotations

import pytest

from .manifests import chain
from .server import Judge
from .user import User

pytestmark = pytest.mark.usefixtures("swift")
MODEL = "ModelVersion/digits-1"


def test_what_was_never_published_is_published_again(user: User, judge: Judge) -> None:
    """A version whose publication failed is no version yet: it is replaced, once per apply, and the reason is told."""
    judge.switches.model_fails = True
    first = user.apply(code=4)
    action, reason, _ = user.decision(MODEL)
    judge.switches.model_fails = False
    user.apply()

    assert "SyntaxError line 3" in first.out + first.err
    assert ("replace", "never_published") == (action, reason)
    assert (2, 2, 1) == judge.posted
    assert "No changes." in user.diff(code=0).out


def test_a_deletion_is_believed_when_the_platform_names_it(user: User, judge: Judge) -> None:
    """An answer of 200 that could not delete the model is a failure, and nothing is published beside it."""
    judge.switches.model_fails = judge.switches.models_are_kept = True
    user.apply(code=4)
    answer = user.apply(code=4)

    assert "3009" in answer.out + answer.err
    assert 1 == judge.models.posted


def test_another_content_of_the_same_version_stops_the_apply(up: User, judge: Judge) -> None:
    """A version is immutable: nothing is written, not even the run of which it would be made."""
    up.write(**chain(epochs=2))
    before = len(judge.calls)
    action, reason, _ = up.decision(MODEL, code=5)
    up.apply("-y", code=5)

    assert ("error", "immutable_version") == (action, reason)
    assert [] == judge.writes(before)


def test_a_new_version_moves_the_service(up: User, judge: Judge) -> None:
    """Raising the version publishes another model and points the same service at it."""
    up.write(**chain(epochs=2, version="1.1.0")).apply()
    [service] = judge.services.named("digits")

    assert (4, 2, 1) == judge.posted
    assert ["1.1.0"] == [judge.models.rows[entry["model_id"]].version for entry in service.config]


def test_a_model_of_somebody_else_is_taken_only_when_told(user: User, judge: Judge) -> None:
    """A version that is there without our marker is refused, and used once the manifest says adopt."""
    theirs = judge.models.by_hand("digits", "1.0.0", "theirs")
    user.apply(code=6)
    refused = judge.posted
    user.write(**chain(adopt="true")).apply()

    assert (2, 0, 0) == refused
    assert (2, 0, 1) == judge.posted
    assert "theirs" == theirs.description
