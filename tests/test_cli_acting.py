"""The commands that act on one thing, as a user types them, on a real sandbox."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from commandline import CommandLine, command_line


@pytest.fixture(scope="module")
def fmctl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """A command line whose starter set has been applied; it stands in the folder of the set."""
    with command_line(tmp_path_factory.mktemp("acting")) as run:
        assert run("init", "line").code == 0
        applied = run("apply", "-f", "line")
        assert applied.code == 0, applied.err
        yield CommandLine(run.folder / "line", run.environ)


# ------------------------------------------------------------------ the other end of the pipe


@pytest.mark.parametrize("arguments", [("schema",), ("apply", "-f", ".", "--json")])
def test_a_reader_that_leaves_is_no_outcome(fmctl: CommandLine, arguments: tuple[str, ...]) -> None:
    """What could not be told to the end exits as cancelled, not as differences, and without a traceback."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        fmctl.command(*arguments),
        cwd=fmctl.folder,
        env=dict(fmctl.environ),
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=60,
    )
    os.close(writer)

    assert (8, b"") == (done.returncode, done.stderr)


def test_closed_outputs_are_nowhere(fmctl: CommandLine) -> None:
    """A job scheduler may close them: what is done is the same, and the exit code tells of it."""
    closed = ["sh", "-c", 'exec "$@" >&- 2>&-', "sh", *fmctl.command("get", "Service/line")]
    done = subprocess.run(closed, cwd=fmctl.folder, env=dict(fmctl.environ), timeout=60)

    assert 0 == done.returncode


# ------------------------------------------------------------------ init


def test_the_starter_set_works_as_it_is(fmctl: CommandLine) -> None:
    """What init writes is in sync after one apply, and what it serves answers."""
    answer = fmctl("predict", "Service/line", "--data", json.dumps({"data": {"req_data": [{"x": 3}]}}))

    assert 0 == fmctl("diff", "-f", ".").code
    assert pytest.approx(7, abs=0.1) == json.loads(answer.out)["predictions"][0]["y"]


def test_commands_to_type_are_quoted(fmctl: CommandLine) -> None:
    """A folder with a space is one word in what a hint says to type, and a plan that has begun is not typed again."""
    folder = str(fmctl.folder.parent / "my set")
    made = fmctl.program("init", folder)
    left = fmctl.program("apply", "-f", folder, "--target", "TrainingJob/*", "--no-wait")
    assert fmctl.program("diff", "-f", folder, "--out", "plan.json").code == 1
    planned = fmctl.program("apply", "--plan", "plan.json", "--no-wait")

    assert f"fmctl apply -f '{folder}'" in made.err
    assert f"to wait for them: fmctl apply -f '{folder}' --target 'TrainingJob/*'\n" in left.err
    assert "--plan" not in planned.err


def test_init_overwrites_nothing(fmctl: CommandLine) -> None:
    """A second init is refused."""
    answer = fmctl("init", ".")

    assert 5 == answer.code
    assert "nothing was written" in answer.err


# ------------------------------------------------------------------ wait


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("TrainingJob/line-train", "ModelVersion/line-1-0-0", "Service/line"), 0),
        (("TrainingJob/line-train", "--for", "stopped"), 7),
        (("Service/line", "--for", "deleted", "--timeout", "1s"), 9),
        (("Service/other", "--for", "deleted"), 0),
        (("Service/other",), 4),
        (("ModelVersion/line-1-0-0", "--for", "stopped"), 2),
        (("Service/line", "--for", "ever"), 2),
        (("Service/line", "--timeout", "soon"), 2),
        (("line",), 2),
        ((), 2),
    ],
)
def test_wait_tells_by_its_exit_code(fmctl: CommandLine, arguments: tuple[str, ...], code: int) -> None:
    """As wanted, ended otherwise, too late, absent, or not understood."""
    assert code == fmctl("wait", *arguments).code


# ------------------------------------------------------------------ stop and start


