"""The commands that look, as a user types them, on a real sandbox."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from commandline import CommandLine, command_line

from fmctl.kinds import KINDS


@pytest.fixture(scope="module")
def fmctl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """A command line whose starter set has been applied in the folder ``line``."""
    with command_line(tmp_path_factory.mktemp("looking")) as run:
        assert run("init", "line").code == 0
        applied = run("apply", "-f", "line")
        assert applied.code == 0, applied.err
        yield run


# ------------------------------------------------------------------ get


def test_get_lists_what_was_applied(fmctl: CommandLine) -> None:
    """One line a resource, and one format for every taste."""
    names = fmctl("get", "-o", "name").out.split()

    assert ["TrainingJob/line-train", "ModelVersion/line-1-0-0", "Service/line"] == names
    assert names == [line.split()[0] for line in fmctl("get").out.splitlines()[1:]]
    assert yaml.safe_load(fmctl("get", "-o", "yaml").out) == json.loads(fmctl("get", "-o", "json").out)


def test_get_selects_by_label(fmctl: CommandLine) -> None:
    """-l leaves what has the labels, and needs the manifests that tell them."""
    assert "TrainingJob/line-train\n" == fmctl("get", "-f", "line", "-l", "stage=train", "-o", "name").out
    assert "stage=train" in fmctl("get", "-f", "line", "-o", "wide").out
    assert 2 == fmctl("get", "-l", "stage=train").code


def test_get_of_what_is_not_there_is_told_by_the_exit_code(fmctl: CommandLine) -> None:
    """1, and nothing on stdout."""
    answer = fmctl("get", "Service/other")

    assert (1, "") == (answer.code, answer.out)
    assert "Service/other is not there" in answer.err


def test_nothing_is_no_data(fmctl: CommandLine) -> None:
    """That there is nothing is told on stderr; machines get an empty list."""
    unlabelled = ("get", "Service", "-f", "line", "-l", "stage=train")
    nothing = fmctl(*unlabelled)

    assert (0, "", "Nothing here.\n") == (nothing.code, nothing.out, nothing.err)
    assert "" == fmctl(*unlabelled, "-o", "name").out
    assert {"items": []} == json.loads(fmctl(*unlabelled, "-o", "json").out)


def test_watching_ends_well_on_ctrl_c(fmctl: CommandLine) -> None:
    """Ctrl-C is how a watch ends: exit code 0, the lines so far printed."""
    watch = subprocess.Popen(
        fmctl.command("get", "-w"), cwd=fmctl.folder, env=dict(fmctl.environ), stdout=subprocess.PIPE, text=True
    )
    assert watch.stdout
    lines = [watch.stdout.readline() for _ in range(4)]
    watch.send_signal(signal.SIGINT)
    rest, _ = watch.communicate(timeout=20)

    assert (0, "") == (watch.returncode, rest)
    assert lines[0].startswith("KIND/NAME")
    assert lines[3].startswith("Service/line ")


@pytest.mark.parametrize("arguments", [("-o", "xml"), ("-w", "-o", "json"), ("Nothing",)])
def test_wrong_gets_are_usage_errors(fmctl: CommandLine, arguments: tuple[str, ...]) -> None:
    """Exit code 2, and a hint that names what there is."""
    answer = fmctl("get", *arguments)

    assert 2 == answer.code
    assert "hint:" in answer.err


# ------------------------------------------------------------------ describe, events, history, status


@pytest.mark.parametrize("what", ["TrainingJob/line-train", "ModelVersion/line-1-0-0", "service/line"])
def test_describe_tells_all(fmctl: CommandLine, what: str) -> None:
    """Every kind is described: who owns it, how it is doing, and its place in the lineage."""
    answer = fmctl("describe", what)

    assert 0 == answer.code
    assert "Owner:" in answer.out
    assert "Healthy: " in answer.out
    assert "Made from:" in answer.out or "Used by:" in answer.out


def test_a_time_is_called_what_it_is(fmctl: CommandLine) -> None:
    """Of a service ModelArts tells when its newest configuration was deployed, of the others when they were made."""
    assert "Deployed:" in fmctl("describe", "Service/line").out
    assert "Created:" in fmctl("describe", "ModelVersion/line-1-0-0").out


def test_the_sandbox_counts_files_in_words(fmctl: CommandLine) -> None:
    """One file is one file."""
    log = fmctl("logs", "TrainingJob/line-train").out

    assert ": 1 file\n" in log
    assert "3 files sent" in log


def test_describe_shows_the_log(fmctl: CommandLine) -> None:
    """The newest run's last lines are part of its description."""
    assert "step 2000/2000" in fmctl("describe", "TrainingJob/line-train").out


