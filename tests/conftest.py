"""What the tests of the core share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from world import World, new_world

settings.register_profile("fmctl", deadline=None)  # how fast a machine is says nothing about a rule
settings.load_profile("fmctl")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", action="store_true", help="write tests/cases, and cassettes of a real ModelArts, anew")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """fmctl connected to a fresh sandbox in this process."""
    with new_world(tmp_path) as made:
        yield made