def test_a_service_is_stopped_and_started(fmctl: CommandLine) -> None:
    """Stopping needs a yes where nobody can be asked, and starting brings back what diff calls in sync."""
    refused = fmctl("stop", "Service/line")
    stopped = fmctl("stop", "Service/line", "-y")
    again = fmctl("stop", "Service/line", "-y")
    drift = fmctl("diff", "-f", ".")
    started = fmctl("start", "Service/line")

    assert 5 == refused.code
    assert "say -y" in refused.err
    assert 0 == stopped.code
    assert "■ Service/line: stopped" in stopped.out
    assert "Service/line is stopped: nothing to stop." in again.out
    assert 1 == drift.code
    assert "▶ Service/line: running" in started.out
    assert "nothing to start" in fmctl("start", "Service/line").out
    assert 0 == fmctl("diff", "-f", ".").code


def test_only_services_are_started(fmctl: CommandLine) -> None:
    """A run starts by apply alone; what is not there is told."""
    assert 2 == fmctl("start", "TrainingJob/line-train").code
    assert 1 == fmctl("start", "Service/other").code


def test_another_set_is_left_alone(fmctl: CommandLine, tmp_path: Path) -> None:
    """In the folder of another set, stop and start refuse with 6 and name the owner."""
    (tmp_path / "fmctl.yaml").write_text("set: other\n")
    other = CommandLine(tmp_path, fmctl.environ)
    answer = other("stop", "Service/line", "-y")

    assert 6 == answer.code
    assert "set 'line'" in answer.out + answer.err


def test_what_is_skipped_is_no_refusal(fmctl: CommandLine, tmp_path: Path) -> None:
    """What belongs to another set is left out and the rest is applied, which diff says beforehand."""
    folder = shutil.copytree(fmctl.folder, tmp_path / "copy")
    (folder / "fmctl.yaml").write_text((folder / "fmctl.yaml").read_text().replace("set: line", "set: other"))
    copy = CommandLine(folder, fmctl.environ)
    said, done = copy("diff", "-f", "."), copy("apply", "-f", ".")

    assert (6, 6) == (said.code, done.code)
    assert "apply would skip: Service/line" in said.err
    assert "apply would refuse" not in said.err
    assert "Service/line: skipped" in done.out


def set_of_one_job(folder: Path, name: str, code: str) -> None:
    """A set and its one job, both of this name."""
    (folder / "code").mkdir(parents=True)
    (folder / "fmctl.yaml").write_text(f"set: {name}\n")
    (folder / "code" / "train.py").write_text(code)
    (folder / "job.yaml").write_text(
        f"apiVersion: fmctl/v1\nkind: TrainingJob\nmetadata: {{name: {name}}}\nspec:\n"
        "  algorithm: {code: ./code, bootFile: train.py, engine: {name: PyTorch, "
        "version: pytorch_2.1.0-cann_7.0.0-py_3.9-euler_2.10.7-aarch64}}\n"
        "  resources: {flavor: modelarts.vm.cpu.8u}\n"
    )


def test_a_running_job_is_stopped(fmctl: CommandLine, tmp_path: Path) -> None:
    """stop ends what runs, wait says so, and the ledger remembers who it was."""
    set_of_one_job(tmp_path / "long", "long", "import time\nprint('begun', flush=True)\ntime.sleep(300)\n")
    long = CommandLine(tmp_path / "long", fmctl.environ)
    assert 0 == long("apply", "-f", ".", "--no-wait").code
    stopped = long("stop", "TrainingJob/long", "-y")

    assert 0 == stopped.code, stopped.err
    assert 0 == long("wait", "TrainingJob/long", "--for", "stopped").code
    assert 7 == long("wait", "TrainingJob/long").code
    assert "stopped by fmctl" in long("history", "TrainingJob/long").out
    assert 4 == long("cp", "TrainingJob/long:train_url", "out").code


def test_what_is_named_from_elsewhere_is_acted_on_as_its_set(fmctl: CommandLine, tmp_path: Path) -> None:
    """Where no project file is, the receipt goes to the ledger of the owner, which knows how the deleted run ended."""
    set_of_one_job(tmp_path / "brief", "brief", "print('done')\n")
    nowhere, home = CommandLine(tmp_path, fmctl.environ), CommandLine(tmp_path / "brief", fmctl.environ)
    assert 0 == home("apply", "-f", ".", "--no-wait").code
    assert 0 == nowhere("wait", "TrainingJob/brief").code
    deleted = nowhere("delete", "TrainingJob/brief", "-y")
    seen = home("diff", "-f", ".")

    assert deleted.out.startswith("Set brief, "), deleted.err
    assert (0, True) == (seen.code, "record_gone" in seen.out), seen.out