def test_events_are_listed(fmctl: CommandLine) -> None:
    """Of jobs and services; a model version has none."""
    assert "Training job completed." in fmctl("events", "TrainingJob/line-train").out
    assert 2 == len(fmctl("events", "Service/line", "--tail", "1").out.splitlines())
    assert 2 == fmctl("events", "ModelVersion/line-1-0-0").code


def test_history_belongs_to_a_set(fmctl: CommandLine) -> None:
    """In the set's folder the ledger tells the run's end; elsewhere there is another ledger, which is said."""
    inside = CommandLine(fmctl.folder / "line", fmctl.environ)

    assert "Completed after" in inside("history", "TrainingJob/line-train").out
    assert 1 == fmctl("history", "TrainingJob/line-train").code


def test_status_tells_where_one_is(fmctl: CommandLine) -> None:
    """Context, project and counts, and no secret key."""
    answer = fmctl("status")
    secret = json.loads((fmctl.folder / "sandbox" / "credentials.json").read_text())["secret_key"]

    assert "sandbox (up)" in answer.out
    assert "Service" in answer.out
    assert secret not in answer.out


def test_hints_lead_to_the_same_context(fmctl: CommandLine) -> None:
    """Whoever names a context is told commands that name it too, so that they can be pasted."""
    plain = fmctl("describe", "Service/none").err
    named = fmctl("describe", "Service/none", "--context=sandbox").err

    assert "`fmctl get Service -A`" in plain
    assert "`fmctl get Service -A --context sandbox`" in named
    assert "`fmctl history Service/none --context sandbox`" in named


def test_looking_at_a_sandbox_that_is_down_does_not_start_it(fmctl: CommandLine, tmp_path: Path) -> None:
    """status only tells."""
    answer = fmctl.elsewhere(tmp_path / "none")("status")

    assert "sandbox (down)" in answer.out
    assert not (tmp_path / "none").exists()


# ------------------------------------------------------------------ graph, render, explain, completion


def test_the_graph_needs_no_platform(fmctl: CommandLine, tmp_path: Path) -> None:
    """Offline as an outline; with --live each has its health."""
    offline = fmctl.elsewhere(tmp_path / "none")("graph", "-f", "line")

    assert "Service/line\n└── ModelVersion/line-1-0-0\n    └── TrainingJob/line-train\n" == offline.out
    assert 3 == fmctl("graph", "-f", "line", "--live", "-o", "mermaid").out.count("[Healthy]")


def test_overlays_are_merged_before_anything_else(fmctl: CommandLine, tmp_path: Path) -> None:
    """render prints what validate, diff and apply use: the manifest, the overlay over it, defaults under both."""
    fmctl("init", str(tmp_path / "line"))
    root = tmp_path / "line"
    (root / "overlays").mkdir()
    (root / "overlays" / "more.yaml").write_text(
        "apiVersion: fmctl/v1\nkind: TrainingJob\nmetadata: {name: line-train}\nspec: {parameters: {steps: 4000}}\n"
    )
    with (root / "fmctl.yaml").open("a") as file:
        file.write("overlays: {more: overlays/}\n")
    job = next(yaml.safe_load_all(fmctl("render", "-f", str(root), "--overlay", "more").out))

    assert {"steps": "4000", "learning_rate": "0.01"} == job["spec"]["parameters"]
    assert "1h" == job["spec"]["maxDuration"]
    assert 0 == fmctl("validate", "-f", str(root), "--overlay", "more").code
    assert 0 == fmctl("diff", "-f", str(root)).code
    assert 0 == fmctl("diff", "-R", "-f", str(root)).code  # an overlay is no manifest, though it lies among them
    changed = fmctl("diff", "-f", str(root), "--overlay", "more", "-y")
    assert "+ TrainingJob/line-train  # spec_changed" in changed.out


