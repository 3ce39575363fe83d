"""IAM: the one account, with its one user, project and region. All of it can be read, nothing changed.

GET /, /v3 · GET /v3/projects, /{id} · GET /v3/auth/projects, /domains, /catalog ·
GET /v3/users, /{id}, /{id}/projects · GET /v3/regions, /services, /endpoints, each with /{id} ·
GET /v3-ext/projects/{id} · GET /v3.0/OS-CREDENTIAL/credentials, /{access_key}
"""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from fmctl.sandbox.credentials import Credentials
from fmctl.sandbox.wire import Call, Reply, Route, keystone, route

Item = dict[str, Any]
SERVICES = ("iam", "modelarts", "object")
BORN = "2026-01-01T00:00:00.000000Z"


@route("GET", "/")
def list_versions(call: Call) -> Reply:
    """Which APIs there are: one. Nobody but the SDK, with its signature, comes here: the root is that of OBS."""
    return Reply(300, {"versions": {"values": [_version(call)]}})


@route("GET", "/v3", auth=False)
def show_version(call: Call) -> Reply:
    """Which API this is; anybody may know."""
    return Reply(200, {"version": _version(call)})


@route("GET", "/v3/projects")
def list_projects(call: Call) -> Reply:
    """The projects of the account, or the one of this name; the SDKs want exactly one."""
    owner = call.sandbox.credentials
    wanted = (call.query.get("name", owner.region), call.query.get("domain_id", owner.domain_id))
    trace = {"X-IAM-Trace-Id": f"token_{owner.region}_null_{uuid.uuid4().hex}"}
    found = [_project(owner)] if wanted == (owner.region, owner.domain_id) else []
    return Reply(200, _list(call, "projects", found), trace)


@route("GET", "/v3/auth/projects")
def list_auth_projects(call: Call) -> Reply:
    """The projects that the caller may use: the one there is."""
    return Reply(200, _list(call, "projects", [_project(call.sandbox.credentials)]))


@route("GET", "/v3/projects/{id}")
def show_project(call: Call) -> Reply:
    """One project."""
    return _one(call, "project", _project(call.sandbox.credentials))


@route("GET", "/v3-ext/projects/{id}")
def show_project_status(call: Call) -> Reply:
    """One project, and that it is well."""
    return _one(call, "project", _project(call.sandbox.credentials) | {"status": "normal"})


@route("GET", "/v3/auth/domains")
def list_domains(call: Call) -> Reply:
    """The one account that the caller belongs to."""
    owner = call.sandbox.credentials
    domain = {"id": owner.domain_id, "name": owner.domain, "enabled": True, "description": "", "links": {}}
    return Reply(200, _list(call, "domains", [domain]))


@route("GET", "/v3/users")
def list_users(call: Call) -> Reply:
    """The one user."""
    owner = call.sandbox.credentials
    found = [_user(owner)] if call.query.get("name", owner.user) == owner.user else []
    return Reply(200, _list(call, "users", found))


@route("GET", "/v3/users/{id}")
def show_user(call: Call) -> Reply:
    """The user, by the id."""
    return _one(call, "user", _user(call.sandbox.credentials))


@route("GET", "/v3/users/{id}/projects")
def list_user_projects(call: Call) -> Reply:
    """The projects of a user."""
    owner = call.sandbox.credentials
    if call.path["id"] != owner.user_id:
        return _unknown(call, "user")
    return Reply(200, _list(call, "projects", [_project(owner)]))


@route("GET", "/v3/auth/catalog")
def show_catalog(call: Call) -> Reply:
    """Where the services are, as a token says it too."""
    return Reply(200, _list(call, "catalog", catalog(call.sandbox.credentials, call.sandbox.endpoint)))


@route("GET", "/v3/regions")
def list_regions(call: Call) -> Reply:
    """The one region."""
    return Reply(200, _list(call, "regions", [_region(call.sandbox.credentials)]))


@route("GET", "/v3/regions/{id}")
def show_region(call: Call) -> Reply:
    """The region, by its id."""
    return _one(call, "region", _region(call.sandbox.credentials))


