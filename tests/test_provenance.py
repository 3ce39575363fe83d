"""What the ledger keeps of where a run came from."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from declared import job, resources
from world import World

from fmctl.domain.problem import StorageError
from fmctl.kinds.provenance import listings
from fmctl.revision import revision

READS = [{"name": "data_url", "from": "obs://fmctl-demo/data/"}]


def git(folder: Path, *arguments: str) -> str:
    """What git says, in a repository of nobody."""
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com")
    done = subprocess.run(("git", "-C", str(folder), *who, *arguments), capture_output=True, text=True, check=True)
    return done.stdout.strip()


def committed(folder: Path) -> str:
    """A repository with one file; its commit."""
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "fmctl.yaml").write_text("set: demo\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "begin")
    return git(folder, "rev-parse", "HEAD")


def receipt(world: World) -> Mapping[str, Any]:
    """The only one there is."""
    (found,) = (fact for name, fact in world.facts.facts.items() if name.endswith(".end.json"))
    return found


def test_a_receipt_tells_what_the_run_was_made_from(world: World, tmp_path: Path) -> None:
    """Remote inputs as they were listed, local folders by digest, the commit of the set."""
    commit = committed(tmp_path / "repository")
    world.project = replace(world.project, root=tmp_path / "repository")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "train.py").write_text("")
    world.put("obs://fmctl-demo/data/one.csv", "1")
    world.put("obs://fmctl-demo/data/two.csv", "22")
    code = {**job()["spec"]["algorithm"], "code": str(tmp_path / "code")}
    (declared,) = resources(job(inputs=READS, algorithm=code))
    world.apply((declared,))

    found = receipt(world)
    assert commit == found["commit"]
    assert [folder.digest for folder in declared.folders.values()] == list(found["digests"].values())
    assert ("obs://fmctl-demo/data/", 2, 3) == tuple(
        found["inputs"]["data_url"][key] for key in ("from", "objects", "bytes")
    )


def test_the_digest_of_a_listing_is_its_content(world: World) -> None:
    """Another object, size or etag is another digest; the same objects are the same one."""
    digests = []
    for content in ("1", "1", "2"):
        world.put("obs://fmctl-demo/data/one.csv", content)
        digests.append(listings({"data_url": "obs://fmctl-demo/data/"}, world.session().store)["data_url"]["digest"])

    assert digests[0] == digests[1] != digests[2]


def test_a_listing_that_is_denied_does_not_lose_the_receipt() -> None:
    """The run has ended whatever may be listed, so the receipt says why its inputs are not."""

    class Denied:
        def list(self, url: str) -> Any:
            raise StorageError("access denied")

    found = listings({"data_url": "obs://theirs/data/"}, Denied())  # type: ignore[arg-type]

    assert {"from": "obs://theirs/data/", "error": "access denied"} == found["data_url"]


@pytest.mark.parametrize("change", [None, "set: other\n"])
def test_a_changed_work_tree_is_said_to_be(tmp_path: Path, change: str | None) -> None:
    """What was not committed cannot be found by the commit alone."""
    commit = committed(tmp_path / "repository")
    if change:
        (tmp_path / "repository/fmctl.yaml").write_text(change)

    assert commit + ("-dirty" if change else "") == revision(tmp_path / "repository")


def test_a_folder_without_a_repository_has_no_commit(tmp_path: Path) -> None:
    """Nothing is made up, and nothing fails."""
    (tmp_path / ".git").write_text("gitdir: /nowhere\n")

    assert "" == revision(tmp_path)
