"""Every field of a job request, as the SDK's own classes list them, with values of every type: no answer of the
sandbox may break the SDK that reads it. `int("")` is an error that no user of the SDK expects."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from fmctl.sandbox import Sandbox, ScriptedRunner, VirtualClock

from .conftest import login
from .jobs import Jobs, full_job, job, upload_code
from .sdk_surface import sdk_home

VALUES = ("", "x", 1, -1, 1.5, True, [], [None], [""], {}, {"k": 1}, None)
Place = tuple[str | int, ...]


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    sandbox = Sandbox(tmp_path_factory.mktemp("types"), clock=VirtualClock(), runner=ScriptedRunner())
    upload_code(sandbox)
    with httpx.Client(transport=httpx.WSGITransport(sandbox.wsgi), base_url="http://x") as client:
        client.headers["X-Auth-Token"] = client.post("/v3/auth/tokens", json=login(sandbox)).headers["X-Subject-Token"]
        yield Jobs(client, sandbox.credentials.project_id)
    sandbox.close()


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client that reads answers; it is connected to nothing."""
    with sdk_home(tmp_path_factory.mktemp("home")):
        from huaweicloudsdkcore.auth.credentials import BasicCredentials
        from huaweicloudsdkmodelarts.v1 import ModelArtsClient

        credentials = BasicCredentials("ak", "sk", "p")
        yield ModelArtsClient.new_builder().with_credentials(credentials).with_endpoint("http://127.0.0.1").build()


def fields(kind: str, at: Place = (), depth: int = 0) -> Iterator[Place]:
    """The path of every field of a model of the SDK, those of its inner models included."""
    from huaweicloudsdkmodelarts.v1 import model

    for name, inner in getattr(model, kind).openapi_types.items():
        path = (*at, getattr(model, kind).attribute_map[name])
        yield path
        item = re.sub(r"list\[(.+)\]", r"\1", inner)
        if hasattr(model, item) and depth < 8:
            yield from fields(item, (*path, 0) if item != inner else path, depth + 1)


def placed(body: Any, path: Place, value: Any) -> Any:
    """The body with the value at the path; what is missing on the way is made."""
    if not path:
        return value
    first, rest = path[0], path[1:]
    if first == 0:
        return [placed(body[0] if isinstance(body, list) and body else {}, rest, value)]
    inner = body if isinstance(body, dict) else {}
    return inner | {first: placed(inner.get(first), rest, value)}


def test_no_answer_about_a_job_breaks_the_sdk(jobs: Jobs, sdk: Any) -> None:
    """Whatever a field of the request holds, it is refused, or the SDK can read the job that was made of it."""
    answers = 0
    for number, path in enumerate(fields("Job")):
        for index, value in enumerate(VALUES):
            body = placed(full_job(f"j{number}-{index}"), path, value)
            response = jobs.create(body)
            assert response.status_code < 500, (path, value, response.text)
            sdk.deserialize(response, "CreateTrainingJobResponse", None)
            answers += response.status_code == 201

    assert answers > 300


def test_no_answer_about_an_algorithm_breaks_the_sdk(jobs: Jobs, sdk: Any) -> None:
    """Whatever a field of the request holds, it is refused, or the SDK can read the algorithm that was made of it."""
    answers = 0
    for number, path in enumerate(fields("Algorithm")):
        for index, value in enumerate(VALUES):
            config = {name: job()["algorithm"][name] for name in ("code_dir", "boot_file", "engine")}
            body = {"metadata": {"name": f"a{number}-{index}"}, "job_config": config}
            response = jobs.request("POST", "algorithms", placed(body, path, value))
            assert response.status_code < 500, (path, value, response.text)
            sdk.deserialize(response, "CreateAlgorithmResponse", None)
            answers += response.status_code == 201

    assert answers > 100


def test_what_the_server_fills_in_is_its_own(jobs: Jobs) -> None:
    """Fields that the API does not know, and those that the server decides, are ignored in a request."""
    sent = full_job("own")
    sent["spec"] |= {"is_hosted_log": "x", "resource": sent["spec"]["resource"] | {"flavor_detail": "", "policy": 7}}
    sent["metadata"] |= {"id": "mine", "create_time": "", "user_name": 1, "unknown": 1}
    made = jobs.create(sent).json()

    assert made["metadata"]["id"] != "mine"
    assert "unknown" not in made["metadata"]
    assert (made["spec"]["is_hosted_log"], made["spec"]["resource"]["policy"]) == (True, "regular")
    assert made["spec"]["resource"]["flavor_detail"]["flavor_type"] == "Ascend"
    assert isinstance(made["metadata"]["create_time"], int)
