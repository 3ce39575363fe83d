"""Whole conversations through Huawei's SDKs, each method by its own name, against a served sandbox."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from fmctl.sandbox.server import Server

from .conftest import login, running
from .jobs import CODE, ENGINE, job, upload_code
from .sdk_surface import sdk_home
from .sdk_world import RAW, sdk_client
from .test_model_service import FILES, until

Body = dict[str, Any]
SOURCE = """import argparse, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--out")
parser.add_argument("--epochs")
given = parser.parse_args()
pathlib.Path(given.out, "model.txt").write_text(given.epochs)
for number in range(3):
    print("epoch", number)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("talk")
    with sdk_home(folder), running(Server(folder / "state")) as made:
        upload_code(made.sandbox, SOURCE)
        yield made


@pytest.fixture(scope="module")
def iam(server: Server) -> Any:
    from huaweicloudsdkcore.auth.credentials import GlobalCredentials
    from huaweicloudsdkiam.v3 import IamClient

    info, owner = server.info, server.sandbox.credentials
    credentials = GlobalCredentials(info["access_key"], info["secret_key"], owner.domain_id)
    return IamClient.new_builder().with_credentials(credentials).with_endpoint(info["iam_endpoint"]).build()


def test_a_job_runs_to_its_end(client: Any, model: Any, server: Server) -> None:
    """Made of the SDK's own classes, it runs, and everything about it can be read with the SDK's own methods."""
    output = model.Output(name="out", remote=model.Remote(obs=model.RemoteObs(obs_url="/fmctl-demo/out/")))
    body = model.Job(
        kind="job",
        metadata=model.JobMetadata(name="whole", description="d", workspace_id="0"),
        algorithm=model.JobAlgorithm(
            code_dir=CODE,
            boot_file=CODE + "train.py",
            engine=model.JobEngine(**ENGINE),
            parameters=[model.Parameters(name="epochs", value="7")],
            outputs=[output],
            environments={"K": "V"},
        ),
        spec=model.Spec(
            resource=model.SpecResource(flavor_id="modelarts.vm.cpu.2u", node_count=1),
            log_export_path=model.LogExportPath(obs_url="/fmctl-demo/logs/"),
            auto_stop=model.AutoStop(time_unit="HOURS", duration=2),
        ),
    )
    job_id = client.create_training_job(model.CreateTrainingJobRequest(body=body)).metadata.id
    task = {"training_job_id": job_id, "task_id": "worker-0"}

    def shown() -> Any:
        return client.show_training_job_details(model.ShowTrainingJobDetailsRequest(training_job_id=job_id))

    until(lambda: shown().status.phase == "Completed")
    ended = shown()
    preview = client.show_training_job_logs_preview(model.ShowTrainingJobLogsPreviewRequest(**task))
    lines = client.show_training_job_logs_from_aom(
        model.ShowTrainingJobLogsFromAomRequest(**task, lines=500, order="asc")
    )
    events = client.list_training_job_events(
        model.ListTrainingJobEventsRequest(training_job_id=job_id, limit=50, offset=0, order="asc", level="Info")
    )
    stages = client.list_training_job_stages(model.ListTrainingJobStagesRequest(training_job_id=job_id))
    tasks = client.list_training_job_tasks(model.ListTrainingJobTasksRequest(training_job_id=job_id, schedule_count=1))
    metrics = client.show_training_job_metrics(model.ShowTrainingJobMetricsRequest(**task))

    assert "epoch 2" in preview.content
    assert preview.content.splitlines() == lines.content.splitlines()
    assert ("1", lines.lines) == (lines.start_line, int(lines.end_line))
    assert ("Training job is created.", "Training job completed.") == (
        events.events[0].message,
        events.events[-1].message,
    )
    assert ["scheduling", "preparing", "running", "end"] == [stage.name for stage in stages.running_records[0].stages]
    assert ["worker-0"] == [one["task"] for one in tasks.to_json_object()]
    assert metrics.status_code in (200, 204)
    assert (0, 2) == (ended.status.task_statuses[0].exit_code, ended.to_json_object()["spec"]["auto_stop"]["duration"])
    assert ended.status.duration > 0
    assert b"7" == server.sandbox.objects.get("fmctl-demo", "out/model.txt")


