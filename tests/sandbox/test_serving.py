"""How services run: roll-outs and roll-backs, crashes, traffic by weight, and restarts of the sandbox."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from fmctl.sandbox import VirtualClock
from fmctl.sandbox.models.engines import RUNTIMES
from fmctl.sandbox.serving.containers import LISTENS
from fmctl.sandbox.serving.instances import Answer, InstanceState
from fmctl.sandbox.serving.scripted import Script

from .serving_world import World, scripted_world


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> Iterator[World]:
    with scripted_world(tmp_path, clock) as made:
        yield made


def rescript(world: World, script: Script) -> None:
    """How the next instances of the model behave; the ones that run go on as they are."""
    world.launcher.scripts["digits"] = script


def models_that_answer(world: World, service_id: str, requests: int) -> Counter[str]:
    return Counter(world.predict(service_id, {}).json()["model"] for _ in range(requests))


def test_a_service_deploys_until_its_instances_are_healthy(world: World) -> None:
    """deploying, with progress, for as long as the slowest instance takes."""
    rescript(world, Script(ready_after=30))
    service_id = world.deploy(world.element(world.published(), instance_count=2))
    world.advance(0)
    world.advance(29)

    assert world.get(f"services/{service_id}")["status"] == "deploying"
    world.advance(1)
    assert world.get(f"services/{service_id}")["status"] == "running"
    assert world.get(f"services/{service_id}")["progress"] == 100


def test_a_service_waits_for_its_slowest_model(world: World) -> None:
    """It is not running while one of its elements has no instance yet, and shows how far it is."""
    quick, slow = world.published(), world.published(model_version="1.0.1")
    world.launcher.scripts[slow] = Script(ready_after=30)
    service_id = world.deploy(world.element(quick, weight=50), world.element(slow, weight=50))
    world.advance(1)
    world.advance(1)
    service = world.get(f"services/{service_id}")

    assert (service["status"], service["progress"]) == ("deploying", 50)
    world.advance(30)
    assert world.get(f"services/{service_id}")["status"] == "running"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (Script(fails="ImportError: no module named torch"), "ImportError: no module named torch"),
        (Script(unhealthy=True), "its health check fails"),
        (Script(dies=True), "ended 3 times"),
        (Script(ready_after=10_000), "not ready in time"),
    ],
)
def test_a_model_that_cannot_start_fails_the_service(world: World, script: Script, reason: str) -> None:
    """failed, with the reason in error_msg, no instance left, and no predictions."""
    rescript(world, script)
    service_id = world.deploy(world.element(world.published(), deploy_timeout_in_seconds=60))
    service = world.settled(service_id)

    assert service["status"] == "failed"
    assert reason in service["error_msg"]
    assert world.get(f"services/{service_id}/logs")["logs"][0]["result"] == "FAIL"
    assert {instance.state() for instance in world.launcher.started} == {InstanceState.ENDED}
    assert world.predict(service_id, {}).json()["error_code"] == "ModelArts.4203"


def test_an_image_is_stood_in_for(world: World) -> None:
    """Neither its command nor its variables nor its checks count, and an abnormal event says so."""
    health = json.dumps({"health": {"check_method": "EXEC", "command": "test -e /ready"}})
    image = {"model_type": "Image", "source_location": "org/image:1", "cmd": "sh run.sh", "initial_config": health}
    service_id = world.deploy(world.element(world.published(**image), envs={"MODE": "a"}))
    service = world.settled(service_id)
    [spec] = [one.spec for one in world.launcher.started]
    [event] = world.get(f"services/{service_id}/events", event_type="abnormal")["events"]

    assert service["status"] == "running"
    assert (spec.envs["STANDS_IN_FOR"], "run.sh" in spec.command) == ("org/image:1", False)
    assert (spec.health, "MODE" in spec.envs) == (LISTENS, False)
    assert "digits 1.0.0" in event["event_info"]
    assert "org/image:1" in event["event_info"]


def test_the_command_of_an_image_of_the_sandbox_runs(world: World) -> None:
    """With its variables and checks, told the port of its configuration, and without an event."""
    check = {"url": "ready", "period_seconds": "3", "failure_threshold": "5", "initial_delay_seconds": "10"}
    config = json.dumps({"health": check, "port": "9000"})
    image = {"model_type": "Image", "source_location": "sandbox/python", "initial_config": config}
    model_id = world.published(**image, cmd="exec python -m http.server 9000")
    service_id = world.deploy(world.element(model_id, envs={"MODE": "a"}))
    world.settled(service_id)
    [spec] = [one.spec for one in world.launcher.started]

    assert (spec.command, spec.port, spec.envs["MODE"]) == ("exec python -m http.server 9000", 9000, "a")
    assert (spec.health.url, spec.health.period, spec.health.initial_delay) == ("/ready", 3, 10 + 4 * 3)
    assert world.get(f"services/{service_id}/events", event_type="abnormal")["events"] == []


def test_a_command_listens_on_the_port_of_containers(world: World) -> None:
    """8080, and it is ready when it listens, where nothing else is said."""
    image = {"model_type": "Image", "source_location": "sandbox/python", "cmd": "exec python serve.py"}
    world.settled(world.deploy(world.element(world.published(**image))))
    [spec] = [one.spec for one in world.launcher.started]

    assert (spec.port, spec.health) == (8080, LISTENS)


@pytest.mark.parametrize("port", [0, "0", 65536, "http", True, 8080.5, [8080]])
def test_a_port_is_a_port(world: World, port: object) -> None:
    """Anything else in the configuration of an image is refused when it is published."""
    image = {"model_type": "Image", "source_location": "org/image:1", "initial_config": json.dumps({"port": port})}
    answer = world.ask("POST", "models", world.model_body(**image))

    assert (answer.status_code, answer.json()["error_code"]) == (400, "ModelArts.3015")


def test_an_image_of_the_sandbox_needs_a_command(world: World) -> None:
    """The service is failed, and says what is missing."""
    model_id = world.published(model_type="Image", source_location="sandbox/python")
    service = world.settled(world.deploy(world.element(model_id)))

    assert (service["status"], "needs a cmd" in service["error_msg"]) == ("failed", True)
    assert world.launcher.started == []


def test_a_command_that_ends_has_the_last_word(world: World) -> None:
    """error_msg repeats the last line that it has printed."""
    rescript(world, Script(dies=True))
    image = {"model_type": "Image", "source_location": "sandbox/python", "cmd": "exec python serve.py"}
    service_id = world.deploy(world.element(world.published(**image)))
    world.advance(0)
    world.launcher.started[0].spec.log.write_text("starting\nno such file: serve.py\n\n[sandbox] exit code 2\n")
    service = world.settled(service_id)

    assert service["status"] == "failed"
    assert service["error_msg"].endswith("the last that it said: no such file: serve.py")


def test_versions_of_an_image_share_the_traffic(world: World) -> None:
    """A canary of images goes by weight, as any other."""
    versions = [
        world.published(model_type="Image", source_location=f"org/image:{at}", model_version=f"1.0.{at}")
        for at in (0, 1)
    ]
    elements = [world.element(model, weight=weight) for model, weight in zip(versions, (90, 10), strict=True)]
    service_id = world.deploy(*elements)
    world.settled(service_id)

    assert models_that_answer(world, service_id, 100) == dict(zip(versions, (90, 10), strict=True))


@pytest.mark.parametrize("engine", [*RUNTIMES, "Template"])
def test_every_engine_is_published_and_deployed(world: World, engine: str) -> None:
    """A model with a customize_service.py runs, whichever its engine is."""
    location = world.upload("model-files", {})
    named = {"template_id": "100003", "template_inputs": [{"input_id": "mindspore_folder", "input": location}]}
    changes = {"template": named, "source_location": None} if engine == "Template" else {}
    service_id = world.deploy(world.element(world.published(model_type=engine, **changes)))

    assert world.settled(service_id)["status"] == "running"
    assert [one.spec.model_type for one in world.launcher.started] == ["MindSpore" if changes else engine]


def test_an_update_moves_traffic_only_when_the_new_instances_are_healthy(world: World) -> None:
    """Until then the old model answers, and the detail shows the configuration that does."""
    service_id = world.running()
    old = world.get(f"services/{service_id}")["config"][0]["model_id"]
    rescript(world, Script(ready_after=10))
    new = world.published(model_version="1.0.1")
    world.ask("PUT", f"services/{service_id}", {"config": [world.element(new)]})
    world.advance(5)

    assert world.get(f"services/{service_id}")["status"] == "deploying"
    assert set(models_that_answer(world, service_id, 3)) == {old}
    service = world.settled(service_id)
    assert (service["status"], service["config"][0]["model_id"]) == ("running", new)
    assert set(models_that_answer(world, service_id, 3)) == {new}
    assert {instance.spec.model_id for instance in world.launcher.alive()} == {new}


def test_the_old_instances_are_looked_after_during_an_update(world: World) -> None:
    """One that crashes meanwhile is started again: it still has the traffic."""
    service_id = world.running()
    old = world.get(f"services/{service_id}")["config"][0]["model_id"]
    new = world.published(model_version="1.0.1")
    world.launcher.scripts[new] = Script(ready_after=60)
    world.ask("PUT", f"services/{service_id}", {"config": [world.element(new)]})
    world.advance(1)
    world.launcher.alive()[0].kill()
    for _ in range(3):
        world.advance(1)

    assert world.get(f"services/{service_id}")["status"] == "deploying"
    assert set(models_that_answer(world, service_id, 3)) == {old}


def test_scaling_down_keeps_the_instances_that_answer(world: World) -> None:
    """A crashed one is given up, not waited for."""
    model_id = world.published()
    service_id = world.deploy(world.element(model_id, instance_count=2))
    world.settled(service_id)
    crashed, healthy = world.launcher.alive()
    crashed.kill()
    change = {"model_id": model_id, "changed_value": 1}
    world.ask("PUT", f"services/{service_id}/property", {"changed_property": "instance_count", "configs": [change]})
    world.advance(0.5)

    assert world.get(f"services/{service_id}")["status"] == "running"
    assert world.launcher.alive() == [healthy]


def test_a_failed_service_can_be_started_again(world: World) -> None:
    """Its error goes when it is."""
    rescript(world, Script(fails="OSError: disk full"))
    service_id = world.deploy(world.element(world.published()))
    world.settled(service_id)
    rescript(world, Script())
    world.ask("PUT", f"services/{service_id}", {"status": "running"})
    service = world.settled(service_id)

    assert (service["status"], "error_msg" in service) == ("running", False)


def test_an_update_that_fails_rolls_back(world: World) -> None:
    """running again with the old configuration; only logs and events tell, and every request is answered."""
    service_id = world.running()
    old = world.get(f"services/{service_id}")
    rescript(world, Script(fails="ValueError: bad weights"))
    new = world.published(model_version="1.0.1")
    update = world.ask("PUT", f"services/{service_id}", {"config": [world.element(new)]}).json()["update_time"]
    service = world.settled(service_id)
    log = world.get(f"services/{service_id}/logs")["logs"][0]

    assert (service["status"], service["config"]) == ("running", old["config"])
    assert "error_msg" not in service
    assert service["update_time"] == old["update_time"]
    assert (log["update_time"], log["result"], log["config"][0]["model_id"]) == (update, "FAIL", new)
    assert set(models_that_answer(world, service_id, 3)) == {old["config"][0]["model_id"]}


def test_a_failed_scale_up_takes_the_count_back(world: World) -> None:
    """The instance that ran goes on."""
    service_id = world.running()
    first = world.launcher.alive()
    model_id = world.get(f"services/{service_id}")["config"][0]["model_id"]
    rescript(world, Script(fails="MemoryError: too big"))
    change = {"model_id": model_id, "changed_value": 2}
    world.ask("PUT", f"services/{service_id}/property", {"changed_property": "instance_count", "configs": [change]})
    service = world.settled(service_id)

    assert (service["status"], service["config"][0]["instance_count"]) == ("running", 1)
    assert [instance for instance in first if not instance.ended] == first


def test_a_config_on_a_stopped_service_starts_it(world: World) -> None:
    """It has the new configuration at once, and fails with it if it cannot start."""
    service_id = world.running()
    world.ask("PUT", f"services/{service_id}", {"status": "stopped"})
    world.settled(service_id)
    rescript(world, Script(fails="ValueError: bad weights"))
    new = world.published(model_version="1.0.1")
    world.ask("PUT", f"services/{service_id}", {"config": [world.element(new)]})
    service = world.settled(service_id)

    assert (service["status"], service["config"][0]["model_id"]) == ("failed", new)


def test_an_element_that_an_update_keeps_is_not_restarted(world: World) -> None:
    """Weights can change without touching an instance."""
    old, new = world.published(), world.published(model_version="1.0.1")
    both = [world.element(old, weight=50), world.element(new, weight=50)]
    service_id = world.deploy(*both)
    world.settled(service_id)
    before = world.launcher.alive()
    shifted = [element | {"weight": weight} for element, weight in zip(both, (90, 10), strict=True)]
    world.ask("PUT", f"services/{service_id}", {"config": shifted})
    service = world.settled(service_id)

    assert [element["weight"] for element in service["config"]] == [90, 10]
    assert world.launcher.alive() == before


def test_traffic_is_shared_by_weight(world: World) -> None:
    """Of a hundred requests each model gets exactly its weight."""
    old, new = world.published(), world.published(model_version="1.0.1")
    service_id = world.deploy(world.element(old, weight=70), world.element(new, weight="30"))
    world.settled(service_id)

    assert models_that_answer(world, service_id, 100) == {old: 70, new: 30}


def test_a_model_without_weight_gets_no_traffic(world: World) -> None:
    """It runs, and waits for its share."""
    old, new = world.published(), world.published(model_version="1.0.1")
    service_id = world.deploy(world.element(old, weight=100), world.element(new, weight=0))
    world.settled(service_id)

    assert models_that_answer(world, service_id, 20) == {old: 20}


def test_a_crash_makes_the_service_concerning_until_the_instance_is_back(world: World) -> None:
    """The others answer meanwhile; the restart waits a moment, longer after every crash."""
    service_id = world.deploy(world.element(world.published(), instance_count=2))
    world.settled(service_id)
    world.launcher.alive()[0].kill()
    world.advance(0.1)

    assert world.get(f"services/{service_id}")["status"] == "concerning"
    assert world.predict(service_id, {}).status_code == 200
    assert len(world.launcher.alive()) == 1
    world.advance(1)
    assert world.get(f"services/{service_id}")["status"] == "running"
    assert len(world.launcher.alive()) == 2


def test_restarts_after_crashes_come_ever_later(world: World) -> None:
    """One second, two, four: a model that keeps crashing does not keep the machine busy."""
    service_id = world.running()
    pauses = []
    for _ in range(3):
        world.launcher.alive()[0].kill()
        world.advance(0.1)
        pauses.append(0)
        while not world.launcher.alive():
            world.advance(1)
            pauses[-1] += 1

    assert pauses == [1, 2, 4]
    assert world.get(f"services/{service_id}")["status"] == "running"


def test_a_service_without_any_instance_left_answers_503(world: World) -> None:
    """It is concerning, not stopped."""
    service_id = world.running()
    world.launcher.alive()[0].kill()
    answer = world.predict(service_id, {})

    assert (answer.status_code, answer.json()["error_code"]) == (503, "ModelArts.4503")


def test_an_instance_finishes_its_request_before_it_ends(world: World) -> None:
    """Stopping a service waits for what was asked before."""
    service_id = world.running()
    (instance,) = world.launcher.alive()
    instance.hold()
    world.ask("PUT", f"services/{service_id}", {"status": "stopped"})
    world.advance(5)

    assert (world.get(f"services/{service_id}")["status"], instance.ended) == ("stopping", False)
    instance.release()
    assert world.settled(service_id)["status"] == "stopped"


def test_an_instance_that_does_not_finish_is_ended(world: World) -> None:
    """Patience ends after half a minute."""
    service_id = world.running()
    (instance,) = world.launcher.alive()
    instance.hold()
    world.ask("PUT", f"services/{service_id}", {"status": "stopped"})
    world.advance(1)
    world.advance(31)
    world.advance(1)

    assert (world.get(f"services/{service_id}")["status"], instance.ended) == ("stopped", True)


def test_running_services_start_again_with_the_sandbox(world: World) -> None:
    """deploying, then running, without an entry in the history; stopped ones stay stopped."""
    service_id = world.running()
    stopped = world.deploy(world.element(world.published(model_version="1.0.1")), service_name="stopped")
    world.settled(stopped)
    world.ask("PUT", f"services/{stopped}", {"status": "stopped"})
    world.settled(stopped)
    world.restart()

    assert world.get(f"services/{service_id}")["status"] == "deploying"
    assert world.settled(service_id)["status"] == "running"
    assert world.predict(service_id, {}).status_code == 200
    assert len(world.get(f"services/{service_id}/logs")["logs"]) == 1
    assert world.get(f"services/{stopped}")["status"] == "stopped"


def test_an_update_survives_a_restart_of_the_sandbox(world: World) -> None:
    """It goes on where it was, and ends with the new configuration."""
    service_id = world.running()
    rescript(world, Script(ready_after=5))
    new = world.published(model_version="1.0.1")
    world.ask("PUT", f"services/{service_id}", {"config": [world.element(new)]})
    world.restart()
    service = world.settled(service_id)

    assert (service["status"], service["config"][0]["model_id"]) == ("running", new)
    assert world.get(f"services/{service_id}/logs")["logs"][0]["result"] == "SUCCESS"


def test_a_service_with_nothing_to_go_back_to_is_failed(world: World) -> None:
    """After a restart neither the update nor the old configuration starts: failed, not concerning for ever."""
    service_id = world.running()
    rescript(world, Script(ready_after=5))
    new = world.published(model_version="1.0.1")
    world.ask("PUT", f"services/{service_id}", {"config": [world.element(new)]})
    rescript(world, Script(fails="OSError: disk gone"))
    world.restart()
    for _ in range(5):
        world.advance()
    service = world.get(f"services/{service_id}")

    assert (service["status"], service["error_msg"]) == ("failed", "OSError: disk gone")


def test_closing_the_sandbox_ends_every_instance(world: World) -> None:
    """Nothing is left behind."""
    world.running()
    (instance,) = world.launcher.alive()
    world.restart()

    assert instance.ended


def test_the_environment_of_an_element_reaches_its_instances(world: World) -> None:
    """And another environment means other instances."""
    model_id = world.published()
    service_id = world.deploy(world.element(model_id, envs={"MODE": "a"}))
    world.settled(service_id)
    world.ask("PUT", f"services/{service_id}", {"config": [world.element(model_id, envs={"MODE": "b"})]})
    world.settled(service_id)

    assert [instance.spec.envs for instance in world.launcher.started] == [{"MODE": "a"}, {"MODE": "b"}]
    assert [instance.spec.envs for instance in world.launcher.alive()] == [{"MODE": "b"}]


def test_a_large_instance_count_is_counted_but_not_all_run(world: World) -> None:
    """A laptop is no cluster: four processes per element at most."""
    service_id = world.deploy(world.element(world.published(), instance_count=128))

    assert world.settled(service_id)["config"][0]["instance_count"] == 128
    assert len(world.launcher.alive()) == 4
    assert world.get(f"services/{service_id}/monitor")["service_running_instance_count"] == 128
    world.launcher.alive()[0].kill()
    assert world.get(f"services/{service_id}/monitor")["service_running_instance_count"] == 3


def test_predictions_pass_the_body_and_hide_the_credentials(world: World) -> None:
    """The model sees the path below its own address, the body, and no token."""
    service_id = world.running()
    said = world.predict(service_id, {"x": 1}, "/v2/a%20b?top=3").json()

    assert (said["path"], said["got"]) == ("/v2/a%20b?top=3", '{"x":1}')
    assert "x-auth-token" not in [name.lower() for name in said["headers"]]


def test_an_answer_of_the_model_is_passed_on_as_it_is(world: World) -> None:
    """Status, type and body; a 5xx counts as a failed call."""
    rescript(world, Script(answer=Answer(500, "text/plain", b"no")))
    service_id = world.running()
    answer = world.predict(service_id, {})
    world.advance()

    assert (answer.status_code, answer.headers["Content-Type"], answer.text) == (500, "text/plain", "no")
    service = world.get(f"services/{service_id}")
    assert (service["invocation_times"], service["failed_times"]) == (1, 1)


def test_looking_and_predicting_write_nothing(world: World) -> None:
    """Time, counters and health checks are no writes of a caller."""
    service_id = world.running()
    before = list(world.sandbox.store.writes)
    for path in ("", "/logs", "/events", "/monitor"):
        world.get(f"services/{service_id}{path}")
    world.predict(service_id, {})
    world.advance(10)

    assert world.get(f"services/{service_id}")["invocation_times"] == 1
    assert world.sandbox.store.writes == before


def test_a_model_that_takes_too_long_is_given_up(world: World) -> None:
    """408 at the gateway's limit, counted as a failed call."""
    rescript(world, Script(slow=True))
    service_id = world.running()
    answer = world.predict(service_id, {})
    world.advance()

    assert (answer.status_code, answer.json()["error_code"]) == (408, "ModelArts.4205")
    assert world.get(f"services/{service_id}")["failed_times"] == 1
