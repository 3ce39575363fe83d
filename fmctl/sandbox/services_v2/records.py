"""How a request finds a service, a deployment, a version or an instance, and puts a service back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fmctl.sandbox.services_v2 import state, units
from fmctl.sandbox.services_v2.state import SERVICES_V2, Deployment, Document
from fmctl.sandbox.services_v2.supervision import ServicesV2
from fmctl.sandbox.wire import Call, WireError

NOT_FOUND = "ModelArts.3502"
BAD_BODY = "ModelArts.0104"
ALL = "all"


def services_of(call: Call) -> ServicesV2:
    """The component."""
    return call.sandbox.part(ServicesV2)


def need(call: Call, service_id: str | None = None) -> Document:
    """The stored service, the one in the path or another, or 404."""
    wanted = call.path["service_id"] if service_id is None else service_id
    document = call.sandbox.store.get(SERVICES_V2, wanted)
    if document is None or document["service"]["project"] != call.project_id:
        raise WireError(404, NOT_FOUND, f"The service {wanted} does not exist.")
    return document


def need_deployment(call: Call, document: Document) -> Deployment:
    """The deployment in the path, by its id or its name: the SDK has the one in some places and the other in others."""
    wanted = call.path["deployment"]
    found: Deployment | None = next(
        (one for one in document["deployments"] if wanted in (one["id"], one["name"])), None
    )
    if found is None:
        raise WireError(404, NOT_FOUND, f"The service has no deployment {wanted}.")
    return found


def every_deployment(call: Call, document: Document) -> list[Deployment]:
    """All deployments when the path says so, otherwise the one in the path."""
    is_all = call.path["deployment"] == ALL and all(one["name"] != ALL for one in document["deployments"])
    return list(document["deployments"]) if is_all else [need_deployment(call, document)]


def need_version(call: Call, deployment: Deployment) -> Document:
    """The version in the path, by its number or its id."""
    wanted = call.path["version"]
    found: Document | None = next(
        (one for one in deployment["versions"] if wanted in (one["id"], one["version"])), None
    )
    if found is None:
        raise WireError(404, NOT_FOUND, f"The deployment {deployment['name']} has no version {wanted}.")
    return found


def need_instance(call: Call, deployment: Deployment) -> int:
    """The number of the instance in the path."""
    found = units.ordinal_of(deployment, deployment["plan"], call.path["instance"])
    if found is None:
        raise WireError(404, NOT_FOUND, f"The deployment {deployment['name']} has no instance {call.path['instance']}.")
    return found


@contextmanager
def changing(call: Call) -> Iterator[Document]:
    """A service that is stored again when the block ends without an error."""
    with call.sandbox.store.transaction():
        document = need(call)
        yield document
        state.put(call.sandbox, document)