def test_an_algorithm_serves_a_job(client: Any, model: Any) -> None:
    """Created, listed, found, replaced, used by a job, and deleted."""
    config = model.AlgorithmJobConfig(
        code_dir=CODE,
        boot_file=CODE + "train.py",
        engine=model.AlgorithmCreateEngine(**ENGINE),
        parameters=[model.Parameters(name="epochs", value="1")],
        outputs=[model.AlgorithmCreateOutput(name="out")],
    )
    body = model.Algorithm(metadata=model.AlgorithmMetadata(name="alg", description="a"), job_config=config)
    algorithm_id = client.create_algorithm(model.CreateAlgorithmRequest(body=body)).metadata.id
    body.metadata.description = "b"
    client.change_algorithm(model.ChangeAlgorithmRequest(algorithm_id=algorithm_id, body=body))
    shown = client.show_algorithm_by_uuid(model.ShowAlgorithmByUuidRequest(algorithm_id=algorithm_id))
    listed = client.list_algorithms(model.ListAlgorithmsRequest(limit=50, offset=0, searches="name:al", order="asc"))
    channel = {"name": "out", "remote": {"obs": {"obs_url": "/fmctl-demo/out2/"}}}
    asked = job("of-algorithm", algorithm={"id": algorithm_id, "outputs": [channel]})
    made = client.create_training_job(model.CreateTrainingJobRequest(body=asked))
    client.delete_algorithm(model.DeleteAlgorithmRequest(algorithm_id=algorithm_id))
    left = client.list_algorithms(model.ListAlgorithmsRequest(limit=50, offset=0))

    assert ("b", [algorithm_id], []) == (
        shown.metadata.description,
        [item.metadata.id for item in listed.items],
        [item for item in left.items if item.metadata.id == algorithm_id],
    )
    assert (CODE + "train.py", "1") == (made.algorithm.boot_file, made.algorithm.parameters[0].value)


def test_an_experiment_gathers_jobs(client: Any, model: Any) -> None:
    """Created, checked for, joined, counted, renamed and deleted; its jobs stay."""
    metadata = model.TrainingExperimentRequestMetadata(name="sweep", description="d")
    request = model.CreateTrainingExperimentRequest(body=model.CreateTrainingExperimentRequestBody(metadata=metadata))
    experiment_id = client.create_training_experiment(request).metadata.id
    check = client.check_training_experiment(model.CheckTrainingExperimentRequest(experiment_name="sweep"))
    joined = job("in-sweep", metadata__training_experiment_reference={"id": experiment_id})
    made = client.create_training_job(model.CreateTrainingJobRequest(body=joined))
    one = {"experiment_id": experiment_id}
    shown = client.show_training_experiment_details(model.ShowTrainingExperimentDetailsRequest(**one))
    change = model.ChangeTrainingExperimentRequestBody(name="swept", description="")
    changed = client.change_training_experiment(model.ChangeTrainingExperimentRequest(**one, body=change))
    listed = client.list_training_experiments(model.ListTrainingExperimentsRequest(limit=50, offset=0))
    client.delete_training_experiment(model.DeleteTrainingExperimentRequest(**one))
    again = client.show_training_job_details(model.ShowTrainingJobDetailsRequest(training_job_id=made.metadata.id))

    assert (True, 1, "sweep") == (
        check.is_duplicate,
        shown.statistic.job_count,
        made.metadata.training_experiment_reference.name,
    )
    assert ("swept", [experiment_id], made.metadata.id) == (
        changed.name,
        [item.metadata.id for item in listed.items],
        again.metadata.id,
    )


def test_tags_find_jobs(client: Any, model: Any) -> None:
    """Put on, overwritten, listed, searched by, counted, and taken off with a body in a DELETE."""
    job_id = client.create_training_job(model.CreateTrainingJobRequest(body=job("tagged"))).metadata.id

    def put(value: str) -> Any:
        body = model.CreateTmsTagsRequest(tags=[model.TmsTag(key="team", value=value)])
        return client.create_train_job_tags(model.CreateTrainJobTagsRequest(training_job_id=job_id, body=body))

    put("vision")
    answer = put("speech")
    tags = [model.MutiValueTag(key="team", values=["speech"])]
    wanted = model.ResourceInstancesFilterReq(tags=tags)
    found = client.list_training_jobs_by_tags(model.ListTrainingJobsByTagsRequest(limit=10, offset=0, body=wanted))
    count = client.count_training_jobs_by_tags(model.CountTrainingJobsByTagsRequest(body=wanted))
    search = model.JobSearches(limit=50, offset=0, tags=[model.ListTagFilter(key="team", values=["speech"])])
    searched = client.list_training_jobs(model.ListTrainingJobsRequest(body=search))
    project = client.list_training_job_tags(model.ListTrainingJobTagsRequest())
    gone = model.DeleteTmsTagsRequest(tags=[model.TmsTag(key="team")])
    client.delete_train_job_tags(model.DeleteTrainJobTagsRequest(training_job_id=job_id, body=gone))
    left = client.show_train_job_tags(model.ShowTrainJobTagsRequest(training_job_id=job_id))

    assert 204 == answer.status_code
    assert ([job_id], 1, [job_id]) == (
        [one.resource_id for one in found.resources],
        count.total_count,
        [item.metadata.id for item in searched.items],
    )
    assert ([("team", ["speech"])], []) == ([(tag.key, tag.values) for tag in project.tags], left.tags)


