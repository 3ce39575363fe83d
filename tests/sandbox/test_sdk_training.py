"""What Huawei's SDK is told about jobs: every field that it can send, every run, event, quota and place."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from fmctl.sandbox.server import Server

from .conftest import running
from .jobs import CODE, job, upload_code
from .sdk_surface import sdk_home
from .sdk_world import POOL, POOL_FLAVOR
from .test_model_service import until

ENDED = ("Completed", "Failed", "Abnormal", "Terminated")
ANNOTATIONS = {
    "fault-tolerance/job-retry-num": "3",
    "fault-tolerance/hang-retry": "true",
    "jupyter-lab/enable": "true",
    "record/code-dir": "/fmctl-demo/record/",
    "own": "x",
}
AFFINITY = {
    "affinity_type": "cabinet",
    "job_level": "cluster",
    "affinity_group_size": 1,
    "affinity_group_level": "hyperinstance",
    "node_affinity": {
        "nodeSelectorTerms": [
            {
                "matchExpressions": [{"key": "k", "operator": "In", "values": ["a"]}],
                "matchFields": [{"key": "f", "operator": "Exists", "values": []}],
            }
        ]
    },
}
CONSTRAINT = {
    "type": "Float",
    "editable": True,
    "required": False,
    "sensitive": False,
    "valid_type": "Range",
    "valid_range": ["0", "1"],
}
EVENTS = ["JobStarted", "JobCompleted", "JobFailed", "JobTerminated", "JobRestarted", "JobHanged", "JobPreempted"]


NODES = """
import os, pathlib, time
print('node', os.environ['VC_TASK_INDEX'], flush=True)
met = pathlib.Path({!r})
if os.environ['VC_TASK_INDEX'] == '1':
    met.touch()
while os.environ['VC_WORKER_NUM'] != '1' and not met.exists():
    time.sleep(0.01)
if os.environ['VC_TASK_INDEX'] == '1':
    time.sleep(60)
met.unlink(missing_ok=True)
raise SystemExit(4)
"""
"""The first of two nodes fails, when both have told their number."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("training")
    with sdk_home(folder), running(Server(folder / "state")) as made:
        upload_code(made.sandbox, NODES.format(str(folder / "met")))
        yield made


def whole(name: str) -> dict[str, Any]:
    """A request with every field that a job of its own code can have."""
    return job(
        name,
        metadata__description="all of it: 全部",
        metadata__annotations=dict(ANNOTATIONS),
        algorithm__local_code_dir="/home/ma-user/modelarts/user-job-dir",
        algorithm__working_dir="/home/ma-user/work",
        algorithm__parameters=[
            {
                "name": "lr",
                "value": "0.10",
                "description": "rate",
                "constraint": dict(CONSTRAINT),
                "i18n_description": {"language": "zh", "description": "学习率"},
            }
        ],
        algorithm__inputs=[
            {
                "name": "data_url",
                "description": "in",
                "local_dir": "/home/ma-user/in",
                "access_method": "env",
                "remote": {"obs": {"obs_url": "obs://fmctl-demo/code/"}},
                "remote_constraint": [{"data_type": "obs", "attributes": "x"}],
            }
        ],
        algorithm__outputs=[
            {
                "name": "train_url",
                "description": "out",
                "local_dir": "/home/ma-user/out",
                "access_method": "parameter",
                "remote": {"obs": {"obs_url": "/fmctl-demo/whole/"}},
            }
        ],
        algorithm__environments={"K": "V", "_u": "1"},
        spec__resource={"pool_id": POOL, "flavor_id": POOL_FLAVOR, "node_count": 2},
        spec__volumes=[
            {"nfs": {"nfs_server_path": "1.2.3.4:/", "local_path": "/mnt/a", "read_only": False}},
            {"pfs": {"pfs_path": "/fmctl-demo/p", "local_path": "/mnt/b"}},
            {"obs": {"obs_path": "/fmctl-demo/o", "local_path": "/mnt/c"}},
        ],
        spec__log_export_path={"obs_url": "/fmctl-demo/logs/", "host_path": "/h"},
        spec__log_export_config={"version": "v1", "rotation_enabled": False},
        spec__auto_stop={"time_unit": "HOURS", "duration": 2},
        spec__retention={"policy": "enabled"},
        spec__reserved_time={"time_unit": "HOURS", "duration": 3},
        spec__runtime_type="debug",
        spec__schedule_policy={"priority": 2, "preemptible": True, "required_affinity": dict(AFFINITY)},
        spec__notification={"topic_urn": "urn:smn:sandbox:topic", "events": list(EVENTS)},
        spec__custom_metrics=[{"exec": {"command": ["a", "b"]}}, {"http_get": {"path": "/m", "port": 9}}],
        endpoints={"ssh": {"key_pair_names": ["k"]}},
    )


