"""Every conversation is held once with each site through each client; the tests only look at what was said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox.sdk_surface import sdk_home

from . import jobs as job_talk
from . import sites
from .doors import DOORS, Door
from .site import Site
from .talk import Talk

SITES = {"sandbox": sites.sandbox, "judge": sites.judge}


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
def jobs(door: Door) -> Talk:
    """What was said about jobs."""
    return job_talk.hold(Talk(door))
