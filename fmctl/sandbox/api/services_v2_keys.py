"""API keys of services of the second generation. Endpoints, below /v2/{project_id}/services:

POST   /api-keys                    (the only answer that holds the key itself)
GET    /api-keys
DELETE /api-keys/{key_id}
POST   /api-keys/temp
POST   /{service_id}/api-keys/{key_id}/bind, /unbind
POST   /{service_id}/api-keys/batch-bind, /batch-unbind
"""

from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.api.services_v2_paging import page
from fmctl.sandbox.models.checks import invalid
from fmctl.sandbox.services_v2 import keys
from fmctl.sandbox.services_v2.keys import KEYS, Key
from fmctl.sandbox.services_v2.records import BAD_BODY, need
from fmctl.sandbox.services_v2.rules import Fields, many, one_of, text, whole
from fmctl.sandbox.services_v2.state import SERVICES_V2
from fmctl.sandbox.services_v2.unit_shapes import NAMED
from fmctl.sandbox.wire import Call, Reply, Route, WireError, route

BASE = "/v2/{project_id}/services"
NO_SUCH_KEY = "ModelArts.3502"
EXISTS = "ModelArts.3503"
NEW = Fields(
    {"name": NAMED, "description": text(most=256, without="!<>=&'\""), "scope": one_of("USER", "SERVICE")},
    ["name", "scope"],
)
NEW_TEMPORARY = Fields({"expire_time": whole(1, 24), "workspace_id": text()}, ["expire_time"])
BATCH = Fields({"key_ids": many(Fields({"key_id": text()}, ["key_id"]), most=10)}, ["key_ids"])


@route("POST", BASE + "/api-keys")
def create(call: Call) -> Reply:
    """A key for all services of the user, or for those that it is bound to."""
    body = NEW(call.json(BAD_BODY))
    with call.sandbox.store.transaction():
        if call.sandbox.store.find(KEYS, project=call.project_id, name=body["name"]):
            raise WireError(409, EXISTS, f"The API key name {body['name']} exists already.")
        key, secret = keys.create(call.sandbox, call.project_id, body)
    return Reply(200, _shown(call, key) | {"api_key": secret})


@route("GET", BASE + "/api-keys")
def list_keys(call: Call) -> Reply:
    """Keys without what makes them keys, the newest first."""
    found = [_shown(call, key) for key in call.sandbox.store.find(KEYS, project=call.project_id)]
    return page(call, [key for key in found if _fits(call, key)][::-1])


@route("DELETE", BASE + "/api-keys/{key_id}")
def delete(call: Call) -> Reply:
    """It opens nothing from now on."""
    with call.sandbox.store.transaction():
        key = _need(call, call.path["key_id"])
        call.sandbox.store.delete(KEYS, key["key_id"])
    return Reply(200, _shown(call, key))


@route("POST", BASE + "/api-keys/temp")
def create_temporary(call: Call) -> Reply:
    """A key that nobody has to delete."""
    hours = NEW_TEMPORARY(call.json(BAD_BODY))["expire_time"]
    return Reply(200, keys.create_temporary(call.sandbox, call.project_id, hours))


@route("POST", BASE + "/{service_id}/api-keys/{key_id}/bind")
def bind(call: Call) -> Reply:
    """The key opens this service, too."""
    return Reply(200, _rebind(call, call.path["key_id"], bound=True))


@route("POST", BASE + "/{service_id}/api-keys/{key_id}/unbind")
def unbind(call: Call) -> Reply:
    """The key does not open this service any more."""
    return Reply(200, _rebind(call, call.path["key_id"], bound=False))


@route("POST", BASE + "/{service_id}/api-keys/batch-bind")
def batch_bind(call: Call) -> Reply:
    """Bind several keys; what cannot be bound is told beside what could."""
    return _batch(call, bound=True)


@route("POST", BASE + "/{service_id}/api-keys/batch-unbind")
def batch_unbind(call: Call) -> Reply:
    """The opposite of batch-bind."""
    return _batch(call, bound=False)


def _batch(call: Call, *, bound: bool) -> Reply:
    done, failed = [], []
    ids = [entry["key_id"] for entry in BATCH(call.json(BAD_BODY))["key_ids"]]
    need(call)
    for key_id in ids:
        try:
            done.append(_rebind(call, key_id, bound=bound))
        except WireError as error:
            failed.append({"key_id": key_id, "error_code": error.code, "error_msg": error.message})
    counts = {"total": len(ids), "success_count": len(done), "failure_count": len(failed)}
    return Reply(200, counts | {"success_items": done, "failure_items": failed})


def _rebind(call: Call, key_id: str, *, bound: bool) -> dict[str, Any]:
    with call.sandbox.store.transaction():
        service_id = need(call)["service"]["id"]
        key = _need(call, key_id)
        if key["scope"] != "SERVICE":
            raise invalid("key_id", f"{key['name']} is for all services of the user and cannot be bound")
        others = [one for one in key["services"] if one != service_id]
        if bound is (service_id in key["services"]):
            raise invalid("key_id", f"{key['name']} is bound to the service already" if bound else "it is not bound")
        key["services"] = [*others, service_id] if bound else others
        keys.put(call.sandbox, key)
    return _shown(call, key)


def _need(call: Call, key_id: str) -> Key:
    key = call.sandbox.store.get(KEYS, key_id)
    if key is None or key["project_id"] != call.project_id:
        raise WireError(404, NO_SUCH_KEY, f"The API key {key_id} does not exist.")
    return key


def _shown(call: Call, key: Key) -> dict[str, Any]:
    found = [call.sandbox.store.get(SERVICES_V2, one) for one in key["services"]]
    services = [{"id": one["service"]["id"], "name": one["service"]["name"]} for one in found if one]
    return {name: value for name, value in key.items() if name != "digest"} | {"services": services}


def _fits(call: Call, key: dict[str, Any]) -> bool:
    query, services = call.query, key["services"]
    is_for_all = key["scope"] == "USER" and query.get("with_user_scope") == "true"
    return (
        all(key[name] == query[name] for name in ("scope", "key_id", "workspace_id") if query.get(name))
        and query.get("name", "") in key["name"]
        and (is_for_all or query.get("service_id") in (None, *(one["id"] for one in services)))
        and (is_for_all or query.get("service_name") in (None, *(one["name"] for one in services)))
    )


ROUTES: Sequence[Route] = (create, list_keys, delete, create_temporary, bind, unbind, batch_bind, batch_unbind)
