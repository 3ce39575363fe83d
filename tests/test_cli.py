"""The command line: exit codes, what goes where, and that a user never sees a traceback."""

from __future__ import annotations

import json
import shlex
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml
from declared import Manifest, job, model, service

from fmctl import host
from fmctl.cli.app import app, run
from fmctl.cli.examples import ELSEWHERE, EXAMPLES
from fmctl.domain.problem import PRECEDENCE, ExitCode, worst
from fmctl.sandbox.server import Server

PROGRAM = "print('hello')\n"
BAD = "import sys; print('giving up'); sys.exit(3)\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A sandbox on a port of this process; what one test leaves in it is in the way of no other."""
    made = Server(tmp_path_factory.mktemp("cli") / "sandbox")
    thread = threading.Thread(target=made.run)
    thread.start()
    yield made
    made.stop()
    thread.join()
    made.close()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory, a clean environment, and afterwards SIGTERM as it was."""
    for name in ("CI", "FMCTL_CONTEXT", "FMCTL_REGION", "FMCTL_LOG", "FMCTL_PARALLELISM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()  # the end of the search for fmctl.yaml
    before = signal.getsignal(signal.SIGTERM)
    yield tmp_path
    signal.signal(signal.SIGTERM, before)
    host.down(tmp_path / "never")  # where a sandbox was started that should not have been


@pytest.fixture
def env(server: Server, here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The context ``env`` is the sandbox on the port."""
    info = server.info
    values = {
        "HUAWEICLOUD_SDK_AK": info["access_key"],
        "HUAWEICLOUD_SDK_SK": info["secret_key"],
        "HUAWEICLOUD_SDK_PROJECT_ID": info["project_id"],
        "FMCTL_MODELARTS_ENDPOINT": info["endpoint"],
        "FMCTL_OBS_ENDPOINT": info["obs_endpoint"],
        "FMCTL_CODE_PREFIX": "obs://fmctl-sandbox/code/",
        "FMCTL_LEDGER": str(here / "ledger"),
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return here


def write(folder: Path, *manifests: Manifest, program: str = PROGRAM) -> str:
    """Manifests, and the code that they name, in a folder for -f."""
    target = folder / "manifests"
    (target / "code").mkdir(parents=True, exist_ok=True)
    (target / "code" / "train.py").write_text(program)
    (target / "all.yaml").write_text("---\n".join(yaml.safe_dump(one) for one in manifests))
    return str(target)


def local(name: str, **spec: object) -> Manifest:
    """A job of the code beside its manifest."""
    return job(name, algorithm={**job()["spec"]["algorithm"], "code": "./code"}, **spec)


# ------------------------------------------------------------------ offline

MISTAKES = """
apiVersion: fmctl/v1
kind: TrainingJob
metadata: {name: Upper}
spec:
  algorithm: {image: org/img:1, command: train}
  resources: {flavour: x}
---
apiVersion: fmctl/v1
kind: Servce
metadata: {name: digits}
spec: {}
"""


def test_all_mistakes_are_told_at_once_each_with_its_place(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One run tells every mistake, with file, line and column, on stderr, and exits with 2."""
    (here / "bad.yaml").write_text(MISTAKES)

    code = run(["validate", "-f", "bad.yaml"])

    out, err = capsys.readouterr()
    assert (ExitCode.USAGE, "") == (code, out)
    assert "bad.yaml:4:" in err
    assert "bad.yaml:7:" in err
    assert "bad.yaml:10:7" in err
    assert "did you mean Service?" in err


@pytest.mark.parametrize("command", ["diff", "apply"])
def test_wrong_manifests_are_told_before_anything_is_contacted(
    command: str, here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake needs no network and no credential to be found."""
    monkeypatch.setenv("FMCTL_SANDBOX_DIR", str(here / "never"))
    (here / "bad.yaml").write_text(MISTAKES)

    assert ExitCode.USAGE == run([command, "-f", "bad.yaml"])
    assert not (here / "never").exists()
    assert "bad.yaml:4:" in capsys.readouterr().err


PLANNED = ("set", "context", "checksum", "root", "policy", "manifests", "digests", "prune")
USAGE = {
    "no such command": ["aply"],
    "no such option": ["diff", "--what"],
    "nothing to read": ["diff"],
    "a file that is not there": ["validate", "-f", "nowhere.yaml"],
    "a duration that is none": ["apply", "-f", ".", "--timeout", "soon"],
    "a format that is none": ["get", "-o", "xml"],
    "a kind that is none": ["get", "Servce"],
    "a schema that is none": ["schema", "Servce"],
    "a schema that cannot be written": ["schema", "--write", "--dir", "job.yaml"],
    "a saved plan that is none": ["apply", "--plan", "job.yaml"],
    "a saved plan of nonsense": ["apply", "--plan", "plan.json"],
    "prune of a part": ["diff", "-f", "job.yaml", "--prune"],
    "a context that is none": ["diff", "-f", "job.yaml", "--context", "elsewhere"],
    "delete of nothing": ["delete"],
    "predict of nothing": ["predict", "Service/x"],
    "predict of no JSON": ["predict", "Service/x", "--data", "{"],
    "logs of a service": ["logs", "Service/x"],
    "a prediction of a job": ["predict", "TrainingJob/x", "--data", "{}"],
    "an unknown kind to look at": ["describe", "Servce/x"],
    "an unknown kind to wait for": ["wait", "Servce/x"],
    "an unknown kind to start": ["start", "Servce/x"],
    "an unknown kind to stop": ["stop", "Servce/x"],
    "an unknown kind to delete": ["delete", "Servce/x"],
    "an unknown kind with events": ["events", "Servce/x"],
    "an unknown kind with a history": ["history", "Servce/x"],
    "a parallelism of none": ["diff", "-f", "job.yaml", "--parallelism", "0"],
}


@pytest.mark.parametrize("arguments", USAGE.values(), ids=USAGE.keys())
def test_what_cannot_be_meant_is_usage(
    arguments: list[str], here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong command line exits with 2 and words, and starts nothing."""
    monkeypatch.setenv("FMCTL_SANDBOX_DIR", str(here / "never"))
    (here / "job.yaml").write_text(yaml.safe_dump(job()))
    (here / "plan.json").write_text(json.dumps({"formatVersion": "1.0", **dict.fromkeys(PLANNED, 1)}))

    code = run(arguments)

    out, err = capsys.readouterr()
    assert (ExitCode.USAGE, "") == (code, out)
    assert err.strip()
    assert "Traceback" not in err
    assert not (here / "never").exists()


def test_a_trace_of_a_real_cloud_is_no_sandbox(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With CI set and no context fmctl exits with 2 and starts nothing."""
    monkeypatch.setenv("CI", "")
    monkeypatch.setenv("FMCTL_SANDBOX_DIR", str(here / "never"))
    (here / "job.yaml").write_text(yaml.safe_dump(job()))

    assert ExitCode.USAGE == run(["diff", "-f", "job.yaml"])
    assert not (here / "never").exists()


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """--version prints one line."""
    assert ExitCode.OK == run(["--version"])
    assert capsys.readouterr().out.startswith("fmctl 0.")


def test_every_command_ends_its_help_with_examples_that_it_understands() -> None:
    """No example has an option that is not there, or lacks an argument; a group's commands say enough themselves."""
    commands = {name: one for name, one in typer.main.get_command(app).commands.items() if name != "sandbox"}
    for name, texts in EXAMPLES.items():
        for words in (shlex.split(text) for text in texts if text.startswith("fmctl ")):
            assert words[1] == name
            assert commands[name].make_context(name, words[2:])

    assert set(EXAMPLES) == set(commands)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["plan", "-f", "x"], "`fmctl diff`"),
        (["destroy"], "`fmctl delete`"),
        (["finetune"], "`fmctl apply`"),
        (["apply", "-f", "x", "--dry-run"], "`fmctl diff`"),
        (["apply", "manifests/"], "fmctl apply -f manifests/"),
        (["get", "services", "digits", "-o", "wide"], "fmctl get services/digits"),
        (["delete", "Service", "digits"], "Service/digits"),
        (["logs", "TrainingJob/digits", "-n", "20"], "`--tail 20`"),
    ],
)
def test_the_words_of_other_programs_are_known(words: list[str], hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Who comes from Terraform, kubectl or fm is told what a command is called here, and it is still an error."""
    assert ExitCode.USAGE == run(words)
    assert hint in capsys.readouterr().err


def test_no_word_of_other_programs_is_a_command() -> None:
    """What is called otherwise here is no command here, and what it is called is one."""
    commands = typer.main.get_command(app).commands

    assert set() == set(ELSEWHERE) & set(commands)
    assert set() == set(ELSEWHERE.values()) - {*commands, "--help"}


def test_where_nothing_is_named_the_set_of_the_folder_is_offered(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without -f nothing is read; beside a project file the hint says how to name it."""
    (here / "fmctl.yaml").write_text("set: mine\n")

    assert ExitCode.USAGE == run(["validate"])
    assert "`-f .`" in capsys.readouterr().err


def test_an_internal_error_is_255_without_a_traceback(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our own bugs exit with 255 and say how to see more."""
    monkeypatch.setattr("fmctl.sources.load", lambda *_, **__: 1 / 0)
    (here / "job.yaml").write_text(yaml.safe_dump(job()))

    code = run(["validate", "-f", "job.yaml"])

    err = capsys.readouterr().err
    assert ExitCode.INTERNAL == code
    assert "FMCTL_LOG=debug" in err
    assert "Traceback" not in err


def test_the_first_of_several_outcomes_is_the_exit_code() -> None:
    """Several at once: the first of 8, 3, 6, 5, 4, 7, 9, and differences when nothing else happened."""
    assert [8, 3, 6, 5, 4, 7, 9, 1] == list(PRECEDENCE)
    for index, code in enumerate(PRECEDENCE):
        assert code is worst(reversed(PRECEDENCE[index:]))
    assert ExitCode.OK is worst([])


# ------------------------------------------------------------------ against a sandbox on a port


def test_diff_apply_diff(env: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """diff exits 1 and writes nothing, apply makes it so, diff exits 0 and says so."""
    folder = write(env, local("plain"))

    assert ExitCode.DIFFERENCES == run(["diff", "-f", folder])
    assert "+ TrainingJob/plain  # absent" in capsys.readouterr().out
    assert ExitCode.OK == run(["apply", "-f", folder])
    assert "Applied: 1 added, 0 changed, 0 destroyed. Runs: 1 started, 0 stopped." in capsys.readouterr().out
    assert ExitCode.OK == run(["diff", "-f", folder])
    assert "No changes." == capsys.readouterr().out.strip().split("\n")[-1]


def test_a_run_that_fails_is_seven(env: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run that ended otherwise than wanted exits with 7, and the end of its log is on stderr."""
    folder = write(env, local("failing"), local("after", requires=["failing"]), program=BAD)

    code = run(["apply", "-f", folder])

    out, err = capsys.readouterr()
    assert ExitCode.RUN_ENDED == code
    assert "giving up" in err
    assert "TrainingJob/after: skipped" in out
    assert ExitCode.RUN_ENDED == run(["apply", "-f", folder])


def test_json_goes_where_it_is_sent(env: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """-o json=FILE writes a file beside the text on stdout; -o json alone is nothing but JSON."""
    folder = write(env, local("shown"))

    run(["diff", "-f", folder, "-o", "text", "-o", "json=plan.json"])

    text = capsys.readouterr().out
    saved = json.loads((env / "plan.json").read_text())
    run(["diff", "-f", folder, "-o", "json"])
    assert "Plan: 1 to add" in text
    assert saved == json.loads(capsys.readouterr().out)


def test_apply_json_is_events_only(env: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json every line of stdout is one object, the first the version, the last the counts."""
    folder = write(env, local("streamed"))

    assert ExitCode.OK == run(["apply", "-f", folder, "--json"])

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert "version" == lines[0]["type"]
    assert ("change_summary", "apply", 1) == (lines[-1]["type"], lines[-1]["operation"], lines[-1]["changes"]["add"])


def test_a_reviewed_checksum_is_applied_and_another_is_a_conflict(
    env: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--checksum applies exactly the plan that was reviewed."""
    folder = write(env, local("reviewed"))
    run(["diff", "-f", folder, "-o", "json"])
    checksum = json.loads(capsys.readouterr().out)["checksum"]

    assert ExitCode.CONFLICT == run(["apply", "-f", folder, "--checksum", "sha256:0"])
    assert ExitCode.CONFLICT == run(["apply", "-f", folder, "--checksum", ""])  # a variable that is not set
    assert ExitCode.OK == run(["apply", "-f", folder, "--checksum", checksum])


def test_a_saved_plan_is_applied_once(env: Path) -> None:
    """--plan applies what was saved, and is stale when the world has moved on."""
    folder = write(env, local("saved"))
    run(["diff", "-f", folder, "--out", "plan.json"])

    assert ExitCode.OK == run(["apply", "--plan", "plan.json"])
    assert ExitCode.OK == run(["diff", "-f", folder])


def test_a_saved_plan_whose_folder_changed_is_a_conflict(env: Path) -> None:
    """A plan holds digests; other content than the reviewed one is not applied."""
    folder = write(env, local("moved"))
    run(["diff", "-f", folder, "--out", "plan.json"])
    write(env, local("moved"), program="print('other')\n")

    assert ExitCode.CONFLICT == run(["apply", "--plan", "plan.json"])


def test_what_destroys_needs_a_yes(env: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody can be asked, deleting is refused without -y, and done with it."""
    folder = write(env, local("doomed"))
    run(["apply", "-f", folder])

    assert ExitCode.REFUSED == run(["delete", "TrainingJob/doomed"])
    assert ExitCode.OK == run(["delete", "TrainingJob/doomed", "-y"])
    assert ExitCode.OK == run(["diff", "-f", folder]), capsys.readouterr()


def test_a_version_that_cannot_change_is_five(env: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """diff and apply both say by 5 that nothing of this will be applied."""
    files = env / "manifests" / "files" / "model"
    files.mkdir(parents=True)
    (files / "config.json").write_text('{"model_type": "PyTorch", "apis": [{"url": "/", "method": "post"}]}')
    (files / "customize_service.py").write_text("class Service: ...\n")
    version = model("cli-1-0-0", model="cli", source={"from": "./files"})
    assert ExitCode.OK == run(["apply", "-f", write(env, version)])
    (files / "customize_service.py").write_text("class Other: ...\n")

    assert ExitCode.REFUSED == run(["diff", "-f", write(env, version)])
    assert ExitCode.REFUSED == run(["apply", "-f", write(env, version, local("not-started"))])
    assert "raise `version`" in capsys.readouterr().err
    assert ExitCode.DIFFERENCES == run(["diff", "-f", write(env, local("not-started"))])


def test_wrong_credentials_are_three(
    env: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A credential that is refused exits with 3, and does not show."""
    monkeypatch.setenv("HUAWEICLOUD_SDK_SK", "not-the-secret")

    assert ExitCode.AUTH == run(["diff", "-f", write(env, local("any"))])
    assert "not-the-secret" not in "".join(capsys.readouterr())


def test_a_cloud_that_is_not_there_is_four(
    env: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An endpoint where nothing answers is an API error that names it."""
    monkeypatch.setenv("FMCTL_MODELARTS_ENDPOINT", "http://127.0.0.1:9")

    assert ExitCode.API == run(["get", "TrainingJob"])
    assert "127.0.0.1:9" in capsys.readouterr().err


def test_get_lists_what_is_ours_in_the_published_shape(env: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """get -o json prints items with kind, metadata, spec and status."""
    run(["apply", "-f", write(env, local("listed"))])
    capsys.readouterr()

    assert ExitCode.OK == run(["get", "TrainingJob/listed", "-o", "json"])

    (item,) = json.loads(capsys.readouterr().out)["items"]
    assert ("fmctl/v1", "TrainingJob", "listed") == (item["apiVersion"], item["kind"], item["metadata"]["name"])
    assert {"phase", "health", "remoteId", "remoteName", "runs", "url"} <= item["status"].keys()
    assert ("Completed", "Healthy") == (item["status"]["phase"], item["status"]["health"])


def test_logs_print_what_a_run_wrote(env: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The log of the newest run, and nothing else, is on stdout."""
    run(["apply", "-f", write(env, local("talking"))])
    capsys.readouterr()

    assert ExitCode.OK == run(["logs", "TrainingJob/talking"])
    assert "hello" in capsys.readouterr().out


def test_predict_of_a_service_that_is_not_there_says_so(env: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A service that does not exist is told by name."""
    assert ExitCode.OK != run(["predict", "Service/nowhere", "--data", "{}"])
    assert "nowhere" in capsys.readouterr().err


def test_no_wait_and_time_out(env: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--no-wait leaves a run running and exits with 0; --timeout exits with 9; both say how to wait for it."""
    folder = write(env, local("slow"), program="import time; time.sleep(2)\n")

    assert ExitCode.OK == run(["apply", "-f", folder, "--no-wait"])
    assert ExitCode.TIMEOUT == run(["apply", "-f", folder, "--timeout", "1s"])
    assert "to wait for them: fmctl" in capsys.readouterr().err
    assert ExitCode.OK == run(["apply", "-f", folder])
    assert "  TrainingJob/slow: Completed\n" in capsys.readouterr().out


def test_what_belongs_to_another_set_is_not_deleted_by_name(env: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who names a job of another set is told whose it is, and it stays."""
    (env / "fmctl.yaml").write_text("set: theirs\n")
    assert ExitCode.OK == run(["apply", "-f", write(env, local("of-theirs"))])
    (env / "fmctl.yaml").write_text("set: ours\n")
    capsys.readouterr()

    assert ExitCode.CONFLICT == run(["delete", "TrainingJob/of-theirs", "-y"])
    assert "belongs to set 'theirs'" in "".join(capsys.readouterr())
    assert ExitCode.USAGE == run(["start", "TrainingJob/of-theirs"])
    assert "`rerun`" in capsys.readouterr().err


def test_a_context_that_is_none_is_told_where_it_is_written(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The project file names one of the two contexts, which is checked offline."""
    folder = write(here, local("train"))
    (here / "manifests/fmctl.yaml").write_text("set: mine\ncontext: prod\n")

    assert ExitCode.USAGE == run(["validate", "-f", folder])
    assert "fmctl.yaml:2:10: FM0107 context must be one of sandbox or env, not 'prod'" in capsys.readouterr().err


def test_labels_need_manifests(env: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Labels are in the manifests, so that -l without -f is usage."""
    assert ExitCode.USAGE == run(["get", "-l", "team=vision"])
    assert capsys.readouterr().err


def test_a_service_of_a_missing_model_is_told_offline(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A reference to what the set does not have is a mistake in the manifest."""
    (here / "service.yaml").write_text(yaml.safe_dump(service()))

    assert ExitCode.USAGE == run(["validate", "-f", "service.yaml"])
    assert "digits-1-0-0" in capsys.readouterr().err
