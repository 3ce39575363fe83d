"""A served sandbox that has one of everything, and the SDK's client of it."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fmctl.sandbox.server import Server

from .jobs import CODE, ENGINE, job, upload_code
from .sdk_jobs import SpecialJobs
from .sdk_states import BEFORE, CHECKS, scaling
from .sdk_surface import Method
from .services_v2_world import group, service, unit

POOL = "pool0a1b2c3d"
POOL_FLAVOR = "modelarts.pool.visual.xlarge"
RAW = "DeleteTrainingJobResponse"  # a class without fields: the answer stays as it came
DEPLOYMENT = "main"
IN_DEPLOYMENTS = "/services/{id}/deployments/"
"""Below this path `name` is that of a deployment, or of what runs in it."""
NEVER_READY = {"cmd": "exec sleep 600", "files": []}
"""A unit whose deployment goes on as long as a test: what is refused meanwhile does not depend on the clock."""
NOTHING: Mapping[str, Any] = {}
NOT_IMPLEMENTED = "ModelArts.2858"
NO_SUCH_PATH = "ModelArts.2836"


class Verdict(StrEnum):
    """What came of calling a method."""

    WORKS = "works"
    REFUSED = "answers"  # with a documented error, as ModelArts would in this place
    NOT_IMPLEMENTED = "not implemented"
    NOT_ROUTED = "not routed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One call of one method of the SDK."""

    method: Method
    verdict: Verdict
    status: int
    code: str = ""
    message: str = ""
    request_id: str = ""
    writes: tuple[str, ...] = ()


class SdkWorld:
    """Makes requests that are plausible: their ids exist, their names are free, their folders hold something."""

    def __init__(self, server: Server) -> None:
        self._sandbox = server.sandbox
        self._numbers = itertools.count()
        self.client = sdk_client(server.info)
        self.user_id = server.sandbox.credentials.user_id
        upload_code(server.sandbox)
        self._ids: dict[str, str] = {}
        self.served: Mapping[str, Any] = {}
        """The ids of a service that answers, once somebody has needed one."""
        self._special = SpecialJobs(server.sandbox, self.make, lambda path: self.ask("GET", path))

    def name(self) -> str:
        """One that nothing has yet."""
        return f"sdk-{next(self._numbers)}"

    def call(self, method: Method) -> Outcome:
        """Call it by its own name; whatever is neither an answer nor an SDK error is raised as it is."""
        from huaweicloudsdkcore.exceptions.exceptions import ServiceResponseException

        known = {**self._known(), **self._special.known(method.name)}
        prepared = BEFORE[method.name](self) if method.name in BEFORE else NOTHING
        request = method.minimal({**known, **self._meant_in(method.path), **prepared})
        if method.name in BODIES:
            request.body = BODIES[method.name](self)
        before = len(self._sandbox.store.writes)
        try:
            answer = getattr(self.client, method.name)(request)
        except ServiceResponseException as error:
            verdict = VERDICTS.get(error.error_code, Verdict.REFUSED)
            code, message = str(error.error_code), str(error.error_msg)
            return Outcome(method, verdict, error.status_code, code, message, str(error.request_id or ""))
        if method.verb != "GET" or prepared is not NOTHING:
            self._ids = {}  # it may have been deleted, or has changed
        return Outcome(method, Verdict.WORKS, answer.status_code, writes=tuple(self._sandbox.store.writes[before:]))

    def _known(self) -> Mapping[str, Any]:
        """Values by the names of fields."""
        self._ids = self._ids or self._one_of_everything()
        names = {name: self.name() for name in ("name", "experiment_name", "job_name")}
        return {**PLAIN, **self._ids, **names, "user_id": self.user_id}

    def _meant_in(self, path: str) -> dict[str, str]:
        """What the same field of other paths is in this one."""
        meant = {
            IN_DEPLOYMENTS: {"name": DEPLOYMENT},
            "/services/clusters/": {"id": POOL},
            "/intranet-connection/": {"id": self.connection_id},
        }
        return next((values for part, values in meant.items() if part in path), {})

    def _one_of_everything(self) -> dict[str, str]:
        self.make("authorizations", authorization(self))
        self.job_id = self.make("training-jobs", job(self.name()))["metadata"]["id"]
        self.algorithm = self.make("algorithms", algorithm(self))["metadata"]
        experiment_id = self.make("training-experiments", {"metadata": {"name": self.name()}})["metadata"]["id"]
        workspace_id = self.make("workspaces", {"name": self.name()}, version=1)["id"]
        served = self.make("services", service(group(unit(**NEVER_READY)), name=self.name()))
        self.service_id = served["id"]
        self.deployment_id = served["version"]["instance_groups"][0]["id"]
        self.connection_id = self.make("intranet-connection", connection(self))["id"]
        self.key_id = self.make("services/api-keys", api_key(self))["key_id"]
        ids = {"training_job_id": self.job_id, "algorithm_id": self.algorithm["id"], "experiment_id": experiment_id}
        ids |= dict.fromkeys(("id", "service_id", "resource_id"), self.service_id)
        return ids | {"deployment_id": self.deployment_id, "key_id": self.key_id, "workspace_id": workspace_id}

    def make(self, path: str, body: Any, version: int = 2) -> Any:
        """Something new, which is no method of the SDK, or not one under test."""
        return self.ask("POST", path, body, version)

    def ask(self, verb: str, path: str, body: Any = None, version: int = 2) -> Any:
        """What the sandbox answers to a request that is no method of the SDK, or not one under test."""
        answer = self.client.do_http_request(
            verb,
            resource_path=f"/v{version}/{{project_id}}/{path}",
            header_params={"Content-Type": "application/json"},
            body=body,
            response_type=RAW,
        )
        return answer.to_json_object()


