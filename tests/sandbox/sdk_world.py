"""A served sandbox that has one of everything, and the SDK's client of it."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fmctl.sandbox.server import Server

from .jobs import CODE, ENGINE, job, upload_code
from .sdk_surface import Method

POOL = "pool0a1b2c3d"
POOL_FLAVOR = "modelarts.pool.visual.xlarge"
RAW = "DeleteTrainingJobResponse"  # a class without fields: the answer stays as it came
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

    def name(self) -> str:
        """One that nothing has yet."""
        return f"sdk-{next(self._numbers)}"

    def call(self, method: Method) -> Outcome:
        """Call it by its own name; whatever is neither an answer nor an SDK error is raised as it is."""
        from huaweicloudsdkcore.exceptions.exceptions import ServiceResponseException

        request = method.minimal(self._known())
        if method.name in BODIES:
            request.body = BODIES[method.name](self)
        before = len(self._sandbox.store.writes)
        try:
            answer = getattr(self.client, method.name)(request)
        except ServiceResponseException as error:
            verdict = VERDICTS.get(error.error_code, Verdict.REFUSED)
            code, message = str(error.error_code), str(error.error_msg)
            return Outcome(method, verdict, error.status_code, code, message, str(error.request_id or ""))
        if method.verb != "GET":
            self._ids = {}  # it may have been deleted
        return Outcome(method, Verdict.WORKS, answer.status_code, writes=tuple(self._sandbox.store.writes[before:]))

    def _known(self) -> Mapping[str, Any]:
        """Values by the names of fields."""
        self._ids = self._ids or self._one_of_everything()
        names = {name: self.name() for name in ("name", "experiment_name", "job_name")}
        return {**PLAIN, **self._ids, **names, "user_id": self.user_id}

    def _one_of_everything(self) -> dict[str, str]:
        self.make("authorizations", authorization(self))
        job_id = self.make("training-jobs", job(self.name()))["metadata"]["id"]
        self.algorithm = self.make("algorithms", algorithm(self))["metadata"]
        experiment_id = self.make("training-experiments", {"metadata": {"name": self.name()}})["metadata"]["id"]
        workspace_id = self.make("workspaces", {"name": self.name()}, version=1)["id"]
        ids = {"training_job_id": job_id, "algorithm_id": self.algorithm["id"], "experiment_id": experiment_id}
        return ids | {"id": job_id, "workspace_id": workspace_id}

    def make(self, path: str, body: Any, version: int = 2) -> Any:
        """What the sandbox answers to a POST that is no method of the SDK, or not one under test."""
        answer = self.client.do_http_request(
            "POST",
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


VERDICTS = {NOT_IMPLEMENTED: Verdict.NOT_IMPLEMENTED, NO_SUCH_PATH: Verdict.NOT_ROUTED}

PLAIN: Mapping[str, Any] = {
    "action_type": "terminate",
    "flavor_id": POOL_FLAVOR,
    "kind": "job",
    "pool_id": POOL,
    "pool_name": POOL,
    "report_type": "training-event",
    "task_id": "worker-0",
}

BODIES: Mapping[str, Callable[[SdkWorld], Any]] = {
    "create_training_job": lambda world: job(world.name()),
    "create_algorithm": algorithm,
    "change_algorithm": lambda world: algorithm(world) | {"metadata": {"name": world.algorithm["name"]}},
    "create_authorization": authorization,
    "modify_training_quotas": lambda world: {
        "user_id": world.user_id,
        "quotas": [{"resource": "job-num", "quota": 5000}],
    },
    "notify_training_job_information": lambda _: {"type": "checkpoint"},
}
"""Bodies whose fields have to fit one another, which their classes cannot tell."""
