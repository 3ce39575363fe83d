"""How far a job has come, what it wrote, and what is asked about jobs by tag and by quota."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fmctl.sandbox import Sandbox, ScriptedRunner, VirtualClock

from .conftest import anonymous, login
from .jobs import Jobs, code, job, upload_code

POOL = {"pool_id": "pool0a1b2c3d", "flavor_id": "modelarts.pool.visual.xlarge"}


class Talkative(ScriptedRunner):
    """Its jobs have written seven lines as soon as they run."""

    def log(self, job_id: str, task: str) -> bytes | None:
        return super().log(job_id, task) and b"".join(b"line %d\n" % number for number in range(1, 8))


@pytest.fixture
def sandbox(tmp_path: Path, clock: VirtualClock) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path / "state", clock=clock, runner=Talkative(durations={"*": 60}))
    upload_code(made)
    yield made
    made.close()


@pytest.fixture
def jobs(sandbox: Sandbox) -> Iterator[Jobs]:
    with logged_in(sandbox) as made:
        yield made


@contextmanager
def logged_in(sandbox: Sandbox) -> Iterator[Jobs]:
    with anonymous(sandbox) as client:
        client.headers["X-Auth-Token"] = client.post("/v3/auth/tokens", json=login(sandbox)).headers["X-Subject-Token"]
        yield Jobs(client, sandbox.credentials.project_id)


def running(jobs: Jobs, clock: VirtualClock, name: str = "j1", **changes: Any) -> str:
    job_id = jobs.start(name, **changes)
    for _ in range(2):
        clock.advance(1)
        jobs.phase(job_id)
    return job_id


def stages(jobs: Jobs, job_id: str) -> list[tuple[int, str, bool]]:
    """Order, name, and whether it has ended."""
    found = jobs.request("GET", f"training-jobs/{job_id}/stages").json()
    (record,) = found["running_records"]
    assert (1, 1) == (found["total_count"], record["record_order"])
    return [(stage["stage_order"], stage["name"], stage["end_time"] != "") for stage in record["stages"]]


def test_stages_follow_the_job(jobs: Jobs, clock: VirtualClock) -> None:
    """Scheduling, then preparing and running, then the end; what goes on has no end."""
    job_id = jobs.start()
    waiting = stages(jobs, job_id)
    for _ in range(2):
        clock.advance(1)
        jobs.phase(job_id)
    at_work = stages(jobs, job_id)
    clock.advance(60)

    assert [(1, "scheduling", False)] == waiting
    assert [(1, "scheduling", True), (2, "preparing", True), (3, "running", False)] == at_work
    assert [*at_work[:2], (3, "running", True), (4, "end", True)] == stages(jobs, job_id)


def test_a_job_that_never_ran_has_no_stage_of_running(jobs: Jobs, clock: VirtualClock) -> None:
    """One that is stopped while it waits goes from scheduling to the end."""
    job_id = jobs.start()
    jobs.request("POST", f"training-jobs/{job_id}/actions", {"action_type": "terminate"})
    clock.advance(1)

    assert [(1, "scheduling", True), (4, "end", True)] == stages(jobs, job_id)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ("7", "1", 7, "line 7\n")),
        ("?lines=2", ("7", "6", 2, "line 7\n")),
        ("?lines=2&base_line=6", ("5", "4", 2, "line 5\n")),
        ("?lines=2&order=asc", ("1", "2", 2, "line 1\n")),
        ("?lines=500&order=asc&base_line=5", ("6", "7", 2, "line 6\n")),
        ("?order=asc&base_line=7", ("", "", 0, "")),
    ],
)
def test_logs_are_read_line_by_line(
    jobs: Jobs, clock: VirtualClock, query: str, expected: tuple[str, str, int, str]
) -> None:
    """From the newest line back, or from the oldest on; the last line of a page is where the next one goes on."""
    job_id = running(jobs, clock)
    page = jobs.request("GET", f"training-jobs/{job_id}/logs/worker-0{query}").json()

    assert expected == (
        page["start_line"],
        page["end_line"],
        page["lines"],
        "".join(page["content"].splitlines(keepends=True)[:1]),
    )


@pytest.mark.parametrize("query", ["lines=0", "lines=501", "lines=x", "order=up", "base_line=-1"])
def test_lines_have_limits(jobs: Jobs, clock: VirtualClock, query: str) -> None:
    """1 to 500 lines, forwards or backwards."""
    job_id = running(jobs, clock)

    assert (400, "2764") == code(jobs.request("GET", f"training-jobs/{job_id}/logs/worker-0?{query}"))


def test_lines_of_a_job_that_has_not_begun_are_not_there_yet(jobs: Jobs) -> None:
    """No log is no error; a task that the job does not have is one."""
    job_id = jobs.start()

    assert 204 == jobs.request("GET", f"training-jobs/{job_id}/logs/worker-0").status_code
    assert (400, "2788") == code(jobs.request("GET", f"training-jobs/{job_id}/logs/worker-7"))


def test_a_job_that_never_ran_has_no_log(jobs: Jobs, clock: VirtualClock) -> None:
    """While it may run there is nothing yet; once it has ended there never will be."""
    job_id = jobs.start()
    paths = [f"training-jobs/{job_id}/{path}" for path in ("tasks/worker-0/logs/preview", "logs/worker-0")]
    early = [jobs.request("GET", path).status_code for path in paths]
    jobs.request("POST", f"training-jobs/{job_id}/actions", {"action_type": "terminate"})
    clock.advance(1)
    metrics = jobs.request("GET", f"training-jobs/{job_id}/metrics/worker-0").json()["metrics"]

    assert ([204, 204], [(400, "2818")] * 2) == (early, [code(jobs.request("GET", path)) for path in paths])
    assert [[]] * 6 == [series["value"] for series in metrics]


@pytest.mark.parametrize(("export", "expected"), [({}, 400), ({"obs_url": "/fmctl-demo/logs/"}, 200)])
def test_a_log_is_kept_for_a_month(
    jobs: Jobs, clock: VirtualClock, sandbox: Sandbox, export: dict[str, str], expected: int
) -> None:
    """Then it is cleared, unless the job has a place of its own for it."""
    job_id = running(jobs, clock, spec__log_export_path=export)
    path = f"training-jobs/{job_id}/tasks/worker-0/logs/preview"
    clock.advance(60)
    at_the_end = jobs.request("GET", path).status_code
    clock.advance(31 * 86400)
    with logged_in(sandbox) as later:
        reply = later.request("GET", path)

    assert (200, expected) == (at_the_end, reply.status_code)
    assert "2819" in reply.text or expected == 200


def test_a_job_says_how_long_it_is_kept(jobs: Jobs, clock: VirtualClock) -> None:
    """Where it was asked to be kept, in milliseconds since its end; otherwise nothing."""
    kept = running(jobs, clock, "kept", spec__reserved_time={"time_unit": "HOURS", "duration": 2})
    plain = running(jobs, clock, "plain")
    before = jobs.show(kept)["status"]["retention_time"]
    clock.advance(60)
    jobs.names()
    clock.advance(5)

    assert (0, 5000) == (before, jobs.show(kept)["status"]["retention_time"])
    assert "retention_time" not in jobs.show(plain)["status"]


def test_nodes_are_counted(jobs: Jobs, clock: VirtualClock) -> None:
    """All when the job begins to run, none when it has ended."""
    job_id = running(jobs, clock, spec__resource={"flavor_id": "modelarts.vm.cpu.8u", "node_count": 2})
    began = round(clock.now() * 1000)
    clock.advance(60)

    assert [[began, 2], [began + 60_000, 0]] == jobs.show(job_id)["status"]["node_count_metrics"]


def test_a_search_by_hosts_tells_where_tasks_are(jobs: Jobs) -> None:
    """One entry a task; the host of a public machine stays unknown."""
    jobs.start("public")
    jobs.start("pooled", spec__resource=POOL)
    found = jobs.search(host_ips=["127.0.0.1"], order="asc")["items"]

    assert [[("worker-0", "127.0.0.1", "", 1)], [("worker-0", "127.0.0.1", "127.0.0.1", 1)]] == [
        [(one["task"], one["ip"], one["host_ip"], one["schedule_count"]) for one in item["status"]["task_ips"]]
        for item in found
    ]
    assert not any("task_ips" in item["status"] for item in jobs.search()["items"])


def test_a_job_can_report(jobs: Jobs, clock: VirtualClock) -> None:
    """What its process reports is an event, as long as the job goes on."""
    job_id = running(jobs, clock)
    path = f"training-jobs/{job_id}/tasks/worker-0/reports/"
    reported = jobs.request("POST", path + "training-event", {"type": "checkpoint saved"})
    events = jobs.request("GET", f"training-jobs/{job_id}/events?source=Task").json()["events"]
    wrong = [jobs.request("POST", path + "gossip", {"type": "x"}), jobs.request("POST", path + "training-event", {})]
    clock.advance(60)

    assert (200, "[worker-0] checkpoint saved") == (reported.status_code, events[0]["message"])
    assert [(400, "2788")] * 2 == [code(reply) for reply in wrong]
    assert (409, "2878") == code(jobs.request("POST", path + "training-event", {"type": "late"}))


def test_tasks_are_scheduled_once(jobs: Jobs) -> None:
    """The first time that a job was scheduled is the only one."""
    job_id = jobs.start(spec__resource={"flavor_id": "modelarts.vm.cpu.8u", "node_count": 2})
    path = f"training-jobs/{job_id}/tasks"
    counts = [len(jobs.request("GET", path + query).json()) for query in ("", "?schedule_count=1", "?schedule_count=2")]

    assert [2, 2, 0] == counts
    assert (400, "2764") == code(jobs.request("GET", path + "?schedule_count=x"))


def test_event_categories_are_those_of_notifications(jobs: Jobs) -> None:
    """The key has a hyphen; nobody is notified here."""
    found = jobs.request("GET", "training-event-categories?flavor_type=CPU").json()["event-categories"]

    assert {"JobStarted", "JobFailed", "JobPreempted"} <= {one["id"] for one in found}
    assert not any(one["notification"] for one in found)
    assert (400, "2764") == code(jobs.request("GET", "training-event-categories?flavor_type=TPU"))


def test_a_quota_is_kept(jobs: Jobs, sandbox: Sandbox) -> None:
    """A quota that was lowered refuses the next job, and one that was raised takes it."""
    user, resource = sandbox.credentials.user_id, {"resource": "job-num"}
    jobs.start()
    lowered = jobs.request("PUT", "training-quotas", {"user_id": user, "quotas": [resource | {"quota": 1}]}).json()
    refused = code(jobs.create(job("j2")))
    jobs.request("PUT", "training-quotas", {"user_id": user, "quotas": [resource | {"quota": 2}]})

    assert [resource | {"quota": 1, "used": 1}] == lowered["quotas"]
    assert ((400, "2815"), 201) == (refused, jobs.create(job("j2")).status_code)


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        ({"resource": "job-num", "quota": -1}, "2788"),
        ({"resource": "job-num", "quota": 0}, "2788"),
        ({"resource": "job-num", "quota": 2**31}, "2816"),
        ({"resource": "job-num", "quota": "5"}, "2825"),
        ({"resource": "moon-num", "quota": 1}, "2788"),
        ({"resource": "job-retention-enabled", "quota": 2}, "2816"),
    ],
)
def test_quotas_that_mean_nothing_are_refused(
    jobs: Jobs, sandbox: Sandbox, quota: dict[str, Any], expected: str
) -> None:
    """Each resource has its limits, and a user must be named."""
    body = {"user_id": sandbox.credentials.user_id, "quotas": [quota]}

    assert (400, expected) == code(jobs.request("PUT", "training-quotas", body))
    assert (400, "2788") == code(jobs.request("PUT", "training-quotas", body | {"quotas": [], "user_id": ""}))


def test_a_pool_flavor_has_its_resources(jobs: Jobs) -> None:
    """What a job may take of a node; pool and flavor must exist."""
    path = "training-pool-flavors"
    found = jobs.request("GET", f"{path}?pool_id={POOL['pool_id']}&flavor_id={POOL['flavor_id']}").json()

    assert {"cpu_core_num": 24, "mem_size": 96} == found
    assert [(400, "2764"), (404, "2890"), (400, "2781")] == [
        code(jobs.request("GET", path + query))
        for query in ("", "?pool_id=x&flavor_id=y", f"?pool_id={POOL['pool_id']}&flavor_id=y")
    ]


def tagged(jobs: Jobs, **body: Any) -> list[str]:
    base = "modelarts-training-job/resource-instances"
    found = jobs.request("POST", f"{base}/filter", body).json()
    assert {"total_count": found["total_count"]} == jobs.request("POST", f"{base}/count", body).json()
    return [one["resource_name"] for one in found["resources"]]


def test_jobs_are_found_by_tags(jobs: Jobs) -> None:
    """Values of a key are alternatives, keys add up; without_any_tag ignores both; a name matches in part."""
    for name, tags in (("a1", {"team": "x", "env": "dev"}), ("a2", {"team": "y"}), ("b1", {})):
        body = {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
        job_id = jobs.start(name)
        if tags:
            jobs.request("POST", f"modelarts-training-job/{job_id}/tags/create", body)

    assert ["a1", "a2"] == tagged(jobs, tags=[{"key": "team", "values": ["x", "y"]}])
    assert ["a1"] == tagged(jobs, tags=[{"key": "team", "values": []}, {"key": "env", "values": ["dev"]}])
    assert ["b1"] == tagged(jobs, tags=[{"key": "team", "values": ["x"]}], without_any_tag=True)
    assert ["a1", "b1"] == tagged(jobs, matches=[{"key": "resource_name", "value": "1"}])
    assert [] == tagged(jobs, workspace_id="f" * 32)
    page = jobs.request("POST", "modelarts-training-job/resource-instances/filter?limit=1&offset=1", {}).json()
    assert (3, ["a2"]) == (page["total_count"], [one["resource_name"] for one in page["resources"]])
    keys = jobs.request("GET", "modelarts-training-job/tags?limit=1&offset=1").json()["tags"]
    assert [{"key": "team", "values": ["x", "y"]}] == keys


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"matches": [{"key": "colour", "value": "x"}]}, "2807"),
        ({"matches": [{"key": "resource_name", "value": "x"}] * 2}, "2807"),
        ({"matches": [{"key": "resource_name", "value": 1}]}, "2809"),
        ({"tags": [{"key": "k"}, {"key": "k"}]}, "2788"),
        ({"tags": [{"key": "k", "values": ["v", "v"]}]}, "2788"),
        ({"tags": [{"key": f"k{number}"} for number in range(11)]}, "2816"),
        ({"tags": "k"}, "2825"),
    ],
)
def test_filters_by_tags_are_checked(jobs: Jobs, body: dict[str, Any], expected: str) -> None:
    """Ten keys of their own, values that differ, one match by name; in a search by tags as well."""
    reply = jobs.request("POST", "modelarts-training-job/resource-instances/filter", body)

    assert (400, expected) == code(reply)
    if "tags" in body:
        assert (400, expected) == code(jobs.request("POST", "training-job-searches", body))


def test_searches_by_tags_and_hosts_look_back_a_month(jobs: Jobs, sandbox: Sandbox, clock: VirtualClock) -> None:
    """Without a time of their own; all jobs are on this machine."""
    job_id = jobs.start("old")
    jobs.request("POST", f"modelarts-training-job/{job_id}/tags/create", {"tags": [{"key": "k", "value": "v"}]})
    tags = [{"key": "k", "values": [""]}]
    soon = [jobs.names(tags=tags), jobs.names(host_ips=["127.0.0.1"]), jobs.names(host_ips=["10.0.0.1"])]
    clock.advance(32 * 86400)
    with logged_in(sandbox) as later:
        then = [later.names(tags=tags), later.names(host_ips=["127.0.0.1"]), later.names()]

    assert [["old"], ["old"], []] == soon
    assert [[], [], ["old"]] == then


def test_searches_by_user_and_kind_of_training(jobs: Jobs, sandbox: Sandbox) -> None:
    """Who made a job is asked for by id; a job with code of its own is no fine-tuning job."""
    jobs.start("mine")
    by_user = [{"key": "user_id", "value": [sandbox.credentials.user_id]}]

    assert ["mine"] == jobs.names(filters=by_user)
    assert ["mine"] == jobs.names(train_type="job", unified_jobs=True)
    assert [] == jobs.names(train_type="ftjob")
    assert (400, "2764") == code(jobs.request("POST", "training-job-searches", {"train_type": "x"}))


@pytest.mark.parametrize(
    "path",
    [
        "ft-detail",
        "ft-metrics",
        "ft-artifacts",
        "autosearch-trials",
        "autosearch-trials/1",
        "autosearch-parameter-analysis",
        "autosearch-parameter-analysis/lr",
    ],
)
def test_what_jobs_have_not_is_said(jobs: Jobs, path: str) -> None:
    """A job without fine-tuning and search says so; one that does not exist says that first."""
    job_id = jobs.start()

    assert (400, "2858") == code(jobs.request("GET", f"training-jobs/{job_id}/{path}"))
    assert (400, "2775") == code(jobs.request("GET", f"training-jobs/none/{path}"))


def test_images_are_saved_of_running_debug_jobs_at_best(jobs: Jobs, clock: VirtualClock) -> None:
    """The platform's reasons to refuse come before the sandbox's own."""
    image = {"name": "i", "namespace": "n", "tag": "1"}
    production, waiting = jobs.start("p"), jobs.start("w", spec__runtime_type="debug")
    before = [code(jobs.request("POST", path(job_id), image)) for job_id in (production, waiting)]
    for _ in range(2):
        clock.advance(1)
        jobs.names()

    assert [(400, "2879"), (400, "2883")] == before
    assert (400, "2858") == code(jobs.request("POST", path(waiting), image))
    assert (404, "2881") == code(jobs.request("GET", path(waiting)))


def path(job_id: str) -> str:
    return f"training-jobs/{job_id}/tasks/worker-0/save-image-job"
