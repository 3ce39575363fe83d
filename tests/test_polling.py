"""When the executor looks next, and when it gives up looking."""

from __future__ import annotations

from itertools import pairwise

import pytest

from fmctl.domain.problem import ApiError, FmctlError, NoAnswer, StorageError
from fmctl.polling import FIRST_LOOK, GROWTH, SLOWEST_LOOK, TROUBLE_SECONDS, Poller


def delays(poller: Poller, looks: int, now: float = 1000.0) -> list[float]:
    """The pauses between looks when nothing moves."""
    poller.wake(now, moved=True)
    found = []
    for _ in range(looks):
        found.append(poller.due - now)
        now = poller.due
        poller.looked(now)
    return found


def test_looks_get_rarer_to_a_limit() -> None:
    """Half a second at first, each pause half as long again, never over 15 s."""
    found = delays(Poller(), 20)

    assert FIRST_LOOK == found[0]
    assert all(later == pytest.approx(min(sooner * GROWTH, SLOWEST_LOOK)) for sooner, later in pairwise(found))
    assert SLOWEST_LOOK == found[-1]


def test_what_moved_is_looked_at_soon() -> None:
    """A new phase brings the next look near; a mere look at what rests does not."""
    poller = Poller()
    delays(poller, 20)
    due, now = poller.due, poller.due - 10
    poller.wake(now, moved=False)
    unmoved = poller.due
    poller.wake(now, moved=True)

    assert due == unmoved
    assert now + FIRST_LOOK == poller.due


@pytest.mark.parametrize("error", [NoAnswer("reset"), ApiError("busy", status=429), StorageError("gone")])
def test_trouble_is_borne_for_five_minutes(error: FmctlError) -> None:
    """Looking that fails is tried again for five minutes, counted from the first failure since the last answer."""
    poller = Poller()
    first = [poller.gives_up(error, 0.0), poller.gives_up(error, TROUBLE_SECONDS)]
    poller.well()

    assert [False, False] == first
    assert not poller.gives_up(error, TROUBLE_SECONDS + 1.0)
    assert poller.gives_up(error, 2 * TROUBLE_SECONDS + 2.0)


def test_who_may_not_look_gives_up_at_once() -> None:
    """Credentials that are refused do not come right by waiting."""
    assert Poller().gives_up(ApiError("no", status=403), 0.0)