def test_a_workspace_lives_through_the_sdk(client: Any, model: Any) -> None:
    """Created, listed, changed, used and deleted; then it is DELETING."""
    body = model.CreateWorkspaceReq(name="sdk-team", auth_type="PUBLIC")
    made = client.create_workspace(model.CreateWorkspaceRequest(body=body))
    one = {"workspace_id": made.id}
    client.update_workspace(model.UpdateWorkspaceRequest(**one, body=model.UpdateWorkspaceReq(description="better")))
    inside = job("inside", metadata__workspace_id=made.id)
    client.create_training_job(model.CreateTrainingJobRequest(body=inside))
    searches = [model.JobSearches(limit=50, offset=0, **where) for where in (one, {})]
    found = [client.list_training_jobs(model.ListTrainingJobsRequest(body=search)) for search in searches]
    listed = client.list_workspace(model.ListWorkspaceRequest(name="sdk-team"))
    client.delete_workspace(model.DeleteWorkspaceRequest(**one))
    shown = client.show_workspace(model.ShowWorkspaceRequest(**one))

    assert (32, "NORMAL", 1) == (len(made.id), made.status, listed.total_count)
    assert ("better", "DELETING") == (shown.description, shown.status)
    assert ["inside"] == [item.metadata.name for item in found[0].items]
    assert "inside" not in [item.metadata.name for item in found[1].items]


def test_authorizations_and_pools_are_understood(client: Any, model: Any) -> None:
    """The SDK's classes hold what the sandbox answers, as far as they fit the real service."""
    body = model.AuthorizationRequest(user_id="all", type="agency", content="modelarts_agency")
    client.create_authorization(model.CreateAuthorizationRequest(body=body))
    known = client.get_authorizations(model.GetAuthorizationsRequest())
    client.delete_authorizations(model.DeleteAuthorizationsRequest(user_id="all"))
    pools = client.list_pools(model.ListPoolsRequest())
    (pool,) = pools.items
    shown = client.show_pool(model.ShowPoolRequest(pool_name=pool.metadata.name))
    nodes = client.list_pool_nodes(model.ListPoolNodesRequest(pool_name=pool.metadata.name))
    workloads = client.list_workloads(model.ListWorkloadsRequest(pool_name=pool.metadata.name))

    assert [("all-users", "modelarts_agency")] == [(one.user_id, one.content) for one in known.auth]
    assert ("Running", 4, []) == (shown.status.phase, len(nodes.items), workloads.items)


def test_the_asynchronous_client_gets_the_same(server: Server, model: Any) -> None:
    """Its futures end with what the other client answers."""
    from huaweicloudsdkmodelarts.v1 import ModelArtsAsyncClient

    client = sdk_client(server.info, kind=ModelArtsAsyncClient)
    made = client.create_training_job_async(model.CreateTrainingJobRequest(body=job("later"))).result()
    one = {"training_job_id": made.metadata.id}
    calls = [
        client.show_training_job_details_async(model.ShowTrainingJobDetailsRequest(**one)),
        client.list_training_jobs_async(model.ListTrainingJobsRequest()),
        client.show_training_job_engines_async(model.ShowTrainingJobEnginesRequest()),
        client.list_training_job_events_async(model.ListTrainingJobEventsRequest(**one)),
        client.delete_training_job_async(model.DeleteTrainingJobRequest(**one)),
    ]
    shown, found, engines, events, deleted = [call.result() for call in calls]

    assert made.metadata.id == shown.metadata.id
    assert made.metadata.id in [item.metadata.id for item in found.items]
    assert (True, True, 202) == (engines.total > 0, bool(events.events), deleted.status_code)


def test_a_token_does_instead_of_a_signature(client: Any, model: Any, server: Server) -> None:
    """The SDK signs every request; a token may come along, and alone it is enough."""
    info = server.info
    token = httpx.post(info["iam_endpoint"] + "/v3/auth/tokens", json=login(server.sandbox)).headers["X-Subject-Token"]
    both = client.show_training_job_engines_invoker(model.ShowTrainingJobEnginesRequest())
    path = f"{info['endpoint']}/v2/{info['project_id']}/training-job-engines"
    alone = httpx.get(path, headers={"X-Auth-Token": token})

    assert both.add_header("X-Auth-Token", token).invoke().total == alone.json()["total"]


