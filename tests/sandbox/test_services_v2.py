"""How services of the second generation live: roll-outs and roll-backs, scaling, traffic, schedules, restarts."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fmctl.sandbox import VirtualClock
from fmctl.sandbox.faults import FaultPlan, Faults
from fmctl.sandbox.serving.instances import InstanceState
from fmctl.sandbox.serving.scripted import Script, ScriptedInstance

from .services_v2_world import World, group, runtime, scripted_world, service, unit


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> Iterator[World]:
    with scripted_world(tmp_path, clock) as made:
        yield made


def rescript(world: World, script: Script, name: str = "main") -> None:
    """How the next processes of a deployment behave; the ones that run go on as they are."""
    world.launcher.scripts[name] = script


def update(world: World, service_id: str, **body: Any) -> dict[str, Any]:
    return world.call("PUT", f"services/{service_id}", body)


def refused(world: World, method: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = world.ask(method, path, body)
    return answer.status_code, answer.json()["error_code"]


def running(world: World) -> list[ScriptedInstance]:
    return [one for one in world.launcher.started if one.state() is not InstanceState.ENDED]


def names(world: World, service_id: str) -> list[str]:
    return [one["name"] for one in world.show(service_id)["version"]["instance_groups"]]


def test_a_service_is_deploying_until_all_of_its_instances_answer(world: World) -> None:
    """RUNNING when the slowest instance is ready, and not before."""
    rescript(world, Script(ready_after=30))
    service_id = world.create(group(count=2))
    world.advance(0)
    world.advance(29)

    assert world.show(service_id)["status"] == "DEPLOYING"
    world.advance(1)
    found = world.show(service_id)
    assert (found["status"], found["version"]["instance_groups"][0]["running_count"]) == ("RUNNING", 2)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"cmd": None}, "needs a cmd"),
        ({"files": [{"source": "EFS", "mount_path": "/data"}]}, "mounts OBS only"),
        ({"files": [{"source": "OBS", "address": "obs://fmctl-demo/none/", "mount_path": "/m"}]}, "no object below"),
        ({"files": [{"source": "OBS", "address": "obs://no-bucket/none/", "mount_path": "/m"}]}, "no object below"),
    ],
)
def test_what_the_sandbox_cannot_run_fails_with_the_reason(world: World, changes: Any, reason: str) -> None:
    """A deployment that nothing here can run is FAILED at once, and failure_reason says why."""
    found = world.settled(world.create(group(unit(**changes))))

    assert found["status"] == "FAILED"
    assert reason in found["failure_reason"]
    assert world.launcher.started == []


def test_what_needs_a_container_is_stood_in_for(world: World) -> None:
    """Neither its command nor its files nor its checks count, and a WARNING says so, for each image once."""
    image = {"source": "SWR", "swr_path": "swr.r.example.com/org/vllm:1"}
    files = [{"source": "EFS", "mount_path": "/data"}]
    service_id = world.running(group(unit(image=image, cmd="sh run.sh", files=files)))
    [spec] = [one.spec for one in world.launcher.started]
    [event] = world.call("GET", f"services/{service_id}/events", event_type="WARNING")["data"]

    assert (spec.envs["STANDS_IN_FOR"], "run.sh" in spec.command, spec.health.url) == (image["swr_path"], False, "")
    assert image["swr_path"] in event["event_info"]


@pytest.mark.parametrize("script", [Script(dies=True), Script(unhealthy=True), Script(ready_after=10_000)])
def test_a_unit_that_does_not_become_ready_fails_the_service(world: World, script: Script) -> None:
    """FAILED, within deploy_timeout_minutes, and nothing of it runs any more."""
    rescript(world, script)
    found = world.settled(world.create(deploy_timeout_minutes=1))

    assert (found["status"], running(world)) == ("FAILED", [])
    assert found["failure_reason"]


def test_a_service_without_deployments_waits_for_one(world: World) -> None:
    """It is INIT until a deployment is added."""
    service_id = world.create(group_configs=[])
    before = world.show(service_id)["status"]
    world.call("POST", f"services/{service_id}/deployments", group())

    assert (before, world.settled(service_id)["status"]) == ("INIT", "RUNNING")


def test_an_update_never_shows_in_traffic(world: World) -> None:
    """The old version answers until all of the new one is ready, then only the new one does."""
    service_id = world.running()
    rescript(world, Script(ready_after=30))
    newer = group(unit(envs={"VERSION": "two"}))
    assert update(world, service_id, version="1.0.1", group_configs=[newer])["status"] == "UPGRADING"
    world.advance(1)
    old = world.predict(service_id, {}).json()["model"]
    world.advance(30)
    new = world.predict(service_id, {}).json()["model"]
    world.advance(1)

    assert old != new
    assert world.settled(service_id)["version"]["version"] == "1.0.1"
    assert [one.spec.envs["VERSION"] for one in world.launcher.alive()] == ["two"]


def test_an_update_that_fails_leaves_no_trace(world: World) -> None:
    """The service goes on with its old version and deployments; new deployments go again."""
    service_id = world.running()
    rescript(world, Script(dies=True), "extra")
    update(world, service_id, version="1.0.1", group_configs=[group(count=3), group(name="extra")])
    found = world.settled(service_id)
    world.advance(1)

    assert (found["status"], found["version"]["version"]) == ("RUNNING", "1.0.0")
    assert "extra: the process" in found["failure_reason"]
    assert names(world, service_id) == ["main"]
    assert (world.deployment(service_id)["count"], len(running(world))) == (1, 1)


def test_deployments_that_an_update_does_not_name_go(world: World) -> None:
    """group_configs is the whole list: what is in it stays or comes, what is not goes when the update is done."""
    service_id = world.running()
    before = world.show(service_id)["version"]["instance_groups"][0]["id"]
    update(world, service_id, version="1.0.1", group_configs=[group(), group(name="extra")])
    world.settled(service_id)
    both = world.show(service_id)["version"]["instance_groups"]
    update(world, service_id, version="1.0.2", group_configs=[group(name="extra")])
    world.settled(service_id)
    world.advance(1)

    assert [one["name"] for one in both] == ["main", "extra"]
    assert both[0]["id"] == before
    assert names(world, service_id) == ["extra"]


def test_ids_of_units_are_kept_by_name_and_place(world: World) -> None:
    """An update without ids changes what a unit is, and not which one it is."""
    service_id = world.running()
    before = world.deployment(service_id)["unit_configs"][0]["id"]
    update(world, service_id, version="1.0.1", group_configs=[group(unit(port=9000))])
    world.settled(service_id)

    [after] = world.deployment(service_id)["unit_configs"]
    assert (after["id"], after["port"]) == (before, 9000)


def test_what_an_update_leaves_out_stays_as_it_is(world: World) -> None:
    """An update of one setting starts nothing, and changes nothing else."""
    service_id = world.running(description="mine", deploy_timeout_minutes=30)
    limits = runtime()["service_limit"] | {"request_timeout": 5}
    update(world, service_id, version="1.0.1", runtime_config={"service_limit": limits})
    version = world.settled(service_id)["version"]

    assert (version["description"], version["deploy_timeout_minutes"]) == ("mine", 30)
    assert version["runtime_config"]["service_limit"]["request_timeout"] == 5
    assert version["runtime_config"]["service_invoke"] == runtime()["service_invoke"]
    assert len(world.launcher.started) == 1


def test_the_same_version_is_good_for_another_description_alone(world: World) -> None:
    """Any other change needs a version that is not the present one."""
    service_id = world.running()
    path = f"services/{service_id}"
    described = update(world, service_id, version="1.0.0", description="words", group_configs=[group()])

    assert (described["status"], described["version"]["description"]) == ("RUNNING", "words")
    assert refused(world, "PUT", path, {"version": "1.0.0", "group_configs": [group(weight=5)]}) == INVALID
    assert refused(world, "PUT", path, {"deploy_timeout_minutes": 5}) == INVALID
    assert refused(world, "PUT", path, {"description": "words"}) == INVALID
    assert refused(world, "PUT", path, {"version": "1.0.1", "name": "other"}) == INVALID


def test_a_stopped_service_takes_an_update_and_stays_stopped(world: World) -> None:
    """The new version is what a later start starts."""
    service_id = world.running()
    world.call("POST", f"services/{service_id}/stop")
    world.settled(service_id)
    update(world, service_id, version="1.0.1", group_configs=[group(unit(envs={"VERSION": "two"}))])
    stopped = world.settled(service_id)
    world.call("POST", f"services/{service_id}/start")
    world.settled(service_id)

    assert (stopped["status"], stopped["version"]["version"]) == ("STOPPED", "1.0.1")
    assert [one.spec.envs["VERSION"] for one in world.launcher.alive()] == ["two"]


def test_scaling_starts_and_ends_processes_of_the_same_version(world: World) -> None:
    """More instances come beside those that run, fewer leave the oldest ones; the version stays."""
    service_id = world.running()
    path = f"services/{service_id}/deployments/main"
    first = world.launcher.alive()
    up = world.call("PUT", f"{path}/scale", {"count": 3})
    world.settled(service_id)
    three = world.launcher.alive()
    world.call("PUT", f"{path}/scale", {"count": 1})
    world.settled(service_id)
    world.advance(1)

    assert (up["count"], len(three)) == (3, 3)
    assert three[:1] == first == world.launcher.alive()
    assert world.deployment(service_id)["version_count"] == 1


def test_more_instances_than_run_are_counted(world: World) -> None:
    """A large count is reached with a few processes that stand for all."""
    service_id = world.running(group(count=100))
    shown = world.show(service_id)["version"]["instance_groups"][0]

    assert (shown["running_count"], len(world.launcher.alive())) == (100, 8)


def test_a_deleted_instance_makes_the_deployment_smaller(world: World) -> None:
    """operation=DELETE takes that one instance, and leaves the others their names."""
    service_id = world.running(group(count=3))
    path = f"services/{service_id}/deployments/main/instances"
    before = [one["instance_name"] for one in world.call("GET", path)["data"]]
    world.call("DELETE", f"{path}/{before[0]}", operation="DELETE")
    world.settled(service_id)

    assert [one["instance_name"] for one in world.call("GET", path)["data"]] == before[1:]
    assert refused(world, "DELETE", f"{path}/{before[0]}") == (404, "ModelArts.3502")


def test_an_interrupted_upgrade_goes_back_and_a_first_deployment_stops(world: World) -> None:
    """UPGRADING → RUNNING with the old version, DEPLOYING → STOPPED."""
    service_id = world.running()
    path = f"services/{service_id}/deployments/main"
    rescript(world, Script(ready_after=1000))
    world.call("PUT", path, {"unit_configs": [unit(port=1)]})
    upgrade = world.call("POST", f"{path}/interrupt")
    other = world.create(name="other")
    world.call("POST", f"services/{other}/deployments/main/interrupt")

    assert (upgrade["status"], upgrade["version"]) == ("RUNNING", "1.0.0")
    assert world.settled(other)["status"] == "STOPPED"
    assert world.settled(service_id)["status"] == "RUNNING"


def test_traffic_goes_by_weight(world: World) -> None:
    """Of 100 requests each deployment answers as many as its weight says, in traffic_ratio, too."""
    service_id = world.running(group(weight=30))
    world.call("POST", f"services/{service_id}/deployments", group(name="extra", weight=10))
    world.settled(service_id)
    versions = {world.deployment(service_id, name)["version_id"]: name for name in ("main", "extra")}
    answers = Counter(versions[world.predict(service_id, {}).json()["model"]] for _ in range(40))

    ratios = {one["name"]: one["traffic_ratio"] for one in world.show(service_id)["version"]["instance_groups"]}
    assert answers == {"main": 30, "extra": 10}
    assert ratios == {"main": "75.00%", "extra": "25.00%"}


def test_a_service_is_as_its_deployments_are(world: World) -> None:
    """One that failed makes it CONCERNING, one that is stopped does not; it is STOPPED when all of them are."""
    service_id = world.running()
    rescript(world, Script(dies=True), "bad")
    world.call("POST", f"services/{service_id}/deployments", group(name="bad"))
    concerning = world.settled(service_id)["status"]
    world.call("POST", f"services/{service_id}/deployments/bad/stop")
    serving = world.settled(service_id)["status"]
    world.call("POST", f"services/{service_id}/deployments/main/stop")

    assert (concerning, serving, world.settled(service_id)["status"]) == ("CONCERNING", "RUNNING", "STOPPED")


STATE = (400, "ModelArts.3519")
INVALID = (400, "ModelArts.3037")


def test_what_a_status_does_not_allow_is_refused(world: World) -> None:
    """Asking for the status that it has is refused, too; nothing changes."""
    rescript(world, Script(ready_after=10))
    service_id = world.create()
    path, main = f"services/{service_id}", f"services/{service_id}/deployments/main"
    deploying = [
        refused(world, *call)
        for call in (
            ("POST", f"{path}/start"),
            ("POST", f"{path}/stop"),
            ("PUT", path, {"version": "2.0.0"}),
            ("PUT", f"{main}/scale", {"count": 2}),
            ("PUT", main, {"weight": 1}),
            ("POST", f"{main}/start"),
        )
    ]
    world.settled(service_id)
    idle = [refused(world, "POST", one) for one in (f"{path}/start", f"{main}/start", f"{main}/interrupt")]
    world.call("POST", f"{path}/stop")
    world.settled(service_id)
    stopped = [refused(world, "POST", f"{path}/stop"), refused(world, "PUT", f"{main}/scale", {"count": 2})]
    world.call("POST", "services/delete", {"service_ids": [service_id]})

    assert {*deploying, *idle, *stopped} == {STATE}
    assert refused(world, "POST", "services/delete", {"service_ids": [service_id]}) == STATE


def test_deleting_takes_all_of_the_ids_or_none(world: World) -> None:
    """An unknown id leaves the others alone; a deleted service is 404 and its name is free."""
    service_id = world.running()

    assert refused(world, "POST", "services/delete", {"service_ids": [service_id, "none"]}) == (404, "ModelArts.3502")
    assert world.show(service_id)["status"] == "RUNNING"
    assert refused(world, "POST", "services", service()) == (409, "ModelArts.3503")
    world.call("POST", "services/delete", {"service_ids": [service_id]})
    world.advance(1)
    world.advance(1)
    assert world.ask("GET", f"services/{service_id}").status_code == 404
    assert world.launcher.alive() == []
    assert world.running() != service_id


def test_a_schedule_stops_a_service_once(world: World) -> None:
    """At due_time it stops; a start counts again from then."""
    service_id = world.running(schedule=[{"type": "STOP", "time_unit": "MINUTES", "duration": 2}])
    due = world.show(service_id)["schedule"][0]["due_time"] / 1000
    world.advance(due - world.clock.now() - 1)
    before = world.show(service_id)["status"]
    world.advance(1)
    stopped = world.settled(service_id)
    world.call("POST", f"services/{service_id}/start")
    again = world.settled(service_id)

    assert (before, stopped["status"], again["status"]) == ("RUNNING", "STOPPED", "RUNNING")
    assert (stopped["schedule"][0]["processed"], again["schedule"][0]["processed"]) == (True, False)
    assert again["schedule"][0]["due_time"] > stopped["schedule"][0]["due_time"]


def test_cron_rules_scale_at_their_time(world: World) -> None:
    """At the minute of the rule the count is the rule's, and an event tells."""
    service_id = world.running()
    path = f"services/{service_id}/deployments/main"
    target = {"target_resource_id": world.deployment(service_id)["id"], "target_resource_type": "GROUP"}
    rule = {"name": "often", "type": "CRON_HPA", "schedule": "*/5 * * * *", "target_replicas": 3}
    world.call("POST", f"{path}/hpa", {"type": "CRON_HPA", "hpa_rules": [rule], **target})
    before = world.deployment(service_id)["count"]
    for _ in range(6):
        world.advance(50)
    world.settled(service_id)

    [event] = world.call("GET", f"{path}/hpa/events")["data"]
    assert (before, world.deployment(service_id)["count"], len(world.launcher.alive())) == (1, 3, 3)
    assert (event["current_replicas"], event["final_replicas"], event["status"]) == (1, 3, "SUCCESS")


