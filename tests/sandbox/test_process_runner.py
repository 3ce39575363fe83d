"""Jobs that really run, as processes of this machine."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from fmctl.sandbox import Sandbox

from .conftest import login
from .jobs import Jobs, upload_code

ENDED = ("Completed", "Failed", "Abnormal", "Terminated")
TRAIN = """
import argparse, json, os, pathlib
parser = argparse.ArgumentParser()
for name in ("data_url", "train_url", "lr"):
    parser.add_argument("--" + name)
options = parser.parse_args()
text = pathlib.Path(options.data_url, "sub", "a.txt").read_text()
made = {"text": text, "lr": options.lr, "env": dict(os.environ), "cwd": os.listdir()}
pathlib.Path(options.train_url, "model").mkdir()
pathlib.Path(options.train_url, "model", "weights.json").write_text(json.dumps(made))
"""


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path / "state")
    yield made
    made.close()


@pytest.fixture
def jobs(sandbox: Sandbox) -> Iterator[Jobs]:
    with httpx.Client(transport=httpx.WSGITransport(sandbox.wsgi), base_url="http://127.0.0.1") as client:
        client.headers["X-Auth-Token"] = client.post("/v3/auth/tokens", json=login(sandbox)).headers["X-Subject-Token"]
        yield Jobs(client, sandbox.credentials.project_id)


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Ask again until it is so."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        pause.wait(0.05)


def finish(jobs: Jobs, job_id: str) -> str:
    until(lambda: jobs.phase(job_id) in ENDED)
    return jobs.phase(job_id)


def log(jobs: Jobs, job_id: str, task: str = "worker-0") -> str:
    response = jobs.request("GET", f"training-jobs/{job_id}/tasks/{task}/logs/preview")
    return str(response.json()["content"]) if response.status_code == 200 else ""


def channel(name: str, url: str) -> dict[str, object]:
    return {"name": name, "remote": {"obs": {"obs_url": url}}}


def test_a_job_turns_inputs_into_outputs(sandbox: Sandbox, jobs: Jobs) -> None:
    """Code and inputs come from OBS, parameters arrive as written, outputs and the log go to OBS."""
    upload_code(sandbox, TRAIN)
    sandbox.objects.put("fmctl-demo", "data/sub/a.txt", b"hello")
    job_id = jobs.start(
        algorithm__inputs=[channel("data_url", "obs://fmctl-demo/data/")],
        algorithm__outputs=[channel("train_url", "/fmctl-demo/out/j1/")],
        algorithm__parameters=[{"name": "lr", "value": "1e-4"}],
        algorithm__environments={"LOG_LEVEL": "info"},
        spec__log_export_path={"obs_url": "/fmctl-demo/logs/"},
    )
    phase = finish(jobs, job_id)
    made = json.loads(sandbox.objects.get("fmctl-demo", "out/j1/model/weights.json"))
    exported = sandbox.objects.list("fmctl-demo", "logs/").objects

    assert phase == "Completed", log(jobs, job_id)
    assert (made["text"], made["lr"], made["cwd"]) == ("hello", "1e-4", ["train.py"])
    assert [info.key for info in exported] == [f"logs/{job_id}-worker-0.log"]


def test_a_job_sees_nothing_of_the_server(sandbox: Sandbox, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a job is made for it: no variable and no key of the server is in it."""
    monkeypatch.setenv("SERVER_ONLY", "1")
    upload_code(sandbox, "import os\nprint(sorted(os.environ), os.environ['HOME'])\n")
    job_id = jobs.start(algorithm__environments={"MINE": "1"})
    finish(jobs, job_id)
    written = log(jobs, job_id)

    assert "MINE" in written
    assert "MA_JOB_NAME" in written
    assert "SERVER_ONLY" not in written
    assert sandbox.credentials.secret_key not in written
    assert f"{sandbox.state_dir}/jobs/{job_id}" in written


@pytest.mark.parametrize(
    ("source", "expected"), [("raise SystemExit(3)", 3), ("import os; os.kill(os.getpid(), 9)", 137)]
)
def test_the_exit_code_decides(sandbox: Sandbox, jobs: Jobs, source: str, expected: int) -> None:
    """A job that ends with another code than 0, or by a signal, has failed."""
    upload_code(sandbox, source)
    job_id = jobs.start()
    phase = finish(jobs, job_id)

    assert (phase, expected) == ("Failed", jobs.show(job_id)["status"]["task_statuses"][0]["exit_code"])


