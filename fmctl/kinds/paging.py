"""Walking the lists of ModelArts: searches page by page, v1 lists by record, both to a short page.

Sources: training API, "list training jobs" (limit 1-50, ``offset`` is a page index; one reference says item);
models and services v1 (limit up to 1000, ``offset`` worded as a page but counted in records).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fmctl.domain.ports import Api
from fmctl.kinds.reading import Item, items_of

SEARCH_LIMIT = 50
LIST_LIMIT = 1000
NAMES_PER_FILTER = 10
IDLE_PAGES = 2  # so many full pages without anything new, and the server does not count as we do


def search(api: Api, filters: Sequence[Mapping[str, Any]] = ()) -> Iterator[tuple[int, list[Item]]]:
    """Pages of jobs, oldest first, each with the number of matches; ends at a short page, or where nothing is new."""
    seen: set[str] = set()
    by_item = False
    page = idle = 0
    while True:
        answer = _search_page(api, filters, page * SEARCH_LIMIT if by_item else page)
        items = items_of(answer, "items", lambda item: item["metadata"]["id"])
        ids = {item["metadata"]["id"]: item for item in items}  # pages may overlap, and rows may come twice
        fresh = [item for id, item in ids.items() if id not in seen]
        seen.update(ids)
        yield int(answer.get("count") or answer.get("total") or len(items)), fresh
        idle = 0 if fresh else idle + 1
        if len(items) < SEARCH_LIMIT or idle == IDLE_PAGES:
            return
        if page == 1 and len(fresh) == 1 and not by_item:
            by_item = True  # page 1 repeats page 0 but for one row: offset counts items, so page 1 is still to come
        else:
            page += 1


def _search_page(api: Api, filters: Sequence[Mapping[str, Any]], offset: int) -> Item:
    body = {
        "offset": offset,
        "limit": SEARCH_LIMIT,
        "sort_by": "create_time",
        "order": "asc",
        "workspace_id": api.workspace,
        "filters": list(filters),
    }
    answer: Item = api.call("POST", "/v2/{project_id}/training-job-searches", body=body, safe=True)
    return answer


def listing(api: Api, path: str, key: str, id_key: str, **query: str | int) -> Iterator[Item]:
    """Every item of a v1 list, once, whichever way the server counts ``offset``."""
    seen: set[str] = set()
    offset, by_page = 0, False
    while True:
        asked: dict[str, str | int | bool] = {
            "workspace_id": api.workspace,
            "limit": LIST_LIMIT,
            "offset": offset,
            **query,
        }
        answer = api.call("GET", path, query=asked)
        items = items_of(answer, key, lambda item: item[id_key])
        before = len(seen)
        for item in items:
            if item[id_key] not in seen:
                seen.add(item[id_key])
                yield item
        total = int(answer.get("total_count") or 0)
        if len(seen) >= total and len(items) < LIST_LIMIT:
            return
        if len(seen) == before:  # the end, rows that count twice, or an offset that counts pages
            if by_page or offset == 0:
                return
            by_page, offset = True, 0
        offset = offset + 1 if by_page else len(seen)
