"""What people look at: details with lineage, events, history, graphs, tables, rendered manifests, explanations."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from declared import job, model, resources, service
from hypothesis import given
from hypothesis import strategies as st
from world import Breakage, World

from fmctl.cli.watching import fitting, watch
from fmctl.details import details
from fmctl.domain.live import Health, Live
from fmctl.domain.plan import Target
from fmctl.domain.problem import FmctlError, NoAnswer, Refused, UsageError
from fmctl.domain.record import Details
from fmctl.domain.resource import ResourceId
from fmctl.execute import Limits
from fmctl.following import added, follow_log
from fmctl.history import history
from fmctl.kinds import KINDS
from fmctl.kinds.job_wire import JOBS
from fmctl.kinds.records import events, usage
from fmctl.listing import entries
from fmctl.load import load_text
from fmctl.report.details import details_text
from fmctl.report.explaining import explained, field_names
from fmctl.report.graph import FORMATS as GRAPHS
from fmctl.report.history import history_text
from fmctl.report.listing import formatted
from fmctl.report.rendering import rendered
from fmctl.report.status import status_text
from fmctl.report.table import NARROWEST, clipped, table, width
from fmctl.rules import RULES
from fmctl.starter import set_name, write_starter
from fmctl.validate import document_schema, validate

FROM_TRAIN = {"jobRef": "train", "output": "train_url"}
CHAIN = [
    job("train", parameters={"epochs": "8", "api_token": {"value": "hush-hush"}}, env={"REGION": "hush-hush"}),
    job("evaluate", inputs=[{"name": "model_url", "path": "model/", **FROM_TRAIN}]),
    model("digits-1-0-0", source=FROM_TRAIN),
    service(),
]
TRAIN, MODEL, SERVICE = (
    ResourceId("TrainingJob", "train"),
    ResourceId("ModelVersion", "digits-1-0-0"),
    ResourceId("Service", "digits"),
)

TARGET = Target("demo", "sandbox", "127.0.0.1:1234", "p1", "0")
RUN = Live(TRAIN, "id", "train-0123456789", "Running", Health.PROGRESSING)


@pytest.fixture
def chain(world: World) -> World:
    """A job that another job reads, a model from it, and a service of the model."""
    declared = resources(*CHAIN)
    train = next(resource for resource in declared if resource.id == TRAIN)
    for name in ("config.json", "customize_service.py"):
        text = world.sandbox.objects.get("fmctl-demo", f"digits/model/{name}").decode()
        world.put(f"obs://fmctl-demo/out/train-{train.hash}/model/{name}", text)
    world.apply(declared)
    return world


def described(world: World, id: ResourceId) -> str:
    session = world.session()
    return details_text(details(id, session), session.target, session.clock.now())


# ------------------------------------------------------------------ details


def test_lineage_goes_both_ways(chain: World) -> None:
    """A service leads back to the run behind its model, and the run forward to everything made from it."""
    session = chain.session()
    up = [(link.depth, str(link.id)) for link in details(SERVICE, session).sources]
    down = [(link.depth, str(link.id)) for link in details(TRAIN, session).users]

    assert [(0, "ModelVersion/digits-1-0-0"), (1, "TrainingJob/train")] == up
    assert [(0, "ModelVersion/digits-1-0-0"), (1, "Service/digits"), (0, "TrainingJob/evaluate")] == down


def test_a_model_stands_between_its_run_and_its_services(chain: World) -> None:
    """A model version names where it came from and who serves it."""
    found = details(MODEL, chain.session())

    assert [str(TRAIN)] == [str(link.id) for link in found.sources]
    assert [str(SERVICE)] == [str(link.id) for link in found.users]


def test_a_canary_names_the_share_of_each_model(world: World) -> None:
    """Of a service with two versions, each is told with its own weight."""
    shares = [
        {"modelRef": f"digits-{n}-0-0", "weight": w, "flavor": "modelarts.vm.cpu.2u"} for n, w in ((1, 90), (2, 10))
    ]
    world.apply(resources(model(), model("digits-2-0-0"), service("digits", *shares)))

    assert ["90 %"] == [link.how for link in details(MODEL, world.session()).users]
    assert {"90 %", "10 %"} == {link.how for link in details(SERVICE, world.session()).sources}


def test_details_hold_what_people_ask_for(chain: World) -> None:
    """Owner, marker, remote id, health in words, runs, events, the log and what to do next are all there."""
    text = described(chain, TRAIN)

    for wanted in (
        "[fmctl:demo@",
        details(TRAIN, chain.session()).live.remote_id,
        "Healthy: ran to completion",
        "epochs=8",
        "Training job completed.",
        " started",
        "fmctl cp TrainingJob/train:train_url ./train_url",
    ):
        assert wanted in text
    assert "SUCCESS" in described(chain, SERVICE)
    assert "digits 1.0.0 100 %" in described(chain, SERVICE)


def test_details_hold_no_secrets(chain: World) -> None:
    """Values of variables are never shown, and of parameters only those whose names tell no secret."""
    text = described(chain, TRAIN)

    assert "hush-hush" not in text
    assert "REGION" in text


def test_a_failed_run_says_why_and_what_now(world: World) -> None:
    """Every attempt is listed with its phase and message, and the next step is named."""
    world.runner.outcomes = {"*": 3}
    world.apply(resources(job(retries={"user": 1})))
    text = described(world, TRAIN)

    assert 2 == len(re.findall(r"  Failed .*\n    worker-0 exited with 3", text))
    assert "Degraded: did not end as wanted" in text
    assert "change `rerun`" in text


def test_a_stopped_run_says_who_stopped_it(world: World) -> None:
    """The ledger tells what fmctl did from what somebody else did, and what to do next follows from it."""
    world.runner.durations = {"*": 3600}
    world.apply(resources(job("ours"), job("theirs")), Limits(parallelism=1, wait=False))
    world.apply(resources(job("ours", state="stopped"), job("theirs")), Limits(parallelism=1, wait=False))
    session = world.session()
    (theirs,) = KINDS["TrainingJob"].find("theirs", None, session.api)
    session.api.call("POST", f"{JOBS}/{theirs.remote_id}/actions", body={"action_type": "terminate"})
    session.clock.sleep(60)
    ours, others = (described(world, ResourceId("TrainingJob", name)) for name in ("ours", "theirs"))

    assert "stopped by fmctl: " in ours
    assert "apply its manifest with state: running" in ours
    assert "stopped outside fmctl" in others
    assert "change `rerun`" in others


def test_the_commands_of_a_description_go_where_it_came_from(world: World) -> None:
    """Options that the terminal needs to mean the same context are part of each command."""
    world.apply(resources(job()))
    session = world.session()
    text = details_text(details(TRAIN, session), session.target, 0, None, " --context other")

    assert "fmctl cp TrainingJob/train:train_url ./train_url --context other" in text


@given(st.integers(60, 120))
def test_a_description_fits(columns: int) -> None:
    """No line is wider than the terminal, and nothing is cut but logs."""
    live = replace(RUN, description="手写数字的识别" * 9, message="first second " * 20)
    shown = Details(live, (live,), (("Code", "obs://bucket/key"),), ("日志" * 99,), why="waits for resources " * 9)
    lines = details_text(shown, TARGET, 0, columns).splitlines()

    assert all(width(line) <= columns for line in lines)
    assert "手写数字的识别" * 9 in "".join("".join(lines).split())


def test_what_cannot_be_had_is_left_out(chain: World) -> None:
    """An endpoint that fails takes nothing but its own section away."""
    whole = described(chain, SERVICE)
    chain.transport.broken = [Breakage("GET", "/events", "garbage", times=1000)]
    part = described(chain, SERVICE)

    assert "Events:" in whole
    assert [line for line in whole.splitlines() if line.endswith(":")] == [
        *[line for line in part.splitlines() if line.endswith(":")][:2],
        "Events:",
        "Next:",
    ]


def test_what_is_not_there_is_no_traceback(world: World) -> None:
    """An unknown name is an error that says where to look."""
    with pytest.raises(FmctlError, match="there is no Service/digits") as caught:
        details(SERVICE, world.session())

    assert "fmctl get Service" in str(caught.value.hint)


def test_events_come_in_the_order_in_which_they_happened(chain: World) -> None:
    """Of a run and of a service alike, the oldest event is first."""
    api = chain.session().api
    for id in (TRAIN, SERVICE):
        (live, *_) = KINDS[id.kind].find(id.name, None, api)
        times = [event.at for event in events(live, api)]

        assert times
        assert sorted(times) == times


def test_an_answer_of_another_shape_is_no_answer(chain: World) -> None:
    """A list of events that is none is told as such, never as a traceback."""

    class Strange:
        project_id, workspace = "p", "0"

        def call(self, *_: object, **__: object) -> object:
            return {"events": [["2026"]], "metrics": "none"}

    (live,) = KINDS["Service"].find("digits", None, chain.session().api)
    with pytest.raises(NoAnswer, match="no events"):
        events(live, Strange())
    with pytest.raises(NoAnswer, match="no metrics"):
        usage(live, Strange())


def test_measures_without_data_are_left_out() -> None:
    """-1 is no sample; what has none is not shown."""

    class Measured:
        project_id, workspace = "p", "0"

        def call(self, *_: object, **__: object) -> object:
            return {
                "metrics": [{"metric": "npuUtil", "value": [-1, -1]}, {"metric": "cpuUsage", "value": [-1, 20, 40]}]
            }

    assert [("cpuUsage", 40, 30, 40)] == [tuple(one) for one in usage(RUN, Measured())]


# ------------------------------------------------------------------ following logs


def test_following_a_log_goes_on_with_the_next_attempt(world: World) -> None:
    """What a retry writes comes after what the first attempt wrote, and the end is the end of the last."""
    world.runner.outcomes = {"*": 3}
    declared = resources(job(retries={"user": 1}))
    world.apply(declared, Limits(parallelism=1, wait=False))
    session, told = world.session(), list[str]()

    def notify(text: str) -> None:
        told.append(text)
        if len(told) == 1:  # an apply that watches starts the second attempt about now
            world.apply(declared)

    (run,) = KINDS["TrainingJob"].find("train", None, session.api)
    pieces = list(follow_log(run, session, "worker-0", follow=True, notify=notify))

    assert [f"{run.remote_name} started\n", f"{run.remote_name}-r1 started\n"] == pieces
    assert "worker-0 exited with 3; looking for another attempt" in told[0]
    assert [f"--- {run.remote_name}-r1", "there is none"] == [told[1], told[-1]]


@pytest.mark.parametrize(
    ("shown", "text", "new"),
    [("", "a", "a"), ("ab", "abc", "c"), ("ab", "ab", ""), ("abc", "bcd", "bcd"), ("x" * 9000, "x" * 5000 + "y", "y")],
)
def test_only_what_is_new_of_a_log_is_told(shown: str, text: str, new: str) -> None:
    """Also where the platform shows no more than the end of it, as long as the ends overlap."""
    assert new == added(shown, text)


# ------------------------------------------------------------------ history and status


def test_history_outlives_the_platform(chain: World) -> None:
    """The ledger tells intent, creation and end of a run, and what was applied to a service of the same name."""
    chain.apply(resources(job("digits")))  # of the service's name
    ledger = chain.session().ledger
    text = history_text(history(TRAIN, ledger))

    assert ["intent", "created", "end"] == [fact.fact for fact in history(TRAIN, ledger)]
    assert ["created", "applied"] == [fact.fact for fact in history(SERVICE, ledger)]
    assert "Completed after 1s" in text


def test_status_counts_and_keeps_secrets(chain: World) -> None:
    """Counts by kind and health are there; the credential is told without its secret."""
    session = chain.session()
    text = status_text(session, entries(session))

    assert re.search(r"TrainingJob +2\n", text)
    assert "test-only" not in text
    assert "SANDBOXTESTKEY" not in text


# ------------------------------------------------------------------ watching


class Interrupted:
    """A clock whose sleeper presses Ctrl-C at some time, and does something before."""

    def __init__(self, *steps: object) -> None:
        self.steps = list(steps)

    def now(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        if not self.steps:
            raise KeyboardInterrupt
        step = self.steps.pop(0)
        if callable(step):
            step()


def test_watching_prints_what_changes(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """The head and every line once, then a line for each change of phase, and none for what stays."""
    world.runner.durations = {"*": 600}
    world.apply(resources(job("train"), job("other")), Limits(parallelism=1, wait=False))
    session = world.session()
    session.clock.sleep(30)  # both run
    later = [lambda: session.clock.sleep(30), lambda: session.clock.sleep(900), None]
    watch(lambda: entries(session), Interrupted(*later), wide=False)
    lines = capsys.readouterr().out.splitlines()

    assert ["KIND/NAME", *["TrainingJob/other", "TrainingJob/train"] * 2] == [line.split()[0] for line in lines]
    assert ["Running", "Running", "Completed", "Completed"] == [line.split()[1] for line in lines[1:]]


def test_what_is_watched_fits_the_screen() -> None:
    """What there is no room for is counted."""
    assert ["a", "b"] == fitting(["a", "b"], 4)
    assert ["a", "b", "… and 2 more"] == fitting(["a", "b", "c", "d"], 4)


# ------------------------------------------------------------------ tables

CELLS = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=30)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=5), st.integers(30, 100))
def test_a_table_fits_and_lines_up(rows: list[tuple[str, str, str]], columns: int) -> None:
    """No line is wider than the terminal, and every column starts at one place, wide characters counted."""
    lines = table(("A", "B", "C"), rows, columns)

    assert all(width(line) <= columns for line in lines)
    assert len(lines) == len(rows) + 1


def test_chinese_lines_up() -> None:
    """A wide character takes two places."""
    lines = table(("NAME", "PHASE"), [("手写数字", "Running"), ("digits", "Failed")])

    assert ["NAME      PHASE", "手写数字  Running", "digits    Failed"] == lines


def test_what_is_cut_says_so() -> None:
    """A cut cell ends in …, and is no wider than it may be; a column keeps a legible rest."""
    assert "手写…" == clipped("手写数字", 6)
    assert "digits" == clipped("digits", 6)
    assert NARROWEST == width(table(("A",), [("x" * 50,)], 3)[1])


def test_the_listing_tells_how_long_a_run_ran(chain: World) -> None:
    """In the units of people."""
    session = chain.session()
    lines = formatted(entries(session), "table", session.clock.now()).splitlines()

    assert ["TrainingJob/train", "Completed", "Healthy", "1s"] == lines[2].split()[:4]


def test_yaml_is_yaml(chain: World) -> None:
    """`-o yaml` and `-o json` say the same."""
    session = chain.session()
    found = entries(session)

    assert yaml.safe_load(formatted(found, "json", 0)) == yaml.safe_load(formatted(found, "yaml", 0))
    assert formatted(found, "yaml", 0).startswith("items:\n- apiVersion: fmctl/v1\n")


def test_a_job_is_shown_as_its_manifest(world: World) -> None:
    """What is read back says what was declared, in the same words; values of variables and secrets are not in it."""
    declared = job(
        "train",
        parameters={"epochs": "8", "api_token": {"value": "hush-hush"}, "corpus": {"valueFrom": {"env": "CORPUS"}}},
        env={"REGION": "hush-hush"},
        inputs=[{"name": "data_url", "from": "obs://fmctl-demo/code/"}],
        logs="obs://fmctl-demo/logs/",
        maxDuration="2h",
    )
    world.secrets["CORPUS"] = "hush-hush"
    world.apply(resources(declared))
    found = entries(world.session(), "TrainingJob", "train", whole=True)
    (shown,) = yaml.safe_load(formatted(found, "yaml", 0))["items"]
    hidden = {"api_token": "***", "corpus": "***"}
    wanted = {**declared["spec"], "parameters": {"epochs": "8", **hidden}, "env": {"REGION": "***"}}
    wanted["resources"] = {"nodes": 1, **wanted["resources"]}

    assert wanted.items() <= shown["spec"].items()
    assert "hush-hush" not in described(world, found[0].id)


def test_a_named_resource_is_looked_for_by_its_name(world: World) -> None:
    """`get Kind/name` does not list everything: one search finds a job among any number."""
    world.apply(resources(*(job(f"j{number}") for number in range(60))))
    before = world.transport.count("POST", "/training-job-searches")
    (found,) = entries(world.session(), "TrainingJob", "j7")

    assert "j7" == found.id.name
    assert 1 == world.transport.count("POST", "/training-job-searches") - before


def test_names_are_not_cut_for_the_sake_of_others(chain: World) -> None:
    """Where the terminal is narrow columns are left out from the right; -o wide has all, and why something failed."""
    session = chain.session()
    found = entries(session)

    assert "REMOTE NAME" in formatted(found, "table", session.clock.now(), 100)
    narrow = formatted(found, "table", session.clock.now(), 60)
    assert "REMOTE NAME" not in narrow
    assert "ModelVersion/digits-1-0-0" in narrow
    assert ["KIND/NAME", "PHASE"] == formatted(found, "table", session.clock.now(), 40).splitlines()[0].split()
    assert {"SIZE", "MESSAGE"} <= set(formatted(found, "wide", session.clock.now(), 60).splitlines()[0].split())
    assert "1 x modelarts.vm.cpu.2u" in formatted(found, "wide", session.clock.now())


# ------------------------------------------------------------------ graphs


def test_the_outline_tells_each_part_once() -> None:
    """What is needed twice is drawn in full where it comes first, and pointed to after that."""
    jobs = [job("prepare"), job("train", requires=["prepare"]), job("evaluate", requires=["train"])]
    text = GRAPHS["text"](resources(*jobs, model(source=FROM_TRAIN, requires=["evaluate", "prepare"])), {})

    assert (
        "ModelVersion/digits-1-0-0\n"
        "├── TrainingJob/evaluate\n"
        "│   └── TrainingJob/train\n"
        "│       └── TrainingJob/prepare\n"
        "├── TrainingJob/prepare\n"
        "└── TrainingJob/train (above)"
    ) == text


def test_graphs_have_an_edge_for_every_reference() -> None:
    """Mermaid and Graphviz draw the same edges, from what is made first, and show health when they are given it."""
    declared = resources(*CHAIN)
    mermaid = GRAPHS["mermaid"](declared, {SERVICE: str(Health.HEALTHY)})
    dot = GRAPHS["dot"](declared, {})

    assert 3 == mermaid.count("-->") == dot.count("->")
    assert '"TrainingJob/train" -> "ModelVersion/digits-1-0-0"' in dot
    assert "Service/digits [Healthy]" in mermaid


def test_long_chains_can_be_drawn() -> None:
    """A chain of a thousand jobs is no problem."""
    chain = [job("j0"), *(job(f"j{n}", requires=[f"j{n - 1}"]) for n in range(1, 1001))]

    assert 1001 == len(GRAPHS["text"](resources(*chain), {}).splitlines())


# ------------------------------------------------------------------ rendering and explaining


def test_rendered_manifests_mean_the_same() -> None:
    """What is rendered declares the same resources with the same hashes."""
    declared = resources(*CHAIN)

    assert [(r.id, r.hash, r.marker) for r in declared] == [
        (r.id, r.hash, r.marker) for r in resources(*rendered(declared).split("---\n"))
    ]


def test_every_rule_that_is_used_is_explained() -> None:
    """The table has words for each code that the program can report, and no other."""
    used = set()
    for file in (Path(__file__).parents[1] / "fmctl").rglob("*.py"):
        if file.name != "rules.py" and "sandbox" not in file.parts:
            used |= set(re.findall(r'"(FM[0-9]{4})"', file.read_text("utf-8")))

    assert sorted(used) == sorted(RULES)
    assert all(text.endswith(".") for rule in RULES.values() for text in (rule.says, rule.cause, rule.remedy))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_field_can_be_explained(kind: str) -> None:
    """Every path of every schema has an explanation that names it."""
    schema, todo = document_schema(KINDS[kind]), ["spec"]
    while todo:
        path = todo.pop()
        todo += [f"{path}.{name}" for name in field_names(schema, path)]

        assert f"FIELD:    {path} <" in explained(kind, path, schema)


def test_an_unknown_field_names_the_known_ones() -> None:
    """The hint lists what there is at that place."""
    with pytest.raises(UsageError, match=r"Service.spec.models has no field 'wheight'") as caught:
        explained("Service", "models.wheight", document_schema(KINDS["Service"]))

    assert "weight" in str(caught.value.hint)


def test_choices_defaults_and_limits_are_told() -> None:
    """What the schema says about values is in the explanation."""
    schema = document_schema(KINDS["TrainingJob"])

    assert "One of:   error, stopAndRun, runAfter\nDefault:  error" in explained("TrainingJob", "onSpecChange", schema)
    assert "At most:  3" in explained("TrainingJob", "spec.priority", schema)
    assert "valueFrom" in explained("TrainingJob", "env", schema)


# ------------------------------------------------------------------ the starter


def test_the_starter_is_valid_and_named_for_its_folder(tmp_path: Path) -> None:
    """A set can be validated as it is written, and two sets in two folders do not collide."""
    written = write_starter(tmp_path / "My Models")
    texts = [p for p in written if p.suffix == ".yaml" and p.name != "fmctl.yaml"]
    documents = [document for path in texts for document in load_text(path.read_text("utf-8"), str(path))]
    defaults = {"TrainingJob": {"resources": {"flavor": "modelarts.vm.cpu.8u"}}}

    assert {"my-models", "my-models-1-0-0", "my-models-train"} == {
        resource.name for resource in validate(documents, KINDS, defaults=defaults)
    }
    assert "set: my-models\n" in (tmp_path / "My Models/fmctl.yaml").read_text("utf-8")
    assert not list(tmp_path.rglob("*.in"))


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """One file that is there already stops everything."""
    (tmp_path / "model.yaml").write_text("mine")
    with pytest.raises(Refused, match=r"model\.yaml"):
        write_starter(tmp_path)

    assert ["model.yaml"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("folder", "name"),
    [("digits", "digits"), ("My Models!", "my-models"), ("数字", "starter"), ("a" * 30, "a" * 20)],
)
def test_a_set_is_called_like_its_folder_as_far_as_it_may(folder: str, name: str) -> None:
    """The name of a set is 1 to 20 of a-z, 0-9 and -."""
    assert name == set_name(Path("/x") / folder)