def test_the_log_can_be_read_while_it_is_written(sandbox: Sandbox, jobs: Jobs) -> None:
    """What a job prints is there at once, and it keeps running."""
    upload_code(sandbox, "import time\nprint('epoch 1')\ntime.sleep(60)\n")
    job_id = jobs.start()
    until(lambda: "epoch 1" in log(jobs, job_id))

    assert jobs.phase(job_id) == "Running"


def test_terminate_ends_the_whole_family(sandbox: Sandbox, jobs: Jobs) -> None:
    """The processes that a job has started end with it, also when they ignore SIGTERM."""
    child = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    upload_code(
        sandbox,
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}], stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\nprint(f'child={child.pid};')\nchild.wait()\n",
    )
    job_id = jobs.start()
    until(lambda: ";" in log(jobs, job_id))
    pid = int(log(jobs, job_id).partition("child=")[2].partition(";")[0])
    jobs.request("POST", f"training-jobs/{job_id}/actions", {"action_type": "terminate"})
    phase = finish(jobs, job_id)

    assert phase == "Terminated"
    until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_a_missing_input_fails_and_says_so(sandbox: Sandbox, jobs: Jobs) -> None:
    """A job whose input is empty fails, and both its log and an event name the path."""
    upload_code(sandbox)
    job_id = jobs.start(algorithm__inputs=[channel("data_url", "/fmctl-demo/nothing/")])
    phase = finish(jobs, job_id)
    events = jobs.request("GET", f"training-jobs/{job_id}/events?level=Error").json()["events"]

    assert phase == "Failed"
    assert "/fmctl-demo/nothing/" in log(jobs, job_id)
    assert "/fmctl-demo/nothing/" in " ".join(event["message"] for event in events)


def test_outputs_that_cannot_be_stored_are_a_failure(sandbox: Sandbox, jobs: Jobs) -> None:
    """A job whose results have nowhere to go has failed, and says why."""
    upload_code(sandbox, "import sys\nopen(sys.argv[1].partition('=')[2] + '/a', 'w').close()\n")
    sandbox.objects.create_bucket("brief")
    job_id = jobs.start(
        algorithm__outputs=[channel("out", "/brief/x/")], spec__log_export_path={"obs_url": "/brief/l/"}
    )
    sandbox.objects.delete_bucket("brief")
    phase = finish(jobs, job_id)

    assert phase == "Failed"
    assert "NoSuchBucket" in jobs.show(job_id)["status"]["task_statuses"][0]["message"]
    assert "NoSuchBucket" in log(jobs, job_id)


def test_a_custom_image_runs_its_command(sandbox: Sandbox, jobs: Jobs) -> None:
    """Without images on this machine the command runs here, and the log says so."""
    algorithm = {
        "engine": {"image_url": "org/img:1"},
        "command": "echo made by $TOOL && exit 4",
        "environments": {"TOOL": "sh"},
    }
    job_id = jobs.start(algorithm=algorithm)
    phase, written = finish(jobs, job_id), log(jobs, job_id)

    assert (phase, jobs.show(job_id)["status"]["task_statuses"][0]["exit_code"]) == ("Failed", 4)
    assert "made by sh" in written
    assert "custom images are not pulled" in written


def test_an_input_can_be_one_file_or_a_variable(sandbox: Sandbox, jobs: Jobs) -> None:
    """An input that is one object is passed as this file; with access method env it is a variable."""
    upload_code(sandbox, "import os\nprint('read', open(os.environ['data']).read())\n")
    sandbox.objects.put("fmctl-demo", "data/a.csv", b"1,2")
    job_id = jobs.start(algorithm__inputs=[channel("data", "/fmctl-demo/data/a.csv") | {"access_method": "env"}])
    finish(jobs, job_id)

    assert "read 1,2" in log(jobs, job_id)


