"""Paging: whatever a server makes of limits, offsets and totals, every row is seen once, and asking comes to an end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from fmctl.kinds.paging import listing, search

Row = dict[str, Any]
Answer = Callable[[int, int], Mapping[str, Any]]
MOST_CALLS = 20


@dataclass
class Lists:
    """Implements ``domain.ports.Api`` for one list: ``answer`` is asked for an offset and a limit."""

    answer: Answer
    project_id: str = "p"
    workspace: str = "0"
    calls: int = 0

    def call(self, _method: str, _path: str, *, query: Any = None, body: Any = None, safe: bool = False) -> Any:
        self.calls += 1
        assert self.calls <= MOST_CALLS, "it never ends"
        given = query or body
        return self.answer(int(given["offset"]), int(given["limit"]))


def jobs(count: int) -> list[Row]:
    return [{"metadata": {"id": f"job-{number}"}} for number in range(count)]


def models(count: int) -> list[Row]:
    return [{"model_id": f"model-{number}"} for number in range(count)]


def searched(answer: Answer) -> list[str]:
    return [item["metadata"]["id"] for _, items in search(Lists(answer)) for item in items]


def listed(answer: Answer) -> list[str]:
    return [item["model_id"] for item in listing(Lists(answer), "/models", "models", "model_id")]


def by_page(rows: Sequence[Row], most: int) -> Callable[[int, int], Sequence[Row]]:
    def page(offset: int, limit: int) -> Sequence[Row]:
        size = min(limit, most)
        return rows[offset * size : (offset + 1) * size]

    return page


def by_row(rows: Sequence[Row], most: int) -> Callable[[int, int], Sequence[Row]]:
    return lambda offset, limit: rows[offset : offset + min(limit, most)]


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 100, 101, 240])
@pytest.mark.parametrize("how", [by_page, by_row])
def test_a_search_sees_every_job_once(how: Callable[..., Any], count: int) -> None:
    """Its offset counts pages or rows, as the server likes."""
    rows = how(jobs(count), 50)

    assert [f"job-{number}" for number in range(count)] == searched(lambda o, n: {"items": rows(o, n), "total": count})


@pytest.mark.parametrize("most", [50, 1000])
@pytest.mark.parametrize("count", [0, 1, 50, 51, 240])
@pytest.mark.parametrize("how", [by_page, by_row])
def test_a_list_gives_every_item_once(how: Callable[..., Any], count: int, most: int) -> None:
    """Its offset counts pages or rows, and its pages may be shorter than they were asked for."""
    rows = how(models(count), most)
    found = listed(lambda o, n: {"models": rows(o, n), "total_count": count})

    assert [f"model-{number}" for number in range(count)] == found


def test_rows_that_come_twice_count_once() -> None:
    """In one page, and in a total that counts them twice."""
    twice = [row for row in jobs(20) for _ in range(2)]
    doubled = [row for row in models(4) for _ in range(2)]

    assert 20 == len(searched(lambda o, _: {"items": twice if o == 0 else [], "total": 40}))
    assert 4 == len(listed(lambda o, _: {"models": doubled[o:], "total_count": 8}))


def test_a_server_that_does_not_know_offsets_is_not_asked_for_ever() -> None:
    """What brings nothing new is the end."""
    assert 50 == len(searched(lambda *_: {"items": jobs(50), "total": 5000}))
    assert 10 == len(listed(lambda *_: {"models": models(10), "total_count": 5000}))


def test_a_total_that_is_too_low_hides_nothing() -> None:
    """A full page is followed by another look, whatever the total says."""
    rows = by_row(models(1500), 1000)

    assert 1500 == len(listed(lambda o, n: {"models": rows(o, n), "total_count": 0}))