def sdk_client(info: Mapping[str, str], *, kind: Any = None, **changes: str) -> Any:
    """The SDK's client of a served sandbox, or another `kind` of it; further arguments make its credentials wrong."""
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkmodelarts.v1 import ModelArtsClient

    given = {**info, **changes}
    credentials = BasicCredentials(given["access_key"], given["secret_key"], given["project_id"])
    builder = (kind or ModelArtsClient).new_builder()
    return builder.with_credentials(credentials).with_endpoint(given["endpoint"]).build()


def algorithm(world: SdkWorld) -> dict[str, Any]:
    """A request for an algorithm that works."""
    return {
        "metadata": {"name": world.name(), "workspace_id": "0"},
        "job_config": {"code_dir": CODE, "boot_file": CODE + "train.py", "engine": dict(ENGINE)},
    }


def authorization(world: SdkWorld) -> dict[str, Any]:
    """A request that gives an agency to a user."""
    return {"user_id": world.name(), "type": "agency", "content": "modelarts_agency"}


def api_key(world: SdkWorld) -> dict[str, Any]:
    """A request for a key that opens the services that it is bound to."""
    return {"name": world.name(), "scope": "SERVICE"}


def connection(world: SdkWorld) -> dict[str, Any]:
    """A request for a way from a network to a service."""
    return {"service_id": world.service_id, "scene": "VPC", "vpc_id": world.name(), "subnet_id": "subnet"}


VERDICTS = {NOT_IMPLEMENTED: Verdict.NOT_IMPLEMENTED, NO_SUCH_PATH: Verdict.NOT_ROUTED}

PLAIN: Mapping[str, Any] = {
    "action_type": "terminate",
    "deployment_name": DEPLOYMENT,
    "flavor_id": POOL_FLAVOR,
    "kind": "job",
    "node_name": f"{POOL}-node-0",
    "pool_id": POOL,
    "pool_name": POOL,
    "report_type": "training-event",
    "task_id": "worker-0",
    "version": "1.0.0",
}

BODIES: Mapping[str, Callable[[SdkWorld], Any]] = {
    "batch_delete_infer_services": lambda world: {"service_ids": [world.service_id]},
    "batch_delete_training_job": lambda world: {"jobs": [{"kind": "job", "metadata": {"id": world.job_id}}]},
    "batch_bind_infer_api_keys": lambda world: {"key_ids": [{"key_id": world.key_id}]},
    "batch_unbind_infer_api_keys": lambda world: {"key_ids": [{"key_id": world.key_id}]},
    "create_infer_api_key": api_key,
    "create_infer_deployment": lambda world: group(unit(**NEVER_READY), name=world.name(), weight=0),
    "batch_delete_infer_intranet_connections": lambda world: {"intranet_connection_ids": [world.connection_id]},
    "create_infer_deployment_hpa": scaling,
    "create_infer_hra": lambda _: CHECKS,
    "create_infer_intranet_connection": connection,
    "modify_infer_intranet_connections": lambda _: {"custom_urls": ["https://a.example.com"]},
    "update_infer_hra": lambda _: {"workspace_id": "0", "hra_rules": []},
    "update_infer_intranet_connection": lambda _: {"action": "APPROVE"},
    "switch_infer_deployment_version": lambda world: {"infer_name": world.deployment_id},
    "update_infer_deployment_hpa": lambda _: {"hpa_rules": []},
    "create_infer_service": lambda world: service(group(unit(**NEVER_READY)), name=world.name()),
    "create_infer_temp_api_key": lambda _: {"expire_time": 1},
    "update_infer_deployment": lambda _: {"weight": 50},
    "update_infer_service": lambda _: {"version": "1.0.0", "description": "better"},
    "create_training_job": lambda world: job(world.name()),
    "create_algorithm": algorithm,
    "change_algorithm": lambda world: algorithm(world) | {"metadata": {"name": world.algorithm["name"]}},
    "create_authorization": authorization,
    "modify_training_quotas": lambda world: {
        "user_id": world.user_id,
        "quotas": [{"resource": "job-num", "quota": 5000}],
    },
    "update_workspace_quotas": lambda _: {"quotas": [{"resource": "exemlProject.gpu_duration", "quota": 1}]},
    "validate_authorization": lambda _: {"requests": [{"action": "modelarts:trainJob:list"}]},
    "notify_training_job_information": lambda _: {"type": "checkpoint"},
}
"""Bodies whose fields have to fit one another, which their classes cannot tell."""