def lost(sent: Any, got: Any, where: str = "") -> list[str]:
    """Where what was sent is not in what came back."""
    if isinstance(sent, dict):
        return [
            place
            for key, value in sent.items()
            for place in (lost(value, got[key], f"{where}.{key}") if key in got else [f"{where}.{key}"])
        ]
    if isinstance(sent, list) and len(sent) == len(got):
        return [place for at, pair in enumerate(zip(sent, got, strict=True)) for place in lost(*pair, f"{where}[{at}]")]
    return [] if sent == got else [where]


def test_every_field_comes_back(client: Any, model: Any) -> None:
    """In the answer to the creation, and when the job is shown, as it was sent."""
    sent = whole("whole")
    made = client.create_training_job(model.CreateTrainingJobRequest(body=json.loads(json.dumps(sent))))
    shown = client.show_training_job_details(model.ShowTrainingJobDetailsRequest(training_job_id=made.metadata.id))

    assert [] == lost(sent, made.to_json_object())
    assert [] == lost(sent, shown.to_json_object())


def test_what_can_change_is_changed(client: Any, model: Any) -> None:
    """Description, notification, schedule, keys and the annotation, whose key is singular here; the rest stays."""
    sent = whole("changed")
    job_id = client.create_training_job(model.CreateTrainingJobRequest(body=sent)).metadata.id
    body = model.JobUpdateRequestBody(
        description="",
        spec=model.JobUpdateRequestBodySpec(
            notification=model.Notification(topic_urn="urn:2", events=["JobFailed"]),
            schedule_policy=model.JobUpdateRequestBodySpecSchedulePolicy(priority=3, preemptible=False),
        ),
        endpoints=model.JobEndpointsReq(ssh=model.SSHReq(key_pair_names=["other"])),
        metadata=model.JobUpdateRequestBodyMetadata(annotation={"jupyter-lab/enable": "false"}),
    )
    request = model.ChangeTrainingJobDescriptionRequest(training_job_id=job_id, body=body)
    answer = client.change_training_job_description(request)
    shown = client.show_training_job_details(model.ShowTrainingJobDetailsRequest(training_job_id=job_id))

    assert 200 == answer.status_code
    assert [
        ".metadata.description",
        ".metadata.annotations.jupyter-lab/enable",
        ".spec.schedule_policy.priority",
        ".spec.schedule_policy.preemptible",
        ".spec.notification.topic_urn",
        ".spec.notification.events",
        ".endpoints.ssh.key_pair_names[0]",
    ] == lost(sent, shown.to_json_object())


@pytest.fixture(scope="module")
def restarted(client: Any, model: Any) -> Any:
    """The id of a job of two nodes that has failed twice."""
    resource = {"flavor_id": "modelarts.vm.cpu.8u", "node_count": 2}
    retries = {"fault-tolerance/job-retry-num": "1"}
    body = job("restarted", metadata__annotations=retries, spec__resource=resource)
    job_id = client.create_training_job(model.CreateTrainingJobRequest(body=body)).metadata.id
    request = model.ShowTrainingJobDetailsRequest(training_job_id=job_id)
    until(lambda: client.show_training_job_details(request).status.phase in ENDED)
    return job_id