def test_two_sets_are_not_acted_on_at_once(fmctl: CommandLine, tmp_path: Path) -> None:
    """Names that belong to several sets are refused outside of their folders, before anything is changed."""
    set_of_one_job(tmp_path / "apart", "apart", "print('done')\n")
    assert 0 == CommandLine(tmp_path / "apart", fmctl.environ)("apply", "-f", ".").code
    answer = CommandLine(tmp_path, fmctl.environ)("delete", "TrainingJob/apart", "Service/line", "-y")

    assert (2, "") == (answer.code, answer.out)
    assert "of the sets apart, line" in answer.err


def test_a_terminal_is_asked(fmctl: CommandLine) -> None:
    """Where somebody can answer, stop asks, and anything but yes changes nothing: exit code 8."""
    master, slave = pty.openpty()
    os.write(master, b"n\n")
    done = subprocess.run(
        fmctl.command("stop", "Service/line"),
        cwd=fmctl.folder,
        env=dict(fmctl.environ),
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=slave,
        timeout=60,
    )
    asked = os.read(master, 10_000).decode()
    os.close(slave)
    os.close(master)

    assert 8 == done.returncode
    assert "Stop this? [y/N]" in asked
    assert "running" in fmctl("get", "Service/line").out


# ------------------------------------------------------------------ from Python


def test_programs_wait_copy_and_start(fmctl: CommandLine, tmp_path: Path) -> None:
    """The same verbs are functions, whose results tell what commands tell by exit codes."""
    program = (
        "import fmctl, sys\n"
        "(waited,) = fmctl.wait('TrainingJob/line-train', goal='stopped')\n"
        "print(int(waited.code), waited.message)\n"
        "print(fmctl.copy('TrainingJob/line-train:train_url/model/', sys.argv[1]))\n"
        "fmctl.stop('Service/line')\n"
        "print(fmctl.start('Service/line').ok)\n"
    )
    done = subprocess.run(
        [fmctl.command()[0], "-c", program, str(tmp_path)],
        cwd=fmctl.folder,
        env=dict(fmctl.environ),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ["7 Completed", "3", "True"] == done.stdout.splitlines(), done.stderr


# ------------------------------------------------------------------ cp


def test_outputs_are_fetched_once(fmctl: CommandLine, tmp_path: Path) -> None:
    """The number of files is told; a target with something in it is refused without --force."""
    target = str(tmp_path / "out")
    first = fmctl("cp", "TrainingJob/line-train:train_url", target)

    assert first.out.startswith("3 files from obs://fmctl-demo/out/line-train-")
    assert {"slope", "offset"} == set(json.loads((tmp_path / "out/model/line.json").read_text()))
    assert 5 == fmctl("cp", "TrainingJob/line-train:train_url", target).code
    assert 0 == fmctl("cp", "TrainingJob/line-train:train_url", target, "--force").code


def test_one_file_is_fetched(fmctl: CommandLine, tmp_path: Path) -> None:
    """A path may name a file; one that is not there is told with what there is."""
    one = fmctl("cp", "TrainingJob/line-train:train_url/model/line.json", str(tmp_path / "one"))
    none = fmctl("cp", "TrainingJob/line-train:train_url/weights", str(tmp_path / "none"))

    assert one.out.startswith("1 file from")
    assert ["line.json"] == [path.name for path in (tmp_path / "one").iterdir()]
    assert 1 == none.code
    assert "has model" in none.err


# ------------------------------------------------------------------ another sandbox by its variables


def test_the_variables_of_a_sandbox_lead_to_it(fmctl: CommandLine) -> None:
    """They say all that a command needs, also for a set whose project file names the context sandbox."""
    lines = fmctl("sandbox", "env").out.splitlines()
    exported = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    there = CommandLine(fmctl.folder, {**exported, "FMCTL_SANDBOX_DIR": str(fmctl.folder.parent / "another")})
    seen = there("diff", "-f", ".", "--full")

    assert "context env (127.0.0.1:" in seen.out, seen.err
    assert not (fmctl.folder.parent / "another").exists()
