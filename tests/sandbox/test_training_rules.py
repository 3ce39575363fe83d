"""The rules for a new job and its changes that are easily forgotten, one by one, and what the server fills in."""

from typing import Any

import httpx
import pytest

from fmctl.sandbox import Sandbox, VirtualClock

from .jobs import CODE, Jobs, code, full_job, job, upload_code

USER = "/home/ma-user"
REQUIRED = {"affinity_type": "cabinet", "job_level": "x", "affinity_group_size": 1}
PREFERRED = {"node_affinity": [{"weight": 1, "preference": {"matchExpressions": []}}]}
NFS = {"nfs_server_path": "192.168.0.1:/", "local_path": "/mnt/a"}


@pytest.fixture
def jobs(sandbox: Sandbox, api: httpx.Client) -> Jobs:
    upload_code(sandbox)
    return Jobs(api, sandbox.credentials.project_id)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"algorithm__local_code_dir": "/tmp/code"}, "2857"),
        ({"algorithm__local_code_dir": "/home"}, "2857"),
        ({"algorithm__local_code_dir": USER}, "2857"),
        ({"algorithm__local_code_dir": f"{USER}/infer"}, "2857"),
        ({"algorithm__local_code_dir": f"{USER}/modelarts/inputs"}, "2857"),
        ({"algorithm__local_code_dir": f"{USER}/modelarts-dev/x"}, "2857"),
        ({"algorithm__local_code_dir": f"{USER}/../x"}, "2857"),
        ({"algorithm__working_dir": "work"}, "2859"),
        ({"algorithm__inputs": [{"remote": {"obs": {"obs_url": "/fmctl-demo/x/"}}}]}, "2753"),
        ({"algorithm__policies": {"auto_search": {"algo_configs": []}}}, "2788"),
        ({"algorithm__environments": {"K": "x" * 4097}}, "2788"),
        ({"algorithm__environments": {"K": 1}}, "2825"),
        ({"algorithm__inputs": [{"name": "a", "remote": {"dataset": {"id": "d"}, "obs": {"obs_url": "/b/"}}}]}, "2753"),
        ({"spec__resource__main_container_customized_flavor": {"cpu_core_num": 0, "mem_size": 8}}, "2788"),
        ({"spec__resource__main_container_customized_flavor": {"mem_size": -1}}, "2788"),
        ({"spec__resource__main_container_customized_flavor": {"accelerator_num": -1}}, "2788"),
        ({"spec__resource__node_count": 1.5}, "2825"),
        ({"spec__resource__node_count": True}, "2825"),
        ({"spec__resource__node_count": -1}, "2788"),
        ({"spec__auto_stop": {"time_unit": "DAYS", "duration": 1}}, "2788"),
        ({"spec__auto_stop": {"time_unit": "HOURS"}}, "2788"),
        ({"spec__auto_stop": {"time_unit": "HOURS", "duration": "2"}}, "2825"),
        ({"spec__reserved_time": {"time_unit": "HOURS", "duration": 0}}, "2788"),
        ({"spec__schedule_policy": {"priority": 0}}, "2788"),
        ({"spec__schedule_policy": {"priority": 4}}, "2788"),
        ({"spec__schedule_policy": {"priority": True}}, "2825"),
        ({"spec__schedule_policy": {"required_affinity": REQUIRED, "preferred_affinity": PREFERRED}}, "2788"),
        ({"spec__runtime_type": "test"}, "2788"),
        ({"spec__log_export_config": {"version": "v2"}}, "2788"),
        ({"spec__log_export_path": {"obs_url": "/no-such-bucket/x/"}}, "2791"),
        ({"spec__retention": {"policy": "never"}}, "2788"),
        ({"spec__custom_metrics": [{}]}, "2788"),
        ({"spec__notification": {"events": ["JobFailed"]}}, "2788"),
        ({"spec__notification": {"topic_urn": "urn", "events": ["JobBored"]}}, "2788"),
        ({"spec__volumes": [{"nfs": NFS}] * 2}, "2788"),
        ({"spec__volumes": [{"nfs": NFS | {"local_path": "/cache/"}}]}, "2788"),
        ({"spec__volumes": [{"nfs": NFS | {"local_path": "/"}}]}, "2788"),
        ({"spec__volumes": [{"nfs": NFS | {"local_path": "relative"}}]}, "2788"),
        ({"spec__volumes": [{"nfs": NFS, "obs": {"obs_path": "/b/", "local_path": "/x"}}]}, "2788"),
        ({"spec__volumes": [{"nfs": NFS | {"local_path": f"/mnt/{number}"}} for number in range(9)]}, "2816"),
        ({"spec__asset_id": "a"}, "2788"),
        ({"train_type": "SFT"}, "2788"),
        ({"ftjob_config": {"model_type": "x"}}, "2788"),
        ({"tasks": [{"role": "x"}]}, "2858"),
        ({"metadata__training_experiment_reference": {"id": "none"}}, "2842"),
        ({"metadata__training_experiment_reference": {"name": "<x>"}}, "2788"),
        ({"metadata__annotations": {"k": 1}}, "2825"),
        ({"algorithm__subscription_id": "s"}, "2755"),
    ],
)
def test_each_rule_has_its_code(jobs: Jobs, changes: dict[str, Any], expected: str) -> None:
    """One thing wrong is answered with the code of that thing, and no job is made."""
    body = full_job()
    for path, value in changes.items():
        *parents, last = path.split("__")
        target = body
        for parent in parents:
            target = target[parent]
        target[last] = value
    reply = jobs.create(body)

    assert (400, expected) == code(reply)
    assert [] == jobs.names()