@route("GET", "/v3/services")
def list_services(call: Call) -> Reply:
    """What the sandbox offers."""
    return Reply(200, _list(call, "services", [_service(name) for name in SERVICES]))


@route("GET", "/v3/services/{id}")
def show_service(call: Call) -> Reply:
    """One service."""
    return _one(call, "service", *map(_service, SERVICES))


@route("GET", "/v3/endpoints")
def list_endpoints(call: Call) -> Reply:
    """Where it is offered: all of it at one address."""
    return Reply(200, _list(call, "endpoints", _endpoints(call)))


@route("GET", "/v3/endpoints/{id}")
def show_endpoint(call: Call) -> Reply:
    """One endpoint; it has the name of its service."""
    return _one(call, "endpoint", *_endpoints(call))


@route("GET", "/v3.0/OS-CREDENTIAL/credentials")
def list_permanent_keys(call: Call) -> Reply:
    """The one pair of keys, without its secret half."""
    return Reply(200, {"credentials": [_key(call.sandbox.credentials)]})


@route("GET", "/v3.0/OS-CREDENTIAL/credentials/{id}")
def show_permanent_key(call: Call) -> Reply:
    """The pair of keys, by its access key."""
    key = _key(call.sandbox.credentials)
    if call.path["id"] != key["access"]:
        return _unknown(call, "credential")
    return Reply(200, {"credential": key | {"last_use_time": ""}})


ROUTES: Sequence[Route] = (
    list_versions,
    show_version,
    list_projects,
    list_auth_projects,
    show_project,
    show_project_status,
    list_domains,
    list_users,
    show_user,
    list_user_projects,
    show_catalog,
    list_regions,
    show_region,
    list_services,
    show_service,
    list_endpoints,
    show_endpoint,
    list_permanent_keys,
    show_permanent_key,
)


def iso(seconds: float) -> str:
    """A time as IAM writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def catalog(owner: Credentials, endpoint: str) -> list[Item]:
    """The services and where they are: one address for all."""
    where = {"interface": "public", "region": owner.region, "region_id": owner.region, "url": endpoint}
    return [{"id": name, "name": name, "type": name, "endpoints": [{"id": name, **where}]} for name in SERVICES]


def _version(call: Call) -> Item:
    links = [{"rel": "self", "href": f"{call.sandbox.endpoint}/v3/"}]
    return {"id": "v3.6", "status": "stable", "updated": BORN, "links": links, "media-types": []}


def _list(call: Call, name: str, found: Sequence[Item]) -> Item:
    return {"links": {"self": call.request.base_url}, name: list(found)}


def _one(call: Call, name: str, *known: Item) -> Reply:
    """The one that the path names."""
    found = next((item for item in known if item["id"] == call.path["id"]), None)
    return Reply(200, {name: found}) if found else _unknown(call, name)


def _unknown(call: Call, name: str) -> Reply:
    return keystone(404, f"Could not find {name}: {call.path['id']}.")


def _project(owner: Credentials) -> Item:
    return {
        "id": owner.project_id,
        "name": owner.region,
        "domain_id": owner.domain_id,
        "parent_id": owner.domain_id,
        "enabled": True,
        "is_domain": False,
        "description": "",
        "links": {},
    }


def _user(owner: Credentials) -> Item:
    about = {"id": owner.user_id, "name": owner.user, "domain_id": owner.domain_id, "enabled": True, "description": ""}
    return about | {"access_mode": "default", "pwd_status": False, "password_expires_at": "", "links": {}}


def _region(owner: Credentials) -> Item:
    return {"id": owner.region, "type": "public", "description": "", "parent_region_id": "", "locales": {}, "links": {}}


def _service(name: str) -> Item:
    return {"id": name, "name": name, "type": name, "description": "", "enabled": True, "links": {}}


def _endpoints(call: Call) -> list[Item]:
    found = catalog(call.sandbox.credentials, call.sandbox.endpoint)
    return [{**service["endpoints"][0], "service_id": service["id"], "enabled": True, "links": {}} for service in found]


def _key(owner: Credentials) -> Item:
    about = {"access": owner.access_key, "user_id": owner.user_id, "status": "active"}
    return about | {"create_time": BORN, "description": ""}
