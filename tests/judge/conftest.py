"""A judge and a user for every test, and the verdict at its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .server import Judge
from .user import User


@pytest.fixture
def judge() -> Iterator[Judge]:
    """A platform without anything; at the end no call may have broken a rule of the reference."""
    made = Judge()
    yield made
    made.close()
    assert made.rules.violations == []


@pytest.fixture
def user(tmp_path: Path, judge: Judge) -> Iterator[User]:
    """Somebody with the manifests of the chain and a ledger in a folder; at the end no secret may lie anywhere."""
    made = User(tmp_path / "user", judge, tmp_path / "user" / "ledger")
    yield made
    assert made.leaks() == []


@pytest.fixture
def swift(judge: Judge) -> None:
    """Runs and models are done at once, for tests to which it does not matter how."""
    judge.switches.job_course, judge.switches.model_course = (0, 0, 0), (0, 0)


@pytest.fixture
def up(user: User, swift: None) -> User:
    """A user who has applied the chain."""
    user.apply()
    return user