def test_every_run_is_told(client: Any, model: Any, restarted: str) -> None:
    """Runs with their recoveries, stages and tasks, in the SDK's own classes; their times are seconds."""
    status = client.show_training_job_details(model.ShowTrainingJobDetailsRequest(training_job_id=restarted)).status
    stages = client.list_training_job_stages(model.ListTrainingJobStagesRequest(training_job_id=restarted))
    request = model.ListTrainingJobTasksRequest(training_job_id=restarted, schedule_count=2)
    tasks = client.list_training_job_tasks(request).to_json_object()
    first, second = status.running_records

    assert ("Failed", ["worker-0", "worker-1"]) == (status.phase, status.tasks)
    assert ("job_reschedule", None) == (first.end_recover, second.end_recover)
    assert ["success", "quotaExceeded"] == [
        recovery.recover_result for run in (first, second) for recovery in run.recover_records
    ]
    assert abs(first.start_at - status.start_time / 1000) <= 1
    assert [(1, 4), (2, 4)] == [(record.record_order, len(record.stages)) for record in stages.running_records]
    assert [("worker-0", 2), ("worker-1", 2)] == [(task["task"], task["schedule_count"]) for task in tasks]


def test_every_task_has_its_log_and_measures(client: Any, model: Any, restarted: str) -> None:
    """Each node printed its number in both runs; six series are measured of each."""
    for number in range(2):
        one = {"training_job_id": restarted, "task_id": f"worker-{number}"}
        preview = client.show_training_job_logs_preview(model.ShowTrainingJobLogsPreviewRequest(**one))
        metrics = client.show_training_job_metrics(model.ShowTrainingJobMetricsRequest(**one)).metrics

        assert 2 == preview.content.count(f"\nnode {number}\n")
        assert preview.full_size == len(preview.content.encode())
        assert 6 == len({series.metric for series in metrics if series.value})


def test_events_are_asked_for_in_many_ways(client: Any, model: Any, restarted: str) -> None:
    """By language, text, level and page."""

    def told(**wanted: Any) -> list[str]:
        request = model.ListTrainingJobEventsRequest(training_job_id=restarted, **{"order": "asc", **wanted})
        return [event.message for event in client.list_training_job_events(request).events]

    assert ["JobRestarted: the training job failed and is restarted (1 of 1)."] == told(pattern="JobRestarted")
    assert ["JobRestarted：训练作业失败，正在重启（第 1 次，共 1 次）。"] == told(pattern="重启", x_language="zh-cn")
    assert ["Training job failed."] == told(level="Error")
    assert told()[2:4] == told(limit=2, offset=1)


def test_quotas_hold_as_soon_as_they_are_set(client: Any, model: Any, server: Server) -> None:
    """Also below what there is; switches and addresses travel along."""
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

    def put(**quotas: int) -> Any:
        items = [
            model.ModifyTrainingQuotaItem(resource=name.replace("_", "-"), quota=quota, extra_info="urn:smn:x")
            for name, quota in quotas.items()
        ]
        body = model.ModifyTrainingQuotaRequest(user_id=server.sandbox.credentials.user_id, quotas=items)
        return client.modify_training_quotas(model.ModifyTrainingQuotasRequest(body=body))

    client.create_training_job(model.CreateTrainingJobRequest(body=job("within")))
    put(job_num=1)
    with pytest.raises(ClientRequestException) as refused:
        client.create_training_job(model.CreateTrainingJobRequest(body=job("beyond")))
    answer = put(job_num=10_000, visual_job_num=5, job_retention_enabled=1, job_num_quota_notify=0)
    shown = client.show_training_quotas(model.ShowTrainingQuotasRequest(resource="job-num")).quotas[0]

    assert (400, "ModelArts.2815") == (refused.value.status_code, refused.value.error_code)
    assert [10_000, 5, 1, 0] == [item.quota for item in answer.quotas]
    assert {"urn:smn:x"} == {item.extra_info for item in answer.quotas}
    assert (10_000, True) == (shown.quota, shown.used > 0)


def test_a_search_by_hosts_finds_tasks(client: Any, model: Any, restarted: str) -> None:
    """Where each task was, and the how many-th time it was scheduled."""
    mine = [model.Filter(key="id", operator="in", value=[restarted])]
    body = model.JobSearches(limit=50, offset=0, host_ips=["127.0.0.1", "::1"], filters=mine)
    (found,) = client.list_training_jobs(model.ListTrainingJobsRequest(body=body)).items

    assert [("worker-0", "127.0.0.1", 2), ("worker-1", "127.0.0.1", 2)] == [
        (one.task, one.ip, one.schedule_count) for one in found.status.task_ips
    ]
    assert CODE == found.algorithm.code_dir