def test_an_unknown_overlay_names_the_known_ones(fmctl: CommandLine) -> None:
    """Exit code 2 from every command that takes it; without a project file there are none."""
    for command in ("validate", "render", "diff", "apply"):
        answer = fmctl(command, "-f", "line", "--overlay", "prod")

        assert 2 == answer.code
        assert "no overlay 'prod'" in answer.err
        assert "it has none" in answer.err


def test_an_overlay_needs_a_project_file_with_a_set(fmctl: CommandLine, tmp_path: Path) -> None:
    """Without fmctl.yaml there are no overlays, and one that names no set is an error with its place."""
    fmctl("init", str(tmp_path / "line"))
    (tmp_path / "line" / "fmctl.yaml").write_text("overlays: {more: overlays/}\n")
    nameless = fmctl("diff", "-f", str(tmp_path / "line"), "--overlay", "more")
    (tmp_path / "line" / "fmctl.yaml").unlink()
    (tmp_path / ".git").mkdir()
    alone = fmctl("diff", "-f", str(tmp_path / "line"), "--overlay", "more")

    assert (2, 2) == (nameless.code, alone.code)
    assert "fmctl.yaml:1:1: FM0105 missing key 'set'" in nameless.err
    assert "there is no fmctl.yaml that could name the overlay 'more'" in alone.err


def test_an_overlay_of_nothing_is_told(fmctl: CommandLine, tmp_path: Path) -> None:
    """A folder that is not there, and a manifest that is not there to be overlaid, are errors with their place."""
    fmctl("init", str(tmp_path / "line"))
    root = tmp_path / "line"
    with (root / "fmctl.yaml").open("a") as file:
        file.write("overlays: {none: nowhere/, other: other.yaml}\n")
    (root / "other.yaml").write_text("apiVersion: fmctl/v1\nkind: Service\nmetadata: {name: lime}\nspec: {}\n")
    none = fmctl("apply", "-f", str(root), "--overlay", "none")
    other = fmctl("apply", "-f", str(root), "--overlay", "other")

    assert (2, 2) == (none.code, other.code)
    assert "FM0014" in none.err
    assert "FM0205 an overlay for Service/lime, which is not declared" in other.err
    assert "did you mean line?" in other.err


def test_explaining_is_offline(fmctl: CommandLine) -> None:
    """Fields by their path, rules by their code, and a hint for what is neither."""
    assert "One of:   running, stopped" in fmctl("explain", "service.state").out
    assert "FM0311  The weights" in fmctl("explain", "fm0311").out
    assert 20 < len(fmctl("explain").out.splitlines())
    assert [2, 2, 2] == [fmctl("explain", what).code for what in ("FM9999", "Service.x", "Service/line")]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(fmctl: CommandLine, shell: str) -> None:
    """Every shell gets a script that asks fmctl."""
    assert f"_FMCTL_COMPLETE={shell}" in fmctl("completion", shell).out
    assert 2 == fmctl("completion", "tcsh").code


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_can_be_read(fmctl: CommandLine, tmp_path: Path, shell: str) -> None:
    """Each shell that is here reads its script without a word."""
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell} here")
    script = tmp_path / "script"
    script.write_text(fmctl("completion", shell).out)
    done = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True, timeout=20)

    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


def completed(fmctl: CommandLine, words: str, shell: str = "bash") -> list[str]:
    """What a shell is told may stand at the end of ``words``."""
    answer = fmctl.program(COMP_WORDS=words.replace(" ", "\x1f"), _FMCTL_COMPLETE=shell)
    assert (0, "") == (answer.code, answer.err)
    return answer.out.splitlines()


