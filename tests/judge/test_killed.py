"""fmctl is killed around each call that makes something: the next apply goes on from there."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable

import pytest

from .manifests import ONCE
from .server import CREATIONS, Judge
from .server.faults import Effect
from .server.wire import Connection, Reply
from .user import User

pytestmark = pytest.mark.usefixtures("swift")
POINTS = {"first run": ("jobs", 1), "second run": ("jobs", 2), "model": ("models", 1), "service": ("services", 1)}


class Killer:
    """Kills a program when its call arrives; what becomes of the call is another matter."""

    def __init__(self) -> None:
        self.victim: subprocess.Popen[str] | None = None

    def unanswered(self, connection: Connection, _answer: Reply) -> None:
        """Before anything is told."""
        self._strike()
        connection.drop()

    def answered(self, connection: Connection, answer: Reply) -> None:
        """Right after the answer was sent."""
        connection.send(answer)
        self._strike()

    def _strike(self) -> None:
        assert self.victim
        os.killpg(self.victim.pid, signal.SIGKILL)


MOMENTS: dict[str, tuple[Callable[[Killer], Effect], bool]] = {
    "before": (lambda killer: killer.unanswered, False),
    "after": (lambda killer: killer.unanswered, True),
    "answered": (lambda killer: killer.answered, True),
}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("point", POINTS)
def test_a_killed_apply_is_taken_up(user: User, judge: Judge, point: str, moment: str) -> None:
    """Whatever the call was and however far it came, everything is made once."""
    (kind, nth), (effect, carried_out) = POINTS[point], MOMENTS[moment]
    killer = Killer()
    judge.fault("POST", CREATIONS[kind], effect(killer), carried_out=carried_out, nth=(nth,))
    killer.victim = user.program("apply", "-f", str(user.folder))
    user.finish(killer.victim, code=-signal.SIGKILL)
    user.apply()

    assert ONCE == judge.posted


def test_a_killed_apply_is_taken_up_while_lists_lag(user: User, judge: Judge) -> None:
    """What the killed apply made is found though no list shows it yet."""
    judge.switches.lag = 2.0
    killer = Killer()
    judge.fault("POST", CREATIONS["services"], killer.unanswered)
    killer.victim = user.program("apply", "-f", str(user.folder))
    user.finish(killer.victim, code=-signal.SIGKILL)
    user.apply()

    assert ONCE == judge.posted
