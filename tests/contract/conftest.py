"""Every conversation is held once with each site through each client; the tests only look at what was said."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from sandbox.sdk_surface import sdk_home

from . import jobs, keys, models, objects, pieces, services, sites, tokens
from .fmctl_door import FmctlDoor
from .recording import CASSETTES, recording, replaying
from .sdk_door import SdkDoor
from .site import Site
from .talk import Talk

REAL = os.environ.get("FMCTL_CONTRACT") == "real"
DOORS = {door.name: door for door in (FmctlDoor, SdkDoor)}
SITES = {"sandbox": sites.sandbox, "judge": sites.judge}
if any(CASSETTES.glob("*.yaml")):
    SITES["recorded"] = sites.recorded
if REAL:
    SITES["real"] = sites.real
Hold = Callable[[Callable[[Talk], Talk]], Talk]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The OBS library is as old as Python 2, and says so; what is real takes its time."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:ssl:DeprecationWarning"))
            item.add_marker(pytest.mark.filterwarnings("ignore:.*utcnow:DeprecationWarning"))
            if REAL:
                item.add_marker(pytest.mark.timeout(0))


@pytest.fixture(scope="session", params=SITES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One ModelArts after the other."""
    home = tmp_path_factory.mktemp("home")
    with sdk_home(home), SITES[request.param](tmp_path_factory.mktemp(request.param)) as made:
        yield made


@pytest.fixture(scope="session", params=DOORS)
def hold(request: pytest.FixtureRequest, site: Site) -> Hold:
    """Holds a conversation through one client after the other."""
    record = request.config.getoption("--record")

    def held(conversation: Callable[[Talk], Talk]) -> Talk:
        topic = conversation.__module__.rpartition(".")[2]
        with _tape(site, CASSETTES / f"{topic}-{request.param}.yaml", record=record):
            door = DOORS[request.param](site)
            try:
                return conversation(Talk(door))
            finally:
                door.close()

    return held


def _tape(site: Site, path: Path, *, record: bool) -> AbstractContextManager[None]:
    if site.name == "real" and record:
        return recording(path, site)
    if site.name != "recorded":
        return nullcontext()
    if not path.exists():
        pytest.skip(f"{path.name} was not recorded")
    return replaying(path)


@pytest.fixture(scope="session")
def about_keys(hold: Hold) -> Talk:
    return hold(keys.hold)


@pytest.fixture(scope="session")
def about_tokens(hold: Hold, site: Site) -> Talk:
    if not site.signs_in:
        pytest.skip("nobody's password is known")
    return hold(tokens.hold)


@pytest.fixture(scope="session")
def about_jobs(hold: Hold) -> Talk:
    return hold(jobs.hold)


@pytest.fixture(scope="session")
def about_models(hold: Hold) -> Talk:
    return hold(models.hold)


@pytest.fixture(scope="session")
def about_services(hold: Hold) -> Talk:
    return hold(services.hold)


@pytest.fixture(scope="session")
def about_objects(hold: Hold) -> Talk:
    return hold(objects.hold)


@pytest.fixture(scope="session")
def about_pieces(hold: Hold) -> Talk:
    return hold(pieces.hold)
