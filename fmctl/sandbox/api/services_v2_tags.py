"""Tags of services of the second generation. Endpoints, below /v2/{project_id}/modelarts-service-v2:

GET    /{resource_id}/tags
POST   /{resource_id}/tags/create
DELETE /{resource_id}/tags/delete
GET    /tags
POST   /resource-instances/filter
POST   /resource-instances/count
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fmctl.sandbox.api.services_v2_paging import MOST as MOST_AT_ONCE
from fmctl.sandbox.api.services_v2_paging import window
from fmctl.sandbox.models.checks import invalid
from fmctl.sandbox.services_v2 import rendering, shapes
from fmctl.sandbox.services_v2.records import BAD_BODY, changing, need
from fmctl.sandbox.services_v2.rules import Fields, flag, many, one_of, text, whole
from fmctl.sandbox.services_v2.state import SERVICES_V2
from fmctl.sandbox.wire import Call, Reply, Route, route

BASE = "/v2/{project_id}/modelarts-service-v2"
MOST = 20
TAGS = Fields({"tags": shapes.TAGS}, ["tags"])
KEYS = Fields({"tags": many(Fields({"key": text(most=128), "value": text()}, ["key"]))}, ["tags"])
SEARCH = Fields(
    {
        "tags": many(Fields({"key": text(), "values": many(text())}, ["key"])),
        "matches": many(Fields({"key": one_of("resource_name"), "value": text()}, ["key", "value"])),
        "without_any_tag": flag,
        "workspace_id": text(),
        "limit": whole(1, MOST_AT_ONCE),
        "offset": whole(0, 1 << 31),
    }
)


@route("GET", BASE + "/{service_id}/tags")
def show(call: Call) -> Reply:
    """The tags of one service."""
    return Reply(200, {"tags": _tags(need(call)["service"])})


@route("POST", BASE + "/{service_id}/tags/create")
def create(call: Call) -> Reply:
    """Add tags; a key that is there gets the new value."""
    tags = {tag["key"]: tag.get("value", "") for tag in TAGS(call.json(BAD_BODY))["tags"]}
    with changing(call) as document:
        if len(document["service"]["tags"] | tags) > MOST:
            raise invalid("tags", f"at most {MOST} for one service")
        document["service"]["tags"] |= tags
    return Reply(204)


@route("DELETE", BASE + "/{service_id}/tags/delete")
def delete(call: Call) -> Reply:
    """Remove tags by key; keys that are not there are no error."""
    keys = [tag["key"] for tag in KEYS(call.json(BAD_BODY))["tags"]]
    with changing(call) as document:
        for key in keys:
            document["service"]["tags"].pop(key, None)
    return Reply(204)


@route("GET", BASE + "/tags")
def list_tags(call: Call) -> Reply:
    """Every key in use, with its values."""
    values: dict[str, set[str]] = {}
    for service in _services(call, {}):
        for key, value in service["tags"].items():
            values.setdefault(key, set()).add(value)
    return Reply(200, {"tags": [{"key": key, "values": sorted(values[key])} for key in sorted(values)]})


@route("POST", BASE + "/resource-instances/filter")
def find(call: Call) -> Reply:
    """Services by their tags, a page of them."""
    search = SEARCH(call.json(BAD_BODY))
    limit, offset = window(call, **{name: search[name] for name in ("limit", "offset") if name in search})
    found = _services(call, search)
    shown = [
        {
            "resource_id": service["id"],
            "resource_name": service["name"],
            "resource_detail": {"create_at": rendering.iso(service["create_at"] / 1000)},
            "tags": _tags(service),
        }
        for service in found[offset : offset + limit]
    ]
    return Reply(200, {"resources": shown, "total_count": len(found)})


@route("POST", BASE + "/resource-instances/count")
def count(call: Call) -> Reply:
    """How many services there are with these tags."""
    return Reply(200, {"total_count": len(_services(call, SEARCH(call.json(BAD_BODY))))})


def _services(call: Call, search: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = [document["service"] for document in call.sandbox.store.find(SERVICES_V2, project=call.project_id)]
    workspace = search.get("workspace_id") or call.query.get("workspace_id")
    return [one for one in found if workspace in (None, one["workspace_id"]) and _fits(one, search)]


def _fits(service: Mapping[str, Any], search: Mapping[str, Any]) -> bool:
    tags = service["tags"]
    if search.get("without_any_tag"):
        return not tags
    wanted = search.get("tags", ())
    names = [match["value"] for match in search.get("matches", ())]
    return all(
        tag["key"] in tags and (not tag.get("values") or tags[tag["key"]] in tag["values"]) for tag in wanted
    ) and all(name.lower() in service["name"].lower() for name in names)


def _tags(service: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in service["tags"].items()]


ROUTES: Sequence[Route] = (show, create, delete, list_tags, find, count)
