"""Every method of Huawei's SDK, called by its own name, gets an answer that the SDK understands, and an honest one."""

import pytest

from . import sdk_table
from .sdk_surface import methods
from .sdk_world import Outcome, Verdict

READING = ("list_", "count_", "show_", "validate_")
NEEDED = ("training", "algorithms", "authorizations", "workspaces")
"""What the product and its users build on: the families of paths in which methods work."""


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return sdk_table.outcomes()


def test_every_method_is_called(outcomes: list[Outcome]) -> None:
    """The list of methods is the SDK's own, and none is left out."""
    assert [method.name for method in methods()] == [outcome.method.name for outcome in outcomes]
    assert len(outcomes) > 250


def test_no_method_fails_inside(outcomes: list[Outcome]) -> None:
    """Whatever is asked for, the sandbox does not break: no answer of 500 or more."""
    assert [] == [outcome for outcome in outcomes if outcome.status >= 500]


def test_every_refusal_says_why(outcomes: list[Outcome]) -> None:
    """An error has a code of ModelArts, a sentence and a request id, which the SDK finds."""
    refused = [outcome for outcome in outcomes if outcome.verdict is not Verdict.WORKS]
    mute = [one for one in refused if not one.code.startswith("ModelArts.") or " " not in one.message]

    assert [] == mute
    assert [] == [outcome for outcome in refused if not outcome.request_id]


def test_no_success_is_without_effect(outcomes: list[Outcome]) -> None:
    """What changes things and is answered with a success has changed something."""
    changing = [one for one in outcomes if one.method.verb != "GET" and not one.method.name.startswith(READING)]

    assert [] == [one.method.name for one in changing if one.verdict is Verdict.WORKS and not one.writes]


def test_no_question_changes_anything(outcomes: list[Outcome]) -> None:
    """A GET leaves everything as it was."""
    assert [] == [outcome for outcome in outcomes if outcome.method.verb == "GET" and outcome.writes]


def test_what_is_needed_is_routed(outcomes: list[Outcome]) -> None:
    """Everything about training jobs, algorithms, authorizations and workspaces has a route."""
    needed = [one for one in outcomes if one.method.path.partition("{project_id}/")[2].startswith(NEEDED)]

    assert needed
    assert [] == [outcome.method.name for outcome in needed if outcome.verdict is Verdict.NOT_ROUTED]


def test_the_table_is_fresh(outcomes: list[Outcome]) -> None:
    """The page in docs/ says what the sandbox does today; `python -m tests.sandbox.sdk_table --write` renews it."""
    written = sdk_table.PAGE.read_text()
    if sdk_table.version_line() not in written:
        pytest.skip("the page was written with another version of the SDK")

    assert sdk_table.render(outcomes) == written
