"""The Python API as a notebook uses it: objects, no output, errors that say what to do."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from commandline import CommandLine, command_line

import fmctl
from fmctl.domain.problem import Conflict, ManifestError, Refused, UsageError

QUESTION = {"data": {"req_data": [{"x": 3}]}}


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """The starter set, applied in a sandbox."""
    with command_line(tmp_path_factory.mktemp("api")) as run:
        assert run("init", "line").code == 0
        done = run("apply", "-f", "line")
        assert done.code == 0, done.err
        yield CommandLine(run.folder / "line", run.environ)


@pytest.fixture
def here(applied: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A notebook in the folder of the set."""
    for name in ("CI", "FMCTL_CONTEXT", "FMCTL_LOG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FMCTL_SANDBOX_DIR", applied.environ["FMCTL_SANDBOX_DIR"])
    monkeypatch.chdir(applied.folder)
    return applied.folder


def test_a_notebook_completes_what_there_is() -> None:
    """What can be called is in dir(), each with words about it."""
    assert set(fmctl.__all__) == set(dir(fmctl))
    assert [] == [name for name in fmctl.__all__ if not (getattr(fmctl, name).__doc__ or "").strip()]


def test_nothing_is_printed(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Whoever wants to hear passes a callback; whoever does not, hears nothing."""
    fmctl.diff(here)
    fmctl.apply(here)
    fmctl.get()

    assert ("", "") == capfd.readouterr()


def test_it_works_where_an_event_loop_runs(here: Path) -> None:
    """A cell of a notebook is inside a loop."""

    async def cell() -> object:
        return fmctl.predict("Service/line", QUESTION)

    assert {"predictions": [{"y": pytest.approx(7, abs=0.1)}]} == asyncio.run(cell())


def test_what_a_cell_shows_is_short(here: Path) -> None:
    """The last line of a cell is shown by its repr: a line for what it is, a line for each that matters."""
    plan = fmctl.diff(here, overlay=None)
    done = fmctl.stop("Service/line")
    undone = fmctl.start("Service/line")
    [service] = fmctl.get("Service/line")

    assert "<Plan of set line on sandbox: 0 to add," in repr(plan)
    assert "\n  <stop Service/line: done, stopped>>" in repr(done)
    assert undone.ok
    assert "<Service/line: running, Healthy>" == repr(service)
    assert ["<TrainingJob/line-train: Completed, Healthy>"] == [repr(one) for one in fmctl.get("TrainingJob")]
    assert "<noop TrainingJob/line-train: in_sync, Completed>" == repr(plan.changes[0])


def test_events_can_be_printed(here: Path) -> None:
    """``on_event=print`` tells what begins and what goes on, a line for each."""
    heard: list[str] = []
    fmctl.stop("Service/line", on_event=lambda event: heard.append(str(event)))
    fmctl.start("Service/line")

    assert ["Service/line: stop requested", "Service/line: stopped"] == [heard[0], heard[-1]]


def test_paths_are_names_and_one_pattern_is_a_pattern(here: Path) -> None:
    """A ``Path`` is as good as text, a text as good as a list of one."""
    one, several = fmctl.diff(here, target="Model*/*"), fmctl.diff(str(here), target=["Model*/*"])

    assert ["TrainingJob/line-train", "ModelVersion/line-1-0-0"] == [str(change.id) for change in one.changes]
    assert one == several


def test_what_was_looked_at_is_what_is_applied(here: Path) -> None:
    """With the checksum of a plan exactly that plan is applied, and another is a conflict."""
    plan = fmctl.diff(here)

    assert fmctl.apply(here, checksum=plan.checksum).ok
    with pytest.raises(Conflict):
        fmctl.apply(here, checksum="sha256:0")


def test_an_error_in_a_cell_says_what_to_do(here: Path) -> None:
    """The hint is in what a notebook shows of an error."""
    with pytest.raises(UsageError) as caught:
        fmctl.diff()
    shown = "".join(traceback.format_exception(caught.value))

    assert 'hint: for example "manifests/"' in shown


def test_mistakes_are_told_with_their_places(here: Path, tmp_path: Path) -> None:
    """A ManifestError holds every problem, each with its file, line and rule."""
    (tmp_path / "a.yaml").write_text("apiVersion: fmctl/v1\nkind: Servce\nmetadata: {name: a}\nspec: {}\n")
    with pytest.raises(ManifestError) as caught:
        fmctl.diff(tmp_path)

    assert [("FM0102", 2, 7)] == [(p.rule, p.source.line, p.source.column) for p in caught.value.problems]


def test_what_removes_something_needs_a_yes(here: Path, tmp_path: Path) -> None:
    """Without ``yes`` nothing is deleted, and nothing that is there is written over."""
    with pytest.raises(Refused, match="needs yes=True"):
        fmctl.delete("Service/line")
    assert 3 == fmctl.copy("TrainingJob/line-train:train_url", tmp_path / "new")
    with pytest.raises(Refused, match="not empty"):
        fmctl.copy("TrainingJob/line-train:train_url", tmp_path / "new")
    assert 3 == fmctl.copy("TrainingJob/line-train:train_url", tmp_path / "new", force=True)


def test_a_goal_that_is_none_is_told(here: Path) -> None:
    """``wait`` names the goals there are."""
    with pytest.raises(UsageError, match="no goal 'done'"):
        fmctl.wait("Service/line", goal="done")

    assert [0] == [waited.code for waited in fmctl.wait("Service/line", timeout=60)]
