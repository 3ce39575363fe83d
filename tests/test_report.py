"""Report: the words and shapes that people and pipelines read. They are a public interface."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from declared import job, model, resources, service
from hypothesis import given
from hypothesis import strategies as st
from world import World

from fmctl.domain.event import Ending, Event, EventType, Outcome
from fmctl.domain.plan import Action, Change, FieldChange, Plan, Reason, Summary, Target, summarize
from fmctl.domain.resource import ResourceId
from fmctl.kinds import RUNS
from fmctl.report.machine import Stream, dumps, plan_json
from fmctl.report.table import folded, width
from fmctl.report.text import field_text, line, outcome_line, plan_text, results_text

TARGET = Target("demo", "sandbox", "127.0.0.1:1234", "p1", "0")
RUN, MODEL, SERVICE = (ResourceId(kind, "x") for kind in ("TrainingJob", "ModelVersion", "Service"))
counts = st.builds(Summary, *[st.integers(0, 99)] * 5)


def change(id: ResourceId, action: Action, reason: Reason = Reason.ABSENT, **more: Any) -> Change:
    return Change(id, action, reason, **more)


def plan(*changes: Change) -> Plan:
    return Plan(TARGET, changes, summarize(changes, RUNS), "sha256:0")


# ------------------------------------------------------------------ words


@given(counts)
def test_the_grammar_of_the_summary_is_frozen(summary: Summary) -> None:
    """Pipelines read the last line with a regular expression, in every release."""
    frozen = r"Plan: (\d+) to add, (\d+) to change, (\d+) to destroy\. Runs: (\d+) to start, (\d+) to stop\."
    found = re.fullmatch(frozen, plan_text(Plan(TARGET, (change(RUN, Action.CREATE),), summary, "")).split("\n")[-1])

    assert found is not None
    assert tuple(map(str, summary)) == found.groups()


def test_nothing_to_do_is_said_in_two_words() -> None:
    """A plan without changes ends with exactly this."""
    assert "No changes." == plan_text(plan(change(RUN, Action.NOOP, Reason.IN_SYNC))).split("\n")[-1]


def test_nothing_to_do_is_not_all_is_well() -> None:
    """What has drifted or failed and is left alone is named, behind the sentence that pipelines know."""
    moved = change(RUN, Action.NOOP, Reason.DRIFT, drift=True)
    failed = change(MODEL, Action.NOOP, Reason.DEGRADED)

    assert "No changes. Not as wanted: TrainingJob/x, ModelVersion/x." == plan_text(plan(moved, failed)).split("\n")[-1]


def test_the_first_line_says_where() -> None:
    """Every plan names set, context, host, project and workspace."""
    expected = "Set demo, context sandbox (127.0.0.1:1234), project p1, workspace 0"

    assert expected == plan_text(plan()).split("\n")[0]


SYMBOLS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "±",
    Action.DELETE: "-",
    Action.STOP: "■",
    Action.START: "▶",
    Action.REUSE: "=",
    Action.ADOPT: "=",
    Action.REFUSE: "!",
    Action.ERROR: "!",
    Action.NOOP: " ",
}


@pytest.mark.parametrize("action", Action)
def test_every_action_has_its_symbol(action: Action) -> None:
    """What is meant never depends on colour."""
    assert f"{SYMBOLS[action]} Service/x  # drift" == line(change(SERVICE, action, Reason.DRIFT))


COUNTS: dict[tuple[ResourceId, Action], Summary] = {
    (RUN, Action.CREATE): Summary(add=1, start=1),
    (RUN, Action.STOP): Summary(stop=1),
    (RUN, Action.UPDATE): Summary(change=1),
    (RUN, Action.DELETE): Summary(destroy=1),
    (RUN, Action.REUSE): Summary(),
    (MODEL, Action.CREATE): Summary(add=1),
    (MODEL, Action.REPLACE): Summary(add=1, destroy=1),
    (MODEL, Action.ADOPT): Summary(),
    (MODEL, Action.ERROR): Summary(),
    (SERVICE, Action.CREATE): Summary(add=1),
    (SERVICE, Action.UPDATE): Summary(change=1),
    (SERVICE, Action.START): Summary(change=1),
    (SERVICE, Action.STOP): Summary(change=1),
    (SERVICE, Action.REPLACE): Summary(add=1, destroy=1),
    (SERVICE, Action.DELETE): Summary(destroy=1),
    (SERVICE, Action.NOOP): Summary(),
    (SERVICE, Action.REFUSE): Summary(),
}


@pytest.mark.parametrize(("id", "action"), COUNTS)
def test_what_counts_as_what(id: ResourceId, action: Action) -> None:
    """A run that starts is added and started; replacing is adding and destroying; looking is nothing."""
    assert COUNTS[id, action] == summarize((change(id, action),), RUNS)


def test_destructive_lines_are_last() -> None:
    """What asks for a yes stands next to the question."""
    text = plan_text(plan(change(MODEL, Action.REPLACE), change(RUN, Action.CREATE), change(SERVICE, Action.UPDATE)))

    assert ["+", "~", "±"] == [found[0] for found in text.split("\n")[1:-1]]


def test_what_is_in_sync_shows_in_full_only() -> None:
    """A review reads what changes; --full shows the rest."""
    made = plan(change(RUN, Action.NOOP, Reason.IN_SYNC), change(MODEL, Action.NOOP, Reason.DEGRADED))

    assert ["  ModelVersion/x  # degraded"] == plan_text(made).split("\n")[1:-1]
    assert 2 == len(plan_text(made, full=True).split("\n")[1:-1])


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (FieldChange("spec.models[0].weight", 100, 90), "spec.models[0].weight: 100 -> 90"),
        (FieldChange("spec.description", "", 'say "x"'), r'spec.description: "" -> "say \"x\""'),
        (FieldChange("spec.x", None, {"b": 1, "a": "ä"}), 'spec.x: (none) -> {"a": "ä", "b": 1}'),
        (FieldChange("spec.modelId", "m", "(known after apply)"), 'spec.modelId: "m" -> (known after apply)'),
    ],
)
def test_a_field_shows_both_values(field: FieldChange, text: str) -> None:
    """Values show as JSON, what is absent or not known yet in brackets."""
    assert text == field_text(field)


def test_many_fields_are_named_in_short() -> None:
    """A line names the first three fields and counts the others."""
    fields = tuple(FieldChange(f"spec.f{number}", 0, 1) for number in range(5))

    assert line(change(SERVICE, Action.UPDATE, Reason.DRIFT, fields=fields)).endswith(
        "spec.f0, spec.f1, spec.f2 and 2 more"
    )


def test_results_say_how_each_change_ended() -> None:
    """Done in its own symbol, anything else in words; then the counts, then the addresses."""
    done = Outcome(change(MODEL, Action.CREATE), Ending.DONE, "published", written=True)
    failed = Outcome(change(RUN, Action.CREATE), Ending.FAILED, "train ended Failed\n  hint: correct the code")
    left = Outcome(change(RUN, Action.CREATE), Ending.LEFT, "left running")
    waited = Outcome(change(RUN, Action.NOOP, Reason.PROGRESSING), Ending.DONE, "Completed")
    text = results_text([done, failed, left, waited], Summary(add=1))

    assert [
        "+ ModelVersion/x: published",
        "x TrainingJob/x: failed: train ended Failed",
        "  hint: correct the code",
        "… TrainingJob/x: left running",
        "  TrainingJob/x: Completed",
        "Applied: 1 added, 0 changed, 0 destroyed. Runs: 0 started, 0 stopped.",
    ] == text.split("\n")
    assert "+ ModelVersion/x: published" == outcome_line(done)


# ------------------------------------------------------------------ shapes


def test_the_json_of_a_plan_has_the_published_shape(world: World) -> None:
    """Every key of the published shape is there, with its type, for every declared resource."""
    found = plan_json(world.plan(resources(job(), model(), service()))[0])

    assert "1.0" == found["formatVersion"]
    assert {"set", "context", "project", "workspace", "checksum", "summary", "changes"} <= found.keys()
    assert {"add": 3, "change": 0, "destroy": 0, "start": 1, "stop": 0} == found["summary"]
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", found["checksum"])
    assert {"TrainingJob/train", "ModelVersion/digits-1-0-0", "Service/digits"} == {
        entry["id"] for entry in found["changes"]
    }
    for entry in found["changes"]:
        assert ["id", "action", "reason", "drift", "message", "fields"] == list(entry)
        assert ("create", "absent", False, []) == (entry["action"], entry["reason"], entry["drift"], entry["fields"])
    assert found == json.loads(dumps(found))


def test_a_field_in_json_has_path_before_and_after() -> None:
    """A field change is an object of three keys."""
    entry = plan_json(plan(change(SERVICE, Action.UPDATE, fields=(FieldChange("spec.w", 1, 2),))))["changes"][0]

    assert [{"path": "spec.w", "before": 1, "after": 2}] == entry["fields"]


ACTIONS = "create update replace delete stop start reuse adopt noop refuse error"
REASONS = (
    "absent spec_changed rerun retry stopped_by_fmctl manifest_changed drift immutable_version never_published "
    "not_ours older_run_active lost not_declared requested in_sync progressing degraded record_gone"
)


def test_the_words_of_actions_and_reasons_are_frozen() -> None:
    """Words may be added to these lists and none may leave them."""
    assert set(ACTIONS.split()) <= {str(action) for action in Action}
    assert set(REASONS.split()) <= {str(reason) for reason in Reason}


def test_the_stream_of_apply_has_the_published_shape() -> None:
    """One object a line, each with its type, time and message; the first is the version, the last the counts."""
    stream = Stream(1_790_000_000.0)
    made = change(RUN, Action.CREATE)
    lines = [
        stream.version(),
        stream.planned(made),
        stream.summary(Summary(add=1, start=1), "plan"),
        stream.event(Event(EventType.START, made, "absent")),
        stream.event(Event(EventType.PROGRESS, made, "x-1: Running", "Running", 1.23456)),
        stream.event(Event(EventType.COMPLETE, made, "Completed", "Completed", 9.0)),
        stream.diagnostic("oh", "warning", id=str(RUN)),
        stream.outputs([]),
        stream.summary(Summary(add=1, start=1), "apply"),
    ]
    found = [json.loads(text) for text in lines]

    begins, happens, ends = found[:3], found[3:6], found[6:]
    assert ["version", "planned_change", "change_summary"] == [one["type"] for one in begins]
    assert ["apply_start", "apply_progress", "apply_complete"] == [one["type"] for one in happens]
    assert ["diagnostic", "outputs", "change_summary"] == [one["type"] for one in ends]
    assert all({"@timestamp", "@message"} <= one.keys() for one in found)
    assert "1.0" == found[0]["ui"]
    assert ("TrainingJob/x", "create", "Running", 1.235) == tuple(
        found[4][key] for key in ("id", "action", "phase", "elapsed")
    )
    assert ("apply", {"add": 1, "change": 0, "destroy": 0, "start": 1, "stop": 0}) == (
        found[-1]["operation"],
        found[-1]["changes"],
    )
    assert "2026-09-21T14:13:20.000Z" == found[0]["@timestamp"]


# ------------------------------------------------------------------ folding

LINES = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=200).map(
    lambda text: " ".join(text.split())
)


@given(LINES, st.integers(20, 120))
def test_folding_loses_nothing(text: str, columns: int) -> None:
    """Whatever is folded says the same, and only a word that is wider than a line stands out."""
    lines = folded(text, columns)

    assert "".join(text.split()) == "".join("".join(lines).split())
    assert all(width(line) <= columns or " " not in line.strip() or "`" in line for line in lines)


def test_folding_keeps_commands_whole() -> None:
    """What is meant to be copied stands on one line; Chinese may be folded between any two characters."""
    text = "  hint: see `fmctl describe TrainingJob/digits-pretrain --context prod`, then apply again"

    assert ["  hint: see", "      `fmctl describe TrainingJob/digits-pretrain --context prod`,"] == folded(text, 40)[:2]
    assert ["手写数字", "    手写"] == folded("手写数字手写", 9)
    assert [text] == folded(text, None)
