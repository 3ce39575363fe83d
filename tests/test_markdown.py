"""The plan as a comment on a pull request."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmctl.domain.plan import Action, Change, FieldChange, Plan, Reason, Target, summarize
from fmctl.domain.resource import ResourceId
from fmctl.kinds import RUNS
from fmctl.report.markdown import LIMIT, plan_markdown

TARGET = Target("demo", "sandbox", "127.0.0.1:1234", "p1", "0")
SERVICE = ResourceId("Service", "digits")
FIELDS = (FieldChange("spec.models[0].weight", 100, 90),)


def plan(*changes: Change, target: Target = TARGET) -> Plan:
    return Plan(target, changes, summarize(changes, RUNS), "sha256:0")


def update(message: str = "", fields: tuple[FieldChange, ...] = FIELDS, name: str = "digits") -> Change:
    return Change(ResourceId("Service", name), Action.UPDATE, Reason.MANIFEST_CHANGED, message, fields=fields)


def header(text: str) -> dict[str, Any]:
    """What the first line tells machines."""
    found = re.fullmatch(r"<!-- fmctl (\{.*\}) -->", text.split("\n")[0])
    assert found is not None
    read: dict[str, Any] = json.loads(found[1])
    return read


def test_the_first_line_is_for_machines() -> None:
    """Set, context, checksum, and whether all of the plan is there."""
    expected = {"set": "demo", "context": "sandbox", "checksum": "sha256:0", "truncated": False}

    assert expected == header(plan_markdown(plan(update())))


def test_a_context_cannot_end_the_comment() -> None:
    """Whatever a context is called, the first line stays one comment that machines can read."""
    text = plan_markdown(plan(target=TARGET._replace(context="a --> b")))

    assert "a --> b" == header(text)["context"]
    assert 1 == text.split("\n")[0].count("-->")


def test_people_see_the_summary_the_rows_and_the_fields() -> None:
    """A row a change, and every field as a difference, folded up."""
    text = plan_markdown(plan(update()))

    assert "**Plan: 0 to add, 1 to change, 0 to destroy. Runs: 0 to start, 0 to stop.**" in text
    assert "| `~` | `Service/digits` | manifest\\_changed, spec.models\\[0\\].weight |" in text
    assert "- spec.models[0].weight: 100\n+ spec.models[0].weight: 90" in text


def test_what_is_in_sync_is_left_out() -> None:
    """A plan with nothing to do is one sentence."""
    text = plan_markdown(plan(Change(SERVICE, Action.NOOP, Reason.IN_SYNC, "running")))

    assert "**No changes.**" in text
    assert "Service/digits" not in text


@given(st.text())
def test_no_message_breaks_out_of_its_cell(message: str) -> None:
    """Whatever a platform answers, a change is one row of three cells, without markup, links or mentions."""
    text = plan_markdown(plan(update(message, fields=())))
    (row,) = (line for line in text.split("\n") if "`Service/digits`" in line)

    assert 4 == len(re.findall(r"(?<!\\)(?:\\\\)*\|", row))
    assert not re.search(r"(?<!\\)(?:\\\\)*[<\[]|@\w", row)


@pytest.mark.parametrize("count", [10, 3000])
def test_a_comment_has_a_limit(count: int) -> None:
    """What is too long keeps its summary, its checksum and the rows that fit, and says that there is more."""
    text = plan_markdown(plan(*(update(name=f"digits-{number}") for number in range(count))))

    assert len(text) <= LIMIT
    assert (count > 1000) is header(text)["truncated"] is ("Too long for a comment" in text)
    assert "--checksum sha256:0" in text
    assert "| `Service/digits-0` |" in text