@pytest.mark.parametrize(
    "changes",
    [
        {"algorithm__local_code_dir": f"{USER}/modelarts/user-job-dir"},
        {"algorithm__local_code_dir": "/home/work"},
        {"kind": None},
        {"algorithm__working_dir": "/home/ma-user/work"},
        {"algorithm__policies": {"auto_search": None}},
        {"algorithm__code_dir": "obs://fmctl-demo/code/"},
        {"metadata__workspace_id": None, "metadata__description": ""},
        {"metadata__annotations": {"fault-tolerance/job-retry-num": "3", "of/ours": "x"}},
        {"spec__log_export_path": {"obs_url": ""}},
        {"spec__log_export_path": {}},
        {
            "spec__resource": {"pool_id": "pool0a1b2c3d", "flavor_id": "modelarts.pool.visual.xlarge"},
            "spec__schedule_policy": {"required_affinity": REQUIRED, "preemptible": True},
        },
        {"spec__resource": {"flavor_id": "modelarts.vm.cpu.8u"}},
        {"spec__resource": {"flavor_id": "modelarts.vm.cpu.8u", "node_count": None}},
    ],
)
def test_what_is_allowed_is_taken(jobs: Jobs, changes: dict[str, Any]) -> None:
    """Defaults may be spelled out, left out, or null."""
    assert 201 == jobs.create(job(**changes)).status_code


def test_code_has_limits(jobs: Jobs, sandbox: Sandbox) -> None:
    """A thousand files, 32 folders deep."""
    for number in range(1001):
        sandbox.objects.put("fmctl-demo", f"many/{number}.py", b"")
    sandbox.objects.put("fmctl-demo", "deep/" + "d/" * 32 + "t.py", b"")

    assert [(400, "2759"), (400, "2760")] == [
        code(jobs.create(job(algorithm__code_dir=f"/fmctl-demo/{name}/"))) for name in ("many", "deep")
    ]


def test_the_first_error_in_the_documented_order_wins(jobs: Jobs) -> None:
    """Types before values, values before the workspace, that before the name, the algorithm before the machines."""
    jobs.start("taken")
    wrong: dict[str, Any] = {"spec__resource": {"flavor_id": "huge"}}
    seen = [code(jobs.create(job(**wrong)))[1]]
    for change in (
        {"algorithm__code_dir": "/fmctl-demo/none/"},
        {"metadata__name": "taken"},
        {"metadata__workspace_id": "f" * 32},
        {"metadata__description": "x" * 257},
        {"metadata__annotations": {"k": 1}},
    ):
        wrong |= change
        seen.append(code(jobs.create(job(**wrong)))[1])

    assert ["2781", "2757", "2751", "0102", "2788", "2825"] == seen


