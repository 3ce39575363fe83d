"""What ModelArts has and the sandbox has not: refused with a reason, so that nobody takes it for a typing error.

Routes that exist elsewhere win over these: a path is matched by the most literal rule that takes its method.
"""

from collections.abc import Mapping, Sequence

from fmctl.sandbox.wire import Call, Reply, Route, unsupported

V1, V2 = "/v1/{project_id}", "/v2/{project_id}"

FAMILIES: Mapping[str, str] = {
    "/v1/auth-mode": "the sandbox has one user, who may do everything.",
    f"{V1}/authoring": "the sandbox has no development environments.",
    f"{V1}/clusters": "the sandbox has no edge nodes.",
    f"{V1}/dev-servers": "the sandbox has no servers to rent.",
    f"{V1}/events": "the sandbox has no resource pools that report events.",
    f"{V1}/images": "the sandbox has no images.",
    f"{V1}/networks": "the sandbox has no networks.",
    f"{V1}/nodeconfigtemplates": "the sandbox has no nodes to configure.",
    f"{V1}/notebooks": "the sandbox has no notebooks.",
    f"{V1}/orders": "nothing is bought in the sandbox.",
    f"{V1}/os-user-config": "the sandbox has no resource pools to configure.",
    f"{V1}/plugintemplates": "the sandbox has no plug-ins.",
    f"{V1}/pools": "the sandbox has one resource pool, which can be given no tags.",
    f"{V1}/quotas": "the sandbox has no quotas of resource pools.",
    f"{V1}/scheduled-events": "nothing is maintained in the sandbox.",
    f"{V1}/services/{{service_id}}/nodes": "the sandbox has no edge nodes.",
    f"{V1}/services/{{service_id}}/tasks": "the sandbox has no edge services.",
    f"{V2}/gallery-algorithm-publication": "the sandbox has no gallery.",
    f"{V2}/jobs": "the sandbox has no resource pools with jobs of their own.",
    f"{V2}/plugintemplates": "the sandbox has no plug-ins.",
    f"{V2}/workflows": "the sandbox has no workflows.",
}


def _family(path: str, reason: str) -> tuple[Route, Route]:
    def refuse(call: Call) -> Reply:
        raise unsupported(reason)

    return Route("*", path, refuse), Route("*", path + "/{rest...}", refuse)


ROUTES: Sequence[Route] = tuple(route for path, reason in FAMILIES.items() for route in _family(path, reason))