def test_live_names_are_completed(fmctl: CommandLine, tmp_path: Path) -> None:
    """What there is can be typed with the Tab key; where nothing can be asked, the kinds remain, and nothing starts."""
    assert ["describe"] == completed(fmctl, "fmctl desc")
    assert ["Service/line"] == completed(fmctl, "fmctl describe Ser")
    assert ["job/line-train"] == completed(fmctl, "fmctl logs -f job/")
    assert ["TrainingJob", "TrainingJob/line-train"] == completed(fmctl, "fmctl get Tr")
    assert ["Service/line"] == completed(fmctl, "fmctl predict ")
    assert ["train_url"] == completed(fmctl, "fmctl cp TrainingJob/line-train : ")
    down = tmp_path / "none"
    assert [f"{kind}/" for kind in KINDS] == completed(fmctl.elsewhere(down), "fmctl describe ")
    assert not down.exists()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("apply --context ", ["sandbox", "env"]),
        ("apply --context = s", ["sandbox"]),
        ("get -o y", ["yaml"]),
        ("graph -o m", ["mermaid"]),
        ("diff -o te", ["text"]),
        ("wait --for s", ["stopped"]),
        ("completion f", ["fish"]),
        ("schema S", ["Service"]),
        ("explain Service.spec.mo", ["Service.spec.models"]),
        ("explain fmctl.yaml.over", ["fmctl.yaml.overlays"]),
        ("explain fm0311", ["fm0311"]),
        ("diff -f line --target S", ["Service/line"]),
        ("get -f line -l st", ["stage=train"]),
        ("apply --detach-no-such-option ", []),
    ],
)
def test_what_is_known_here_is_completed(fmctl: CommandLine, words: str, expected: list[str]) -> None:
    """Contexts, formats, goals, fields, rules, and what the manifests name; nothing where nothing fits."""
    assert expected == completed(fmctl, f"fmctl {words}")


def test_a_platform_that_does_not_answer_does_not_keep_the_shell(fmctl: CommandLine) -> None:
    """What is not there in time is not waited for; the kinds remain."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"http://127.0.0.1:{silent.getsockname()[1]}"
        keys = {"HUAWEICLOUD_SDK_AK": "a", "HUAWEICLOUD_SDK_SK": "b", "FMCTL_REGION": "nowhere"}
        there = {f"FMCTL_{name}_ENDPOINT": place for name in ("MODELARTS", "IAM", "OBS")}
        elsewhere = CommandLine(fmctl.folder, {**fmctl.environ, **keys, **there})
        started = time.monotonic()

        assert [f"{kind}/" for kind in KINDS] == completed(elsewhere, "fmctl describe ")
        assert time.monotonic() - started < 20  # seconds: a read times out much later


def test_overlays_are_completed(fmctl: CommandLine, tmp_path: Path) -> None:
    """Those that the project file of -f names."""
    (tmp_path / "fmctl.yaml").write_text("set: demo\noverlays: {prod: prod/, test: test/}\n")

    assert ["prod"] == completed(fmctl, f"fmctl diff -f {tmp_path} --overlay p")
    (tmp_path / "fmctl.yaml").write_text("set: [")

    assert [] == completed(fmctl, f"fmctl diff -f {tmp_path} --overlay p")


def test_shells_that_show_help_get_it(fmctl: CommandLine) -> None:
    """Behind a tab; and an option that is joined to its value is answered whole."""
    assert ["--prune\tAlso remove what the set owns and no longer declares."] == completed(
        fmctl, "fmctl apply --pru", "fish"
    )
    assert ["--context=sandbox"] == completed(fmctl, "fmctl apply --context=s", "zsh")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("fmctl describe Ser", "Service/line"),
        ("fmctl apply --context = s", "sandbox"),
        ("fmctl cp TrainingJob/line-train : tr", "train_url"),
    ],
)
def test_bash_completes(fmctl: CommandLine, words: str, expected: str) -> None:
    """The script, as bash calls it, with the words as bash breaks them; a program that is not there says nothing."""
    here = Path(sys.executable).parent / "fmctl"
    call = (
        f'COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _fmctl_completion "$FMCTL"; echo "$COMPREPLY"'
    )
    for program, answer in ((str(here), f"{expected}\n"), ("/no/such/fmctl", "\n")):
        done = subprocess.run(
            ["bash", "-c", f'eval "$({here} completion bash)"; {call}'],
            cwd=fmctl.folder,
            env={**fmctl.environ, "FMCTL": program},
            capture_output=True,
            text=True,
            timeout=60,
        )

        assert (answer, "") == (done.stdout, done.stderr)


def test_help_stays_fast(fmctl: CommandLine) -> None:
    """Nothing that talks, parses YAML or knows the kinds is imported to print the help."""
    check = "import sys; from fmctl.cli.app import run; run(['--help']); print(*sorted(sys.modules))"
    started = time.monotonic()
    done = subprocess.run([fmctl.command()[0], "-c", check], capture_output=True, text=True, timeout=20)
    took = time.monotonic() - started

    modules = set(done.stdout.splitlines()[-1].split())
    assert not modules & {"httpx", "yaml", "rich", "jsonschema", "fmctl.kinds", "fmctl.sandbox", "fmctl.api"}
    assert took < 5
