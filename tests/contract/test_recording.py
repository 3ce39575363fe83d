"""Cassettes: what is on them, and what is not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from sandbox.sdk_surface import sdk_home
from vcr.errors import CannotOverwriteExistingCassetteException

from . import jobs, keys, models, objects, pieces, services, sites, tokens
from .fmctl_door import FmctlDoor
from .recording import STAND_IN, recording, replaying
from .scrubbing import ENDPOINTS, leaks
from .sdk_door import SdkDoor
from .site import Site
from .talk import Talk

Conversation = Callable[[Talk], Talk]
CONVERSATIONS = {
    "keys": keys.hold,
    "tokens": tokens.hold,
    "jobs": jobs.hold,
    "models": models.hold,
    "services": services.hold,
    "objects": objects.hold,
    "pieces": pieces.hold,
}


class Served(NamedTuple):
    """A sandbox, and all that it knows about its owner."""

    site: Site
    secrets: list[str]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with sdk_home(folder), sites.sandbox(folder / "sandbox") as site:
        known = json.loads((folder / "sandbox" / "credentials.json").read_text())
        secrets = [value for name, value in known.items() if name != "region"]
        yield Served(replace(site, several=1), secrets)


def held(conversation: Conversation, door: type[FmctlDoor] | type[SdkDoor], site: Site) -> Talk:
    opened = door(site)
    try:
        return conversation(Talk(opened))
    finally:
        opened.close()


@pytest.mark.parametrize("door", [FmctlDoor, SdkDoor], ids=lambda door: door.name)
@pytest.mark.parametrize("topic", CONVERSATIONS)
def test_a_cassette_tells_no_secret_and_the_whole_conversation(
    topic: str, door: type[FmctlDoor] | type[SdkDoor], served: Served, tmp_path: Path
) -> None:
    """No key, token, password, name of an account or signature is on it; played back, every answer is the same."""
    path, conversation = tmp_path / "tape.yaml", CONVERSATIONS[topic]
    site, stand_in = served.site, replace(STAND_IN, **{name: getattr(served.site, name) for name in ENDPOINTS})
    with recording(path, site, stand_in):
        said = held(conversation, door, site)
    with replaying(path, stand_in):
        heard = held(conversation, door, stand_in)

    assert {} == leaks(path.read_text(), site, *served.secrets, *_token(said))
    assert said.statuses == heard.statuses


@pytest.mark.parametrize("door", [FmctlDoor, SdkDoor], ids=lambda door: door.name)
def test_a_cassette_is_played_back_as_somebody_else(door: type[FmctlDoor] | type[SdkDoor], tmp_path: Path) -> None:
    """Nothing of the place in which it was recorded is needed: neither host nor port, nor http instead of https."""
    path = tmp_path / "tape.yaml"
    stand_in = replace(STAND_IN, iam=STAND_IN.modelarts, obs="https://192.0.2.1")
    with sdk_home(tmp_path), sites.judge(tmp_path) as made:
        site = replace(made, several=1)
        with recording(path, site, stand_in):
            said = held(jobs.hold, door, site)
    with sdk_home(tmp_path), replaying(path, stand_in):
        heard = held(jobs.hold, door, stand_in)

    assert said.statuses == heard.statuses
    assert "127.0.0.1" not in path.read_text()


def test_what_was_not_recorded_is_not_answered(tmp_path: Path) -> None:
    """A conversation that has changed since has to be recorded again."""
    path = tmp_path / "tape.yaml"
    path.write_text("interactions: []\nversion: 1\n")

    with sdk_home(tmp_path), replaying(path), pytest.raises(CannotOverwriteExistingCassetteException):
        held(keys.hold, SdkDoor, STAND_IN)


def test_a_conversation_that_failed_leaves_the_old_cassette(tmp_path: Path) -> None:
    """Half a conversation is worth less than an old one."""
    path = tmp_path / "tape.yaml"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), recording(path, STAND_IN):
        _ = 1 / 0

    assert "old" == path.read_text()


def _token(said: Talk) -> list[str]:
    return [said["token"].data] if "token" in said.statuses else []