def test_a_restart_of_the_sandbox_starts_services_again(world: World) -> None:
    """What was up comes up again, what was stopped stays stopped, an update that was on its way goes on."""
    up, updating = world.running(), world.running(name="updating")
    stopped = world.running(name="stopped")
    world.call("POST", f"services/{stopped}/stop")
    world.settled(stopped)
    rescript(world, Script(ready_after=5))
    update(world, updating, version="1.0.1", group_configs=[group(unit(port=1))])
    world.restart()
    restarting = world.deployment(up)["status"]

    assert restarting == "RESTARTING"
    assert [world.settled(one)["status"] for one in (up, updating, stopped)] == ["RUNNING", "RUNNING", "STOPPED"]
    assert world.show(updating)["version"]["version"] == "1.0.1"


def test_mount_paths_lead_to_the_files(world: World) -> None:
    """Paths in the command and the environment are those of this machine; other texts stay as they are."""
    world.running(
        group(unit(cmd="run /home/unit/serve.py /home/unity", envs={"WEIGHTS": "/home/unit", "PLAIN": "x/home/unit"}))
    )
    spec = world.launcher.started[0].spec
    program = spec.command.split()[1]

    assert "HTTPServer" in Path(program).read_text()
    assert (spec.command.split()[2], spec.envs["PLAIN"]) == ("/home/unity", "x/home/unit")
    assert spec.envs["WEIGHTS"] == str(Path(program).parent)


