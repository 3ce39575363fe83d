"""Every conversation is held once with each site through each client; the tests only look at what was said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox.sdk_surface import sdk_home

from . import jobs, keys, models, objects, services, sites, tokens
from .door import Door
from .fmctl_door import FmctlDoor
from .sdk_door import SdkDoor
from .site import Site
from .talk import Talk

SITES = {"sandbox": sites.sandbox, "judge": sites.judge}
DOORS = {door.name: door for door in (FmctlDoor, SdkDoor)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The OBS library is as old as Python 2, and says so."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:ssl:DeprecationWarning"))
            item.add_marker(pytest.mark.filterwarnings("ignore:.*utcnow:DeprecationWarning"))


@pytest.fixture(scope="session", params=SITES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One ModelArts after the other."""
    home = tmp_path_factory.mktemp("home")
    with sdk_home(home), SITES[request.param](tmp_path_factory.mktemp(request.param)) as made:
        yield made


@pytest.fixture(scope="session", params=DOORS)
def door(request: pytest.FixtureRequest, site: Site) -> Iterator[Door]:
    """One client after the other."""
    made = DOORS[request.param](site)
    yield made
    made.close()


@pytest.fixture(scope="session")
def about_keys(door: Door) -> Talk:
    return keys.hold(Talk(door))


@pytest.fixture(scope="session")
def about_tokens(door: Door) -> Talk:
    return tokens.hold(Talk(door))


@pytest.fixture(scope="session")
def about_jobs(door: Door) -> Talk:
    return jobs.hold(Talk(door))


@pytest.fixture(scope="session")
def about_models(door: Door) -> Talk:
    return models.hold(Talk(door))


@pytest.fixture(scope="session")
def about_services(door: Door) -> Talk:
    return services.hold(Talk(door))


@pytest.fixture(scope="session")
def about_objects(door: Door) -> Talk:
    return objects.hold(Talk(door))


@pytest.fixture(scope="session")
def about_pieces(door: Door) -> Talk:
    return objects.hold_pieces(Talk(door))
