"""Saved plans: what they were made from is still so, or they are stale."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import chdir
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from declared import job
from world import World

from fmctl import saved
from fmctl.domain.problem import Conflict


def plan_file(world: World, root: Path) -> Path:
    """A plan of one job whose code is in a folder, saved beside it."""
    (root / "code").mkdir(parents=True)
    (root / "code" / "train.py").write_text("one")
    (root / "job.yaml").write_text(yaml.safe_dump(job(algorithm={**job()["spec"]["algorithm"], "code": "./code"})))
    world.project = replace(world.project, root=root)
    resources = world.read(root / "job.yaml")
    plan, session = world.plan(resources)
    file = root / "plan.json"
    file.write_text(json.dumps(saved.dump(plan, resources, session.project, prune=False)))
    return file


CHANGES: dict[str, Callable[[Path], object]] = {
    "edited": lambda code: (code / "train.py").write_text("two"),
    "more": lambda code: (code / "more.py").write_text(""),
    "renamed": lambda code: (code / "train.py").rename(code / "other.py"),
    "gone": shutil.rmtree,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_folder_that_is_not_what_it_was_makes_a_plan_stale(
    world: World, tmp_path: Path, change: Callable[[Path], object]
) -> None:
    """However it changed, also so that the manifest would not be valid any more."""
    file = plan_file(world, tmp_path / "set")
    change(tmp_path / "set" / "code")

    with chdir(tmp_path), pytest.raises(Conflict):
        saved.read(file, tmp_path, None)


def test_a_saved_plan_is_read_where_the_set_is(world: World, tmp_path: Path) -> None:
    """On another machine the set's root is another folder; the plan is the same."""
    file = plan_file(world, tmp_path / "set")
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "set").rename(elsewhere)

    with chdir(tmp_path):
        found = saved.read(elsewhere / file.name, tmp_path, elsewhere)
    plan, _ = world.plan(found.resources)

    assert found.checksum == plan.checksum