def test_closing_the_sandbox_ends_its_jobs(tmp_path: Path) -> None:
    """No job outlives the sandbox that runs it."""
    sandbox = Sandbox(tmp_path / "state")
    upload_code(sandbox, "import os, time\nprint(f'pid={os.getpid()};')\ntime.sleep(60)\n")
    with httpx.Client(transport=httpx.WSGITransport(sandbox.wsgi), base_url="http://x") as client:
        client.headers["X-Auth-Token"] = client.post("/v3/auth/tokens", json=login(sandbox)).headers["X-Subject-Token"]
        jobs = Jobs(client, sandbox.credentials.project_id)
        job_id = jobs.start()
        until(lambda: ";" in log(jobs, job_id))
        pid = int(log(jobs, job_id).partition("pid=")[2].partition(";")[0])
    sandbox.close()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_parameters_arrive_as_they_were_sent(sandbox: Sandbox, jobs: Jobs) -> None:
    """Text stays as it is written, other values are text too, and a parameter without a value is a switch."""
    upload_code(sandbox, "import sys\nprint(sys.argv[1:])\n")
    values = [{"name": "lr", "value": "0.010"}, {"name": "n", "value": 3}, {"name": "e", "value": ""}, {"name": "fp16"}]
    job_id = jobs.start(algorithm__parameters=values)
    finish(jobs, job_id)

    assert "['--lr=0.010', '--n=3', '--e=', '--fp16']" in log(jobs, job_id)


def test_a_completed_job_leaves_only_its_log(sandbox: Sandbox, jobs: Jobs) -> None:
    """The folder of a job that went well is cleared; that of a failed one stays for a look."""
    upload_code(sandbox, "pass")
    good = jobs.start("good")
    finish(jobs, good)
    upload_code(sandbox, "raise SystemExit(1)")
    bad = jobs.start("bad")
    finish(jobs, bad)
    left = [{path.name for path in (sandbox.state_dir / "jobs" / job_id).iterdir()} for job_id in (good, bad)]

    assert ({"log"}, True) == (left[0], "user-job-dir" in left[1])


