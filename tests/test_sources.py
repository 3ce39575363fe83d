"""Sources: what -l, --target and --exclude leave of a set."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from declared import job, model, service
from world import World

from fmctl.domain.problem import UsageError
from fmctl.settings import read_project
from fmctl.sources import Sources, read

ALL = ["pretrain", "train", "digits-1-0-0", "digits", "apart"]


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A chain of four and one that stands apart."""
    labelled = job("apart")
    labelled["metadata"] = {"name": "apart", "labels": {"team": "vision", "tier": "gold"}}
    declared = [
        job("pretrain"),
        job("train", requires=["pretrain"]),
        model(requires=["train"]),
        service(),
        labelled,
    ]
    path = tmp_path / "manifests"
    path.mkdir()
    (path / "all.yaml").write_text(yaml.safe_dump_all(declared))
    return str(path)


def left(world: World, folder: str, **options: object) -> set[str]:
    """The names of what is meant."""
    return {found.name for found in read(Sources((folder,), **options), world.project)}  # type: ignore[arg-type]


def test_without_options_everything_is_meant(world: World, folder: str) -> None:
    """A set is whole unless somebody narrows it."""
    assert set(ALL) == left(world, folder)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("TrainingJob/apart", {"apart"}),
        ("TrainingJob/train", {"train", "pretrain"}),
        ("Service/*", {"digits", "digits-1-0-0", "train", "pretrain"}),
    ],
)
def test_a_target_brings_what_it_needs(world: World, folder: str, target: str, expected: set[str]) -> None:
    """What is targeted comes with all that it needs, and with nothing else."""
    assert expected == left(world, folder, target=(target,))


@pytest.mark.parametrize(
    ("exclude", "expected"),
    [
        ("TrainingJob/apart", {"pretrain", "train", "digits-1-0-0", "digits"}),
        ("TrainingJob/train", {"pretrain", "apart"}),
        ("Service/*", {"pretrain", "train", "digits-1-0-0", "apart"}),
    ],
)
def test_what_is_excluded_takes_along_what_needs_it(
    world: World, folder: str, exclude: str, expected: set[str]
) -> None:
    """Without what it needs nothing can be applied."""
    assert expected == left(world, folder, exclude=(exclude,))


@pytest.mark.parametrize("selector", ["team=vision", "team==vision,tier=gold", "team", "team!=speech,team"])
def test_labels_select(world: World, folder: str, selector: str) -> None:
    """A selector is a list of terms that all have to hold."""
    assert {"apart"} == left(world, folder, selector=selector)


def test_a_label_that_is_not_there_is_not_equal(world: World, folder: str) -> None:
    """`key!=value` holds for what has no such label."""
    assert set(ALL) - {"apart"} == left(world, folder, selector="team!=vision")


@pytest.mark.parametrize("options", [{"selector": "team=speech"}, {"target": ("Service/other",)}])
def test_nothing_is_no_selection(world: World, folder: str, options: dict[str, object]) -> None:
    """A selection without a match is a typing mistake and no empty plan."""
    with pytest.raises(UsageError, match="nothing"):
        left(world, folder, **options)


def test_a_narrowed_resource_keeps_its_hash(world: World, folder: str) -> None:
    """The whole set is read first, so that the same resource is the same run in every selection."""
    whole = {r.name: r.hash for r in read(Sources((folder,)), world.project)}
    part = {r.name: r.hash for r in read(Sources((folder,), target=("Service/*",)), world.project)}

    assert part == {name: whole[name] for name in part}


def test_one_set_is_read_at_a_time(world: World, folder: str) -> None:
    """A folder that is found below, with a project file of its own, is another set; named itself, it is read."""
    inner = Path(folder) / "inner"
    inner.mkdir()
    (inner / "fmctl.yaml").write_text("set: inner\n")
    (inner / "job.yaml").write_text(yaml.safe_dump(job("inner")))

    with pytest.raises(UsageError, match="inner is of another set") as caught:
        left(world, folder, recursive=True)

    assert f"apply one set at a time: -f {inner}" == caught.value.hint
    assert set(ALL) == left(world, folder)
    assert {"inner"} == {
        r.name for r in read(Sources((str(inner),), recursive=True), read_project(inner / "fmctl.yaml"))
    }