def test_iam_speaks_of_projects_domains_and_tokens(iam: Any, server: Server) -> None:
    """By the methods' own names: projects, domains, a token for a password, and what it says."""
    from huaweicloudsdkiam.v3 import model as v3

    info = server.info
    named = iam.keystone_list_projects(v3.KeystoneListProjectsRequest(name=info["region"])).projects
    other = iam.keystone_list_projects(v3.KeystoneListProjectsRequest(name="elsewhere")).projects
    mine = iam.keystone_list_auth_projects(v3.KeystoneListAuthProjectsRequest()).projects
    (domain,) = iam.keystone_list_auth_domains(v3.KeystoneListAuthDomainsRequest()).domains
    request = v3.KeystoneCreateUserTokenByPasswordRequest(body=login(server.sandbox), nocatalog="true")
    token = iam.keystone_create_user_token_by_password(request)
    checked = iam.keystone_validate_token(
        v3.KeystoneValidateTokenRequest(x_subject_token=token.x_subject_token, nocatalog="true")
    )

    assert [[info["project_id"]], [], [info["project_id"]]] == [
        [one.id for one in found] for found in (named, other, mine)
    ]
    assert (info["domain"], info["project_id"]) == (domain.name, token.token.project.id)
    assert token.token.expires_at == checked.token.expires_at


def test_iam_refuses_in_its_own_words(iam: Any, server: Server) -> None:
    """A wrong password, and a token that is none."""
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
    from huaweicloudsdkiam.v3 import model as v3

    wrong = v3.KeystoneCreateUserTokenByPasswordRequest(body=login(server.sandbox, password="guessed"))
    with pytest.raises(ClientRequestException) as password:
        iam.keystone_create_user_token_by_password(wrong)
    with pytest.raises(ClientRequestException) as token:
        iam.keystone_validate_token(v3.KeystoneValidateTokenRequest(x_subject_token="x.y"))

    assert [401, 404] == [caught.value.status_code for caught in (password, token)]
    assert all(caught.value.request_id and caught.value.error_msg for caught in (password, token))


class V1:
    """API v1 through the SDK's door for requests that it has no method for."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        answer = self._client.do_http_request(
            method,
            resource_path=f"/v1/{{project_id}}/{path}",
            query_params=list(query.items()),
            header_params={"Content-Type": "application/json"},
            body=body,
            response_type=RAW,
        )
        return answer.to_json_object()


def test_models_and_services_are_driven_through_the_sdk(client: Any, server: Server) -> None:
    """A model is published, a service deployed, asked, stopped and deleted; the model goes when nothing uses it."""
    call, info = V1(client), server.info
    for name, text in (FILES | {"config.json": json.dumps({"apis": [{"url": "/"}]})}).items():
        server.sandbox.objects.put("fmctl-demo", f"sdk-model/model/{name}", text.encode())
    body = {"model_name": "m", "model_version": "1.0.0", "model_type": "PyTorch"}
    model_id = call("POST", "models", body | {"source_location": "/fmctl-demo/sdk-model"})["model_id"]
    until(lambda: call("GET", f"models/{model_id}")["model_status"] == "published")
    element = {"model_id": model_id, "weight": "100", "specification": "modelarts.vm.cpu.2u", "instance_count": 1}
    wanted = {"service_name": "s", "infer_type": "real-time", "config": [element]}
    service_id = call("POST", "services", wanted)["service_id"]
    path = f"services/{service_id}"
    until(lambda: call("GET", path)["status"] == "running")
    shown = call("GET", path)
    answer = httpx.post(shown["access_address"], json={"x": 5}, headers=token(server)).json()
    used = call("DELETE", f"models/{model_id}", cascade="false")["delete_failed_list"]
    described = call("PUT", path, {"description": "better"})
    scaled = call(
        "PUT",
        f"{path}/property",
        {"changed_property": "instance_count", "configs": [{"model_id": model_id, "changed_value": "2"}]},
    )
    until(lambda: call("GET", path)["status"] == "running")
    logs = call("GET", f"{path}/logs")["logs"]
    stopped = call("PUT", path, {"status": "stopped"})
    until(lambda: call("GET", path)["status"] == "stopped")
    listed = call("GET", "services", service_name="s", limit=10)
    call("DELETE", path)
    until(lambda: call("GET", "services")["total_count"] == 0)
    deleted = call("DELETE", f"models/{model_id}")

    assert ({"result": 15}, info["endpoint"]) == (answer, shown["access_address"].partition("/v1")[0])
    assert ([("ModelArts.3009", model_id)], {}) == ([(one["error_code"], one["model_id"]) for one in used], described)
    assert ({}, ["SUCCESS", "SUCCESS"]) == (stopped, [log["result"] for log in logs])
    assert logs[0]["update_time"] == scaled["update_time"]
    assert (1, "better", [model_id]) == (
        listed["total_count"],
        listed["services"][0]["description"],
        deleted["delete_success_list"],
    )


def token(server: Server) -> dict[str, str]:
    """A header that the gateway of a service accepts."""
    answer = httpx.post(server.info["iam_endpoint"] + "/v3/auth/tokens", json=login(server.sandbox))
    return {"X-Auth-Token": answer.headers["X-Subject-Token"]}