def test_a_relative_state_folder_is_as_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs find their files also when the sandbox was started with a relative folder."""
    monkeypatch.chdir(tmp_path)
    sandbox = Sandbox(Path("state"))
    upload_code(sandbox)
    with httpx.Client(transport=httpx.WSGITransport(sandbox.wsgi), base_url="http://x") as client:
        client.headers["X-Auth-Token"] = client.post("/v3/auth/tokens", json=login(sandbox)).headers["X-Subject-Token"]
        jobs = Jobs(client, sandbox.credentials.project_id)
        phase = finish(jobs, jobs.start())
    sandbox.close()

    assert phase == "Completed"


def test_a_short_job_is_measured_too(sandbox: Sandbox, jobs: Jobs) -> None:
    """However soon it has ended, there is a first sample."""
    upload_code(sandbox, "pass")
    job_id = jobs.start()
    finish(jobs, job_id)
    found = jobs.request("GET", f"training-jobs/{job_id}/metrics/worker-0").json()["metrics"]

    assert [1] * 6 == [len(item["value"]) for item in found]


def test_what_is_not_prepared_never_runs(jobs: Jobs, sandbox: Sandbox) -> None:
    """A job whose input is not there fails while it is prepared; one that has everything gets to run."""
    upload_code(sandbox)
    missing = jobs.start("missing", algorithm__inputs=[channel("data_url", "/fmctl-demo/nothing/")])
    good = jobs.start("good")
    finish(jobs, missing)
    finish(jobs, good)
    found = [jobs.request("GET", f"training-jobs/{job_id}/stages").json() for job_id in (missing, good)]
    stages = [[stage["name"] for stage in one["running_records"][0]["stages"]] for one in found]
    events = jobs.request("GET", f"training-jobs/{missing}/events").json()["events"]

    assert [["scheduling", "preparing", "end"], ["scheduling", "preparing", "running", "end"]] == stages
    assert "[worker-0] training started." not in [event["message"] for event in events]


NODES = {"flavor_id": "modelarts.vm.cpu.8u", "node_count": 3}


def test_every_node_runs(sandbox: Sandbox, jobs: Jobs) -> None:
    """Each as a task of its own, which knows which one it is, with its own log and its own part of the outputs."""
    upload_code(
        sandbox,
        "import os, sys, pathlib\n"
        "me = os.environ['VC_TASK_INDEX']\n"
        "print('node', me, 'of', os.environ['MA_NUM_HOSTS'], os.environ['VC_WORKER_HOSTS'])\n"
        "pathlib.Path(sys.argv[1].partition('=')[2], 'part-' + me).write_text(me)\n",
    )
    job_id = jobs.start(
        spec__resource=dict(NODES),
        spec__log_export_path={"obs_url": "/fmctl-demo/logs/"},
        algorithm__outputs=[channel("out", "/fmctl-demo/parts/")],
    )
    phase = finish(jobs, job_id)
    tasks = jobs.show(job_id)["status"]["tasks"]
    parts = [info.key for info in sandbox.objects.list("fmctl-demo", "parts/").objects]
    exported = [info.key for info in sandbox.objects.list("fmctl-demo", "logs/").objects]

    assert ("Completed", ["worker-0", "worker-1", "worker-2"]) == (phase, tasks)
    for number, task in enumerate(tasks):
        assert f"node {number} of 3 127.0.0.1,127.0.0.1,127.0.0.1\n" in log(jobs, job_id, task)
        assert 200 == jobs.request("GET", f"training-jobs/{job_id}/metrics/{task}").status_code
    assert ["parts/part-0", "parts/part-1", "parts/part-2"] == parts
    assert [f"logs/{job_id}-{task}.log" for task in tasks] == exported
    assert {"log"} == {path.name for path in (sandbox.state_dir / "jobs" / job_id).iterdir()}


def test_a_node_that_fails_takes_the_others_with_it(sandbox: Sandbox, jobs: Jobs) -> None:
    """The job has failed as that node did, and says which one it was."""
    upload_code(sandbox, "import os, time\nos.environ['VC_TASK_INDEX'] == '1' and os._exit(9)\ntime.sleep(600)\n")
    job_id = jobs.start(spec__resource=dict(NODES))
    phase, status = finish(jobs, job_id), jobs.show(job_id)["status"]

    assert ("Failed", "worker-1", "exit code 9") == (
        phase,
        status["running_records"][0]["end_related_task"],
        status["running_records"][0]["end_reason"],
    )
    assert [("worker-0", 143), ("worker-1", 9), ("worker-2", 143)] == [
        (state["task"], state["exit_code"]) for state in status["task_statuses"]
    ]


def test_stopping_a_job_stops_every_node(sandbox: Sandbox, jobs: Jobs) -> None:
    """No task of a stopped job goes on."""
    upload_code(sandbox, "import os, time\nprint(f'pid={os.getpid()};')\ntime.sleep(600)\n")
    job_id = jobs.start(spec__resource=dict(NODES))
    tasks = [f"worker-{number}" for number in range(3)]
    until(lambda: all(";" in log(jobs, job_id, task) for task in tasks))
    pids = [int(log(jobs, job_id, task).partition("pid=")[2].partition(";")[0]) for task in tasks]
    jobs.request("POST", f"training-jobs/{job_id}/actions", {"action_type": "terminate"})
    phase = finish(jobs, job_id)

    assert ("Terminated", [False] * 3) == (phase, [psutil.pid_exists(pid) for pid in pids])


def test_a_failed_job_starts_again_in_a_clean_folder(sandbox: Sandbox, jobs: Jobs) -> None:
    """What it has sent to OBS stays, its log goes on, and its code and folders are new."""
    upload_code(
        sandbox,
        "import sys, pathlib\n"
        "out = pathlib.Path(sys.argv[1].partition('=')[2])\n"
        "print('found', [path.name for path in out.iterdir()])\n"
        "(out / 'half').write_text('x')\n"
        "raise SystemExit(5)\n",
    )
    job_id = jobs.start(
        metadata__annotations={"fault-tolerance/job-retry-num": "2"},
        algorithm__outputs=[channel("out", "/fmctl-demo/retried/")],
    )
    phase = finish(jobs, job_id)

    assert ("Failed", 3) == (phase, log(jobs, job_id).count("found []"))
    assert b"x" == sandbox.objects.get("fmctl-demo", "retried/half")


def test_what_a_job_uses_is_measured(sandbox: Sandbox, jobs: Jobs) -> None:
    """There is nothing at first; then six series of equal length, the processor busy, -1 for what is not there."""
    upload_code(sandbox, "while True: pass")
    job_id = jobs.start()
    path = f"training-jobs/{job_id}/metrics/worker-0"
    early = jobs.request("GET", path)
    series: dict[str, list[float]] = {}

    def measured() -> bool:
        reply = jobs.request("GET", path)
        found = reply.json()["metrics"] if reply.status_code == 200 else []
        series.update({item["metric"]: item["value"] for item in found})
        return bool(series) and series["cpuUsage"][0] > 1

    until(measured)

    assert (early.status_code, early.content) == (204, b"")
    assert len(series) == 6
    assert {len(values) for values in series.values()} == {1}
    assert series["memUsage"][0] > 0
    assert series["npuUtil"] == [-1]
