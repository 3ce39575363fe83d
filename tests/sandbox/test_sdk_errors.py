"""Conversations that go wrong, as Huawei's SDK sees them: the documented status and code, and always a request id."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fmctl.sandbox.server import Server

from .conftest import running
from .jobs import job, upload_code
from .sdk_surface import sdk_home
from .sdk_world import RAW, sdk_client

Body = dict[str, Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("errors")
    with sdk_home(folder), running(Server(folder / "state")) as made:
        upload_code(made.sandbox)
        yield made


def refused(call: Callable[[], Any]) -> tuple[int, str]:
    """Status and code of the error that the SDK raises; it must carry the id of the request."""
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

    with pytest.raises(ClientRequestException) as caught:
        call()
    assert re.fullmatch(r"[0-9a-f]{32}", caught.value.request_id)
    assert caught.value.error_msg
    return caught.value.status_code, str(caught.value.error_code).removeprefix("ModelArts.")


def search(client: Any, **body: Any) -> Any:
    from huaweicloudsdkmodelarts.v1 import model

    return client.list_training_jobs(model.ListTrainingJobsRequest(body=body))


def create(client: Any, body: Body) -> Any:
    from huaweicloudsdkmodelarts.v1 import model

    return client.create_training_job(model.CreateTrainingJobRequest(body=body))


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"access_key": "SOMEBODYELSE"}, (401, "APIGW.0301")),
        ({"secret_key": "guessed"}, (401, "APIGW.0301")),
        ({"project_id": "0" * 32}, (404, "2786")),
        ({"project_id": "a/b"}, (404, "2836")),
    ],
)
def test_strangers_are_refused(server: Server, wrong: dict[str, str], expected: tuple[int, str]) -> None:
    """A wrong access key, a wrong signature, another project: nobody learns more than that."""
    assert expected == refused(lambda: search(sdk_client(server.info, **wrong)))


@pytest.mark.parametrize("minutes", [-16, 16])
def test_old_and_future_signatures_are_refused(client: Any, minutes: int) -> None:
    """A signature is good for a quarter of an hour, whichever clock is wrong."""
    from huaweicloudsdkmodelarts.v1 import model

    when = (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y%m%dT%H%M%SZ")
    call = client.show_training_job_engines_invoker(model.ShowTrainingJobEnginesRequest()).add_header

    assert (401, "APIGW.0301") == refused(lambda: call("X-Sdk-Date", when).invoke())


def test_a_client_that_forgot_its_project_is_refused(server: Server) -> None:
    """Without a project id the SDK sends the name of the parameter itself; that is no crash."""
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkmodelarts.v1 import ModelArtsClient

    info = server.info
    credentials = BasicCredentials(info["access_key"], info["secret_key"])
    lost = ModelArtsClient.new_builder().with_credentials(credentials).with_endpoint(info["endpoint"]).build()

    assert (404, "2786") == refused(lambda: search(lost))


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("show_training_job_details", (400, "2775")),
        ("delete_training_job", (400, "2775")),
        ("stop_training_job", (400, "2775")),
        ("change_training_job_description", (400, "2775")),
        ("batch_delete_training_job", (400, "2775")),
        ("list_training_job_events", (400, "2775")),
        ("list_training_job_stages", (400, "2775")),
        ("list_training_job_tasks", (400, "2775")),
        ("show_training_job_logs_preview", (400, "2775")),
        ("show_training_job_logs_from_aom", (400, "2775")),
        ("show_training_job_metrics", (400, "2775")),
        ("show_ft_detail", (400, "2775")),
        ("create_train_job_tags", (400, "2775")),
        ("show_train_job_tags", (400, "2775")),
        ("create_save_image_job", (400, "2775")),
        ("show_algorithm_by_uuid", (400, "2755")),
        ("delete_algorithm", (400, "2755")),
        ("show_training_experiment_details", (400, "2842")),
        ("change_training_experiment", (400, "2842")),
        ("delete_training_experiment", (400, "2842")),
        ("show_workspace", (400, "7005")),
        ("update_workspace", (400, "7005")),
        ("delete_workspace", (400, "7005")),
        ("show_pool", (404, "2890")),
        ("list_pool_nodes", (404, "2890")),
    ],
)
def test_unknown_ids_have_their_codes(client: Any, method: str, expected: tuple[int, str]) -> None:
    """What does not exist is a 400 with a code of its own kind, or a 404 where that is documented."""
    from .sdk_surface import methods

    (operation,) = [one for one in methods() if one.name == method]
    request = operation.minimal({"action_type": "terminate"})

    assert expected == refused(lambda: getattr(client, method)(request))


def test_names_are_taken_once(client: Any) -> None:
    """A second job, algorithm or experiment of a name is refused, each with its own code."""
    from huaweicloudsdkmodelarts.v1 import model

    config = {name: job()["algorithm"][name] for name in ("code_dir", "boot_file", "engine")}
    algorithm = model.CreateAlgorithmRequest(body={"metadata": {"name": "twice"}, "job_config": config})
    experiment = model.CreateTrainingExperimentRequest(body={"metadata": {"name": "twice"}})
    calls = [
        lambda: create(client, job("twice")),
        lambda: client.create_algorithm(algorithm),
        lambda: client.create_training_experiment(experiment),
    ]
    for call in calls:
        call()

    assert [(400, "2751"), (400, "2821"), (400, "2841")] == [refused(call) for call in calls]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", 1),
        ("metadata", []),
        ("spec", "big"),
        ("algorithm", [{}]),
        ("endpoints", {"ssh": {"key_pair_names": "one"}}),
    ],
)
def test_wrong_types_are_named(client: Any, field: str, value: Any) -> None:
    """A value of another type than documented is refused, not guessed at."""
    assert (400, "2825") == refused(lambda: create(client, job("typed") | {field: value}))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"limit": 0}, "2764"),
        ({"limit": 51}, "2764"),
        ({"offset": -1}, "2764"),
        ({"sort_by": "colour"}, "2790"),
        ({"order": "up"}, "2790"),
        ({"filters": ["x"]}, "2789"),
        ({"filters": [{"key": "colour", "value": ["x"]}]}, "2807"),
        ({"filters": [{"key": "name", "operator": "rhymes", "value": ["x"]}]}, "2808"),
        ({"filters": [{"key": "name", "operator": "between", "value": ["x", "y"]}]}, "2808"),
        ({"filters": [{"key": "name", "value": "x"}]}, "2809"),
        ({"filters": [{"key": "name", "value": ["x"] * 11}]}, "2809"),
        ({"filters": [{"key": "create_time", "operator": "between", "value": ["x", "y"]}]}, "2809"),
    ],
)
def test_searches_are_checked(client: Any, body: Body, expected: str) -> None:
    """Page, order, filters: each has its own code."""
    assert (400, expected) == refused(lambda: search(client, **body))


def test_what_has_ended_cannot_be_stopped(client: Any, server: Server) -> None:
    """Stopping twice is a conflict, so is starting again, and an unknown action is a mistake."""
    from huaweicloudsdkmodelarts.v1 import model

    job_id = create(client, job("stopped")).metadata.id

    def act(action: str) -> Any:
        body = model.JobActionType(action_type=action)
        return client.stop_training_job(model.StopTrainingJobRequest(training_job_id=job_id, body=body))

    act("terminate")

    answers = [refused(partial(act, action)) for action in ("terminate", "restart", "pause")]
    assert [(409, "2796"), (409, "2813"), (400, "2812")] == answers


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "models/none", None, (404, "3001")),
        ("DELETE", "models/none", None, (404, "3001")),
        ("POST", "models", {}, (400, "3036")),
        ("POST", "models", {"model_name": "a b", "model_version": "1.0.0", "model_type": "PyTorch"}, (400, "3037")),
        ("POST", "models", {"model_name": 1}, (400, "3037")),
        ("GET", "models?limit=x", None, (400, "3037")),
        ("GET", "services/none", None, (404, "3502")),
        ("PUT", "services/none", {"status": "running"}, (404, "3502")),
        ("PUT", "services/none", {}, (400, "3610")),
        ("DELETE", "services/none", None, (404, "3502")),
        ("POST", "services", {}, (400, "3036")),
        ("GET", "services/none/logs", None, (404, "3502")),
        ("GET", "nonsense", None, (404, "2836")),
        ("PATCH", "models", {}, (405, "2803")),
    ],
)
def test_models_and_services_answer_in_kind(
    client: Any, method: str, path: str, body: Body | None, expected: tuple[int, str]
) -> None:
    """API v1, through the SDK's own door for requests that it has no method for."""
    path, _, query = path.partition("?")
    call = {
        "resource_path": f"/v1/{{project_id}}/{path}",
        "query_params": [tuple(query.split("="))] if query else [],
        "header_params": {"Content-Type": "application/json"},
        "body": body,
        "response_type": RAW,
    }

    assert expected == refused(lambda: client.do_http_request(method, **call))