def test_limits_of_a_service_hold(world: World) -> None:
    """Too many requests are 429 until the window is over, too large ones 413, too slow ones 408."""
    limit = {"rate_limit": {"num": 2, "unit": "SECONDS"}, "request_size_limit": 1, "request_timeout": 1}
    service_id = world.running(runtime_config=runtime() | {"service_limit": limit})
    statuses = [world.predict(service_id, {}).status_code for _ in range(3)]
    world.advance(1)
    large = world.predict(service_id, "x" * 2_000_000).status_code
    rescript(world, Script(slow=True))
    slow = world.running(name="slow", runtime_config=runtime() | {"service_limit": limit})

    assert (statuses, large, world.predict(slow, {}).status_code) == ([200, 200, 429], 413, 408)


def test_a_service_sees_nothing_of_who_asks(world: World) -> None:
    """Credentials stay at the gateway; a caller without any is refused."""
    service_id = world.running()
    seen = world.predict(service_id, {}, "/v1/chat", **{"X-Trace": "7"}).json()
    stranger = world.client.post(f"/v2/infers/{service_id}", headers={"X-Auth-Token": ""})

    assert seen["path"] == "/v1/chat"
    assert {name.lower() for name in seen["headers"]} & {"x-auth-token", "authorization", "x-trace"} == {"x-trace"}
    assert stranger.status_code == 401


def test_a_new_service_is_listed_late_when_lists_lag(world: World) -> None:
    """While lists lag, only the detail knows of the service."""
    faults = Faults(world.sandbox.wsgi, FaultPlan(list_lag=30), world.clock)
    path = f"/v2/{world.sandbox.credentials.project_id}/services"
    with httpx.Client(transport=httpx.WSGITransport(faults), base_url="http://x", headers=world.client.headers) as late:
        made = late.post(path, json=service()).json()
        listed, shown = late.get(path).json(), late.get(f"{path}/{made['id']}").json()
        world.advance(31)
        after = late.get(path).json()

    assert (listed["data"], listed["total"], shown["name"]) == ([], 0, "digits")
    assert [one["id"] for one in after["data"]] == [made["id"]]
