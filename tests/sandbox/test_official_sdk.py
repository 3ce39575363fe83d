"""ModelArts and IAM as Huawei's own Python SDKs see them, over a socket."""

from pathlib import Path
from typing import Any

import pytest

from fmctl.sandbox.server import Server

from .jobs import ENGINE, job, upload_code

PAGE = {"limit": 50, "offset": 0, "sort_by": "create_time", "order": "asc"}


@pytest.fixture
def client(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("HOME", str(tmp_path))  # the SDK keeps an id of its installation there
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkmodelarts.v1 import ModelArtsClient

    info = server.info
    credentials = BasicCredentials(info["access_key"], info["secret_key"], info["project_id"])
    upload_code(server.sandbox)
    return ModelArtsClient.new_builder().with_credentials(credentials).with_endpoint(info["endpoint"]).build()


def test_a_job_lives_through_the_sdk(client: Any) -> None:
    """The SDK creates, finds, describes, tags, stops and deletes a job, and understands every answer."""
    from huaweicloudsdkmodelarts.v1 import model

    made = client.create_training_job(model.CreateTrainingJobRequest(body=job("sdk-job")))
    job_id = made.metadata.id
    shown = client.show_training_job_details(model.ShowTrainingJobDetailsRequest(training_job_id=job_id))
    search = model.JobSearches(filters=[{"key": "name", "operator": "like", "value": ["sdk"]}], **PAGE)
    found = client.list_training_jobs(model.ListTrainingJobsRequest(body=search))
    everything = client.list_training_jobs(model.ListTrainingJobsRequest())
    update = model.JobUpdateRequestBody(description="déjà vu")
    client.change_training_job_description(
        model.ChangeTrainingJobDescriptionRequest(training_job_id=job_id, body=update)
    )
    tags = {"tags": [{"key": "team", "value": "vision"}]}
    client.create_train_job_tags(model.CreateTrainJobTagsRequest(training_job_id=job_id, body=tags))
    tagged = client.show_train_job_tags(model.ShowTrainJobTagsRequest(training_job_id=job_id))
    client.delete_train_job_tags(model.DeleteTrainJobTagsRequest(training_job_id=job_id, body=tags))
    untagged = client.show_train_job_tags(model.ShowTrainJobTagsRequest(training_job_id=job_id))
    again = client.show_training_job_details(model.ShowTrainingJobDetailsRequest(training_job_id=job_id))
    client.delete_training_job(model.DeleteTrainingJobRequest(training_job_id=job_id))

    assert (made.status.phase, shown.algorithm.engine.engine_version) == ("Creating", ENGINE["engine_version"])
    assert [[item.metadata.id for item in page.items] for page in (found, everything)] == [[job_id], [job_id]]
    assert again.metadata.description == "déjà vu"
    assert ([tag.key for tag in tagged.tags], untagged.tags) == (["team"], [])


def test_a_job_is_stopped_through_the_sdk(client: Any) -> None:
    """Terminate answers with the job, already in phase Terminating."""
    from huaweicloudsdkmodelarts.v1 import model

    made = client.create_training_job(model.CreateTrainingJobRequest(body=job("sdk-stop")))
    action = model.JobActionType(action_type="terminate")
    stopped = client.stop_training_job(model.StopTrainingJobRequest(training_job_id=made.metadata.id, body=action))

    assert stopped.status.phase == "Terminating"


def test_errors_keep_code_and_request_id(client: Any) -> None:
    """An unknown job is a client error with the documented code and a request id."""
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
    from huaweicloudsdkmodelarts.v1 import model

    with pytest.raises(ClientRequestException) as caught:
        client.show_training_job_details(model.ShowTrainingJobDetailsRequest(training_job_id="a/b c"))
    with pytest.raises(ClientRequestException) as missing:
        client.show_training_job_details(model.ShowTrainingJobDetailsRequest(training_job_id="none"))

    assert (caught.value.status_code, caught.value.error_code) == (404, "ModelArts.2836")
    assert (missing.value.status_code, missing.value.error_code) == (400, "ModelArts.2775")
    assert missing.value.request_id


def test_the_catalogues_are_understood(client: Any) -> None:
    """Engines, flavors, quotas and the name check come as the SDK's own types."""
    from huaweicloudsdkmodelarts.v1 import model

    engines = client.show_training_job_engines(model.ShowTrainingJobEnginesRequest())
    flavors = client.show_training_job_flavors(model.ShowTrainingJobFlavorsRequest(flavor_type="CPU"))
    quotas = client.show_training_quotas(model.ShowTrainingQuotasRequest(resource="job-num"))
    check = client.validate_training_job_name(model.ValidateTrainingJobNameRequest(job_name="free", workspace_id="0"))

    assert {"PyTorch", "MindSpore", "TensorFlow"} == {engine.engine_name for engine in engines.items}
    assert "modelarts.vm.cpu.2u" in [flavor.flavor_id for flavor in flavors.flavors]
    assert (quotas.quotas[0].used, check.is_duplicate) == (0, False)


def test_logs_and_events_are_understood(client: Any) -> None:
    """A log that is not there yet is no error; events come with their times."""
    from huaweicloudsdkmodelarts.v1 import model

    made = client.create_training_job(model.CreateTrainingJobRequest(body=job("sdk-log")))
    where = {"training_job_id": made.metadata.id}
    log = client.show_training_job_logs_preview(model.ShowTrainingJobLogsPreviewRequest(task_id="worker-0", **where))
    events = client.list_training_job_events(model.ListTrainingJobEventsRequest(**where))
    tasks = client.list_training_job_tasks(model.ListTrainingJobTasksRequest(**where))

    assert (log.status_code, log.content) == (204, None)
    assert events.events[0].time.endswith("+08:00")
    assert tasks.status_code == 200


def test_iam_is_understood(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The IAM SDK finds the project by name and gets a token for the password."""
    monkeypatch.setenv("HOME", str(tmp_path))
    from huaweicloudsdkcore.auth.credentials import GlobalCredentials
    from huaweicloudsdkiam.v3 import IamClient, model

    info = server.info
    owner = server.sandbox.credentials
    credentials = GlobalCredentials(info["access_key"], info["secret_key"], owner.domain_id)
    iam = IamClient.new_builder().with_credentials(credentials).with_endpoint(info["iam_endpoint"]).build()
    projects = iam.keystone_list_projects(model.KeystoneListProjectsRequest(name=info["region"])).projects
    user = model.PwdPasswordUser(
        domain=model.PwdPasswordUserDomain(name=info["domain"]), name=info["user"], password=info["password"]
    )
    auth = model.PwdAuth(
        identity=model.PwdIdentity(methods=["password"], password=model.PwdPassword(user=user)),
        scope=model.AuthScope(project=model.AuthScopeProject(name=info["region"])),
    )
    body = model.KeystoneCreateUserTokenByPasswordRequestBody(auth=auth)
    token = iam.keystone_create_user_token_by_password(model.KeystoneCreateUserTokenByPasswordRequest(body=body))

    assert [project.id for project in projects] == [info["project_id"]]
    assert token.x_subject_token
    assert token.token.project.id == info["project_id"]


def test_a_region_is_enough(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the sandbox as a region's endpoint the SDK finds the project by itself."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HUAWEICLOUD_SDK_REGION_MODELARTS_SANDBOX", server.info["endpoint"])
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkmodelarts.v1 import ModelArtsClient, model
    from huaweicloudsdkmodelarts.v1.region.modelarts_region import ModelArtsRegion

    info = server.info
    credentials = BasicCredentials(info["access_key"], info["secret_key"]).with_iam_endpoint(info["iam_endpoint"])
    region = ModelArtsRegion.value_of("sandbox")
    client = ModelArtsClient.new_builder().with_credentials(credentials).with_region(region).build()

    assert client.show_training_job_engines(model.ShowTrainingJobEnginesRequest()).total