def test_a_body_that_is_no_json_is_refused(client: Any) -> None:
    """Broken JSON has a code of its own."""
    call = {
        "resource_path": "/v2/{project_id}/training-jobs",
        "header_params": {"Content-Type": "application/json"},
        "body": "{",
        "response_type": RAW,
    }

    assert (400, "2787") == refused(lambda: client.do_http_request("POST", **call))


def test_errors_of_the_asynchronous_client_are_the_same(server: Server) -> None:
    """Its futures raise what the other client raises."""
    from huaweicloudsdkmodelarts.v1 import ModelArtsAsyncClient, model

    client = sdk_client(server.info, kind=ModelArtsAsyncClient)
    request = model.ShowTrainingJobDetailsRequest(training_job_id="none")

    assert (400, "2775") == refused(lambda: client.show_training_job_details_async(request).result())


def test_a_strict_sandbox_asks_for_an_agency(tmp_path: Path) -> None:
    """403 until ModelArts was authorized, by the SDK's own method."""
    from huaweicloudsdkmodelarts.v1 import model

    with sdk_home(tmp_path), running(Server(tmp_path / "state", require_authorization=True)) as strict:
        upload_code(strict.sandbox)
        client = sdk_client(strict.info)
        before = refused(lambda: create(client, job()))
        agency = client.create_model_arts_agency(model.CreateModelArtsAgencyRequest(body={})).to_json_object()
        body = {"user_id": "all", "type": "agency", "content": agency["agency_name"]}
        client.create_authorization(model.CreateAuthorizationRequest(body=body))

        assert ((403, "2785"), 201) == (before, create(client, job()).status_code)