def test_the_server_fills_in_what_was_left_out(jobs: Jobs) -> None:
    """Everything of the table of defaults, for the smallest request."""
    channel = {"name": "data", "remote": {"obs": {"obs_url": "/fmctl-demo/x/"}}}
    body = job(algorithm__inputs=[channel], algorithm__outputs=[channel], algorithm__parameters=[{"name": "a"}])
    body["metadata"] = {"name": "j1"}
    made = jobs.create(body).json()
    metadata, algorithm, spec, status = (made[part] for part in ("metadata", "algorithm", "spec", "status"))

    assert ("", "0", "default-ai-project", "") == tuple(
        metadata[name] for name in ("description", "workspace_id", "ai_project", "user_name")
    )
    assert {"job_template": "Template DL", "key_task": "worker"} == metadata["annotations"]
    assert ("/home/ma-user/modelarts/inputs/data_0", "parameter", "") == tuple(
        algorithm["inputs"][0][name] for name in ("local_dir", "access_method", "description")
    )
    assert ("/home/ma-user/modelarts/outputs/data_0", "upload_periodically", 30) == tuple(
        algorithm["outputs"][0][name] for name in ("local_dir", "mode", "period")
    )
    assert ({}, {}, True) == tuple(algorithm[name] for name in ("policies", "environments", "parameters_customization"))
    assert ("training", "public", False, False, "1102") == tuple(
        algorithm["engine"][name]
        for name in ("usage", "support_groups", "v1_compatible", "install_sys_packages", "run_user")
    )
    assert ("String", True, False, []) == tuple(
        algorithm["parameters"][0]["constraint"][name] for name in ("type", "editable", "required", "valid_range")
    )
    assert ("production", {}, True, {"priority": 1}) == tuple(
        spec[name] for name in ("runtime_type", "log_export_path", "is_hosted_log", "schedule_policy")
    )
    assert ("regular", 1, "CPU") == (
        spec["resource"]["policy"],
        spec["resource"]["node_count"],
        spec["resource"]["flavor_detail"]["flavor_type"],
    )
    assert ("Creating", "Creating", 0, 0, ["worker-0"]) == tuple(
        status[name] for name in ("phase", "secondary_phase", "duration", "start_time", "tasks")
    )


def test_what_was_sent_comes_back(jobs: Jobs) -> None:
    """OBS paths keep the form that they were sent in, and what the server adds replaces nothing."""
    sent = full_job()
    made = jobs.create(sent).json()

    for part in ("auto_stop", "notification", "log_export_config", "custom_metrics", "volumes", "log_export_path"):
        assert sent["spec"][part] == made["spec"][part]
    assert (CODE, sent["algorithm"]["environments"], sent["endpoints"]) == (
        made["algorithm"]["code_dir"],
        made["algorithm"]["environments"],
        made["endpoints"],
    )
    assert sent["metadata"]["annotations"].items() <= made["metadata"]["annotations"].items()


def test_few_things_can_be_changed(jobs: Jobs) -> None:
    """Description, notification, schedule, ssh keys and one annotation; an empty description clears it."""
    job_id = jobs.create(full_job()).json()["metadata"]["id"]
    change = {
        "description": "",
        "spec": {"notification": {"topic_urn": "urn:2", "events": []}, "schedule_policy": {"priority": 3}},
        "endpoints": {"ssh": {"key_pair_names": ["other"]}},
        "metadata": {"annotation": {"jupyter-lab/enable": "true"}},
    }
    reply = jobs.request("PUT", f"training-jobs/{job_id}", change)
    shown = jobs.show(job_id)

    assert (200, "null", "") == (reply.status_code, reply.text, shown["metadata"]["description"])
    assert (change["spec"]["notification"], 3) == (  # type: ignore[index]
        shown["spec"]["notification"],
        shown["spec"]["schedule_policy"]["priority"],
    )
    assert (change["endpoints"], "true") == (shown["endpoints"], shown["metadata"]["annotations"]["jupyter-lab/enable"])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"description": 1}, "2825"),
        ({"description": "x" * 257}, "2788"),
        ({"metadata": {"annotation": {"other": "x"}}}, "2788"),
        ({"metadata": {"annotation": {"jupyter-lab/enable": True}}}, "2825"),
        ({"spec": {"schedule_policy": {"priority": 9}}}, "2788"),
        ({"spec": {"notification": {"topic_urn": "u", "events": ["x"]}}}, "2788"),
        ({"endpoints": {"ssh": {"key_pair_names": "k"}}}, "2825"),
    ],
)
def test_a_wrong_change_changes_nothing(jobs: Jobs, change: dict[str, Any], expected: str) -> None:
    """The job stays as it was when one part of the change is refused."""
    job_id = jobs.create(full_job()).json()["metadata"]["id"]
    before = jobs.show(job_id)
    reply = jobs.request("PUT", f"training-jobs/{job_id}", {"description": "new"} | change)

    assert ((400, expected), before) == (code(reply), jobs.show(job_id))


def test_the_schedule_of_a_job_that_has_ended_is_past(jobs: Jobs, clock: VirtualClock) -> None:
    """Its description can still be changed; its priority is a race that was lost."""
    job_id = jobs.create(full_job()).json()["metadata"]["id"]
    jobs.request("POST", f"training-jobs/{job_id}/actions", {"action_type": "terminate"})
    clock.advance(1)
    late = jobs.request("PUT", f"training-jobs/{job_id}", {"spec": {"schedule_policy": {"priority": 2}}})
    described = jobs.request("PUT", f"training-jobs/{job_id}", {"description": "too slow"})

    assert ("Terminated", (409, "2878"), 200) == (jobs.phase(job_id), code(late), described.status_code)
