"""Batch services of the sandbox: what they read, what they write, and how they end."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fmctl.sandbox import VirtualClock
from fmctl.sandbox.serving.instances import Answer
from fmctl.sandbox.serving.scripted import Script

from .serving_world import CONFIG, Json, World, scripted_world
from .test_model_service import until

RULE = {
    "type": "object",
    "properties": {
        "data": {
            "type": "object",
            "properties": {
                "req_data": {
                    "type": "array",
                    "items": [
                        {
                            "type": "object",
                            "properties": {
                                "width": {"type": "number", "index": 1},
                                "count": {"type": "integer", "index": 0},
                                "name": {"type": "string", "index": 2},
                                "good": {"type": "boolean", "index": 3},
                                "note": {"type": "string", "index": -1},
                            },
                        }
                    ],
                }
            },
        }
    },
}
IMAGES = {"type": "object", "properties": {"images": {"type": "file"}}}


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> Iterator[World]:
    with scripted_world(tmp_path, clock) as made:
        yield made


def files(world: World, **contents: str) -> None:
    world.upload("in", {name.replace("_", "."): text for name, text in contents.items()})


def element(model_id: str, **changes: Any) -> Json:
    places = {"src_path": "obs://fmctl-demo/in/", "dest_path": "/fmctl-demo/out/", "req_uri": "/"}
    size = {"specification": "modelarts.vm.cpu.2u", "instance_count": 1}
    return {"model_id": model_id, **size, **places, "mapping_type": "file"} | changes


def body(*elements: Json, **changes: Any) -> Json:
    return {"service_name": "nightly", "infer_type": "batch", "config": [*elements]} | changes


def deploy(world: World, *elements: Json, **changes: Any) -> str:
    answer = world.ask("POST", "services", body(*elements, **changes))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["service_id"])


def ended(world: World, service_id: str) -> Json:
    """The service when its run is over; the run has a thread and a time of its own."""

    def is_over() -> bool:
        world.advance()
        return world.get(f"services/{service_id}")["status"] not in {"deploying", "running", "stopping"}

    until(is_over)
    return world.get(f"services/{service_id}")


def results(world: World, service_id: str) -> dict[str, bytes]:
    """What lies below dest_path, by name."""
    prefix = f"out/infer-result-{service_id}"
    found = world.sandbox.objects.walk("fmctl-demo", prefix)
    return {info.key.removeprefix(prefix): world.sandbox.objects.get("fmctl-demo", info.key) for info in found}


def manifest(world: World, service_id: str) -> list[Json]:
    return [json.loads(line) for line in results(world, service_id)[".manifest"].splitlines()]


def test_every_file_is_asked_about_and_answered(world: World) -> None:
    """The service finishes by itself; a result for each file, a manifest that tells of them, and no instance left."""
    files(world, a_json='{"x": 1}', b_json='{"x": 2}')
    service_id = deploy(world, element(world.published()))
    service = ended(world, service_id)
    found = results(world, service_id)

    assert ("finished", 2, 0) == (service["status"], service["invocation_times"], service["failed_times"])
    assert {".manifest", "/a.json_result.txt", "/b.json_result.txt"} == set(found)
    assert json.loads(found["/a.json_result.txt"])["got"] == '{"x": 1}'
    assert {
        "source": "obs://fmctl-demo/in/a.json",
        "result": "SUCCESSFUL",
        "inference-loc": f"obs://fmctl-demo/out/infer-result-{service_id}/a.json_result.txt",
    } == manifest(world, service_id)[0]
    assert world.launcher.alive() == []


def test_a_detail_shows_paths_and_times_and_no_weight(world: World) -> None:
    """start_time and finished_time are in the element, and in lists; there is no address."""
    files(world, a_json="{}")
    service = ended(world, deploy(world, element(world.published())))
    (shown,), (item,) = service["config"], world.get("services", infer_type="batch")["services"]

    assert {"weight", "api"} & shown.keys() == set()
    assert "access_address" not in service
    assert ("obs://fmctl-demo/in/", "/", "file") == (shown["src_path"], shown["req_uri"], shown["mapping_type"])
    assert shown["start_time"] <= shown["finished_time"]
    assert shown["finished_time"] == item["finished_time"]


def test_a_file_goes_to_the_parameter_that_takes_one(world: World) -> None:
    """It is sent as a form; a file that is no JSON is one anyway."""
    files(world, a_png="picture")
    api = {"url": "/", "method": "post", "request": {"Content-type": "multipart/form-data", "data": IMAGES}}
    model_id = world.published(initial_config=json.dumps({"apis": [api]}))
    service_id = deploy(world, element(model_id))
    ended(world, service_id)
    got = json.loads(results(world, service_id)["/a.png_result.txt"])["got"]

    assert 'name="images"; filename="a.png"' in got
    assert "picture" in got


def test_every_line_of_a_csv_makes_a_request_by_the_rule(world: World) -> None:
    """Leaves take their column and type; -1 is left out; a result has a line for each line."""
    files(world, a_csv="1,2.5,one,true\n2,3,two,false\n")
    service_id = deploy(world, element(world.published(), mapping_type="csv", mapping_rule=RULE))
    service = ended(world, service_id)
    lines = results(world, service_id)["/a.csv_result.txt"].splitlines()
    first, second = (json.loads(json.loads(line)["got"])["data"]["req_data"][0] for line in lines)

    assert ("finished", 2) == (service["status"], service["invocation_times"])
    assert {"width": 2.5, "count": 1, "name": "one", "good": True} == first
    assert {"width": 3, "count": 2, "name": "two", "good": False} == second


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a_csv", "one,2,x,true\n", "line 1"),
        ("a_csv", "1,2\n", "no column"),
        ("a_csv", "1,2,x,perhaps\n", "neither true nor false"),
        ("a_txt", "1,2,x,true\n", "no .csv"),
    ],
)
def test_lines_that_do_not_fit_fail_the_service(world: World, name: str, text: str, reason: str) -> None:
    """failed, with the reason in error_msg and in the manifest; the other files have their results."""
    files(world, **{name: text, "ok_csv": "1,2,x,true\n"})
    service_id = deploy(world, element(world.published(), mapping_type="csv", mapping_rule=RULE))
    service = ended(world, service_id)
    failed, fine = manifest(world, service_id)

    assert ("failed", True) == (service["status"], "1 of 2" in service["error_msg"])
    assert ("FAILED", True) == (failed["result"], reason in failed["error_message"])
    assert "SUCCESSFUL" == fine["result"]


def test_an_answer_that_is_an_error_fails_the_service(world: World) -> None:
    """What the model said is kept."""
    files(world, a_json="{}")
    world.launcher.scripts["digits"] = Script(answer=Answer(500, "text/plain", b"no such column"))
    service_id = deploy(world, element(world.published()))
    service = ended(world, service_id)

    assert ("failed", 1, True) == (service["status"], service["failed_times"], "no such column" in service["error_msg"])
    assert results(world, service_id)["/a.json_result.txt"] == b"no such column"


def test_a_model_that_cannot_start_fails_the_service(world: World) -> None:
    """Nothing is read or written."""
    files(world, a_json="{}")
    world.launcher.scripts["digits"] = Script(fails="ImportError: no module named torch")
    service_id = deploy(world, element(world.published()))

    assert ended(world, service_id)["error_msg"] == "ImportError: no module named torch"
    assert results(world, service_id) == {}


def test_a_manifest_can_name_the_files(world: World) -> None:
    """They may lie anywhere."""
    files(world, a_json='{"x": 1}', b_json='{"x": 2}')
    world.upload("lists", {"some.manifest": '{"source": "obs://fmctl-demo/in/b.json"}\n'})
    listed = {"src_path": "obs://fmctl-demo/lists/some.manifest", "src_type": "ManifestFile"}
    service_id = deploy(world, element(world.published(), **listed))
    ended(world, service_id)

    assert ["obs://fmctl-demo/in/b.json"] == [line["source"] for line in manifest(world, service_id)]


def test_a_finished_service_runs_again_when_it_is_started(world: World) -> None:
    """It reads what is there then; stopping or scaling it makes no sense."""
    files(world, a_json="{}")
    service_id = deploy(world, element(world.published()))
    ended(world, service_id)
    refused = world.ask("PUT", f"services/{service_id}", {"status": "stopped"})
    files(world, b_json="{}")
    world.ask("PUT", f"services/{service_id}", {"status": "running"})
    service = ended(world, service_id)

    assert (400, "ModelArts.3519") == (refused.status_code, refused.json()["error_code"])
    assert ("finished", 3, 2) == (
        service["status"],
        service["invocation_times"],
        len(manifest(world, service_id)),
    )


def test_a_running_batch_can_be_stopped_reconfigured_and_deleted(world: World) -> None:
    """While its model is starting again nothing is asked: the run waits, and goes when it is told to."""
    files(world, a_json="{}")
    world.launcher.scripts["digits"] = Script(crashes_after=0)
    model_id = world.published()
    service_id = deploy(world, element(model_id))
    until(lambda: world.advance() or world.get(f"services/{service_id}")["status"] == "running")
    world.ask("PUT", f"services/{service_id}", {"status": "stopped"})

    assert "stopped" == world.settled(service_id)["status"]
    world.launcher.scripts["digits"] = Script()
    world.ask("PUT", f"services/{service_id}", {"config": [element(model_id, dest_path="/fmctl-demo/other/")]})
    assert "finished" == ended(world, service_id)["status"]
    assert any(True for _ in world.sandbox.objects.walk("fmctl-demo", "other/"))
    assert world.ask("DELETE", f"services/{service_id}").status_code == 200
    until(lambda: world.advance() or world.ask("GET", f"services/{service_id}").status_code == 404)


def test_a_run_that_was_cut_off_begins_again_with_the_sandbox(world: World) -> None:
    """A restart loses the run, not the service."""
    files(world, a_json="{}")
    service_id = deploy(world, element(world.published()))
    world.advance()
    world.restart()

    assert "finished" == ended(world, service_id)["status"]
    assert 1 == len(manifest(world, service_id))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"src_path": None}, "3036"),
        ({"dest_path": ""}, "3036"),
        ({"req_uri": None}, "3036"),
        ({"mapping_type": None}, "3036"),
        ({"mapping_type": "csv"}, "3036"),
        ({"mapping_type": "json"}, "3037"),
        ({"mapping_type": "csv", "mapping_rule": []}, "3037"),
        ({"req_uri": "/other"}, "3037"),
        ({"src_path": "in"}, "3037"),
        ({"src_type": "Folder"}, "3037"),
        ({"src_path": "obs://fmctl-demo/nothing/"}, "3551"),
        ({"src_path": "obs://no-such-bucket/in/"}, "3551"),
        ({"dest_path": "obs://no-such-bucket/out/"}, "3551"),
        ({"instance_count": None}, "3036"),
    ],
)
def test_an_element_that_breaks_a_rule_is_refused(world: World, changes: Json, code: str) -> None:
    """Places that do not exist, mappings that nobody knows."""
    files(world, a_json="{}")
    answer = world.ask("POST", "services", body(element(world.published(), **changes)))

    assert (400, f"ModelArts.{code}") == (answer.status_code, answer.json()["error_code"])


def test_a_mapping_by_file_needs_a_parameter_that_takes_one(world: World) -> None:
    """Exactly one: an API that declares others cannot be asked that way."""
    files(world, a_json="{}")
    schema = {"type": "object", "properties": {"x": {"type": "number"}}}
    config = {"apis": [{"url": "/", "method": "post", "request": {"data": schema}}]}
    answer = world.ask("POST", "services", body(element(world.published(initial_config=json.dumps(config)))))

    assert (400, "ModelArts.3037") == (answer.status_code, answer.json()["error_code"])


def test_what_is_for_real_time_services_is_refused(world: World) -> None:
    """One element, no schedule, no instances to change, no tags, no predictions; and the model must allow it."""
    files(world, a_json="{}")
    model_id, other = world.published(), world.published(model_version="1.0.1")
    service_id = deploy(world, element(model_id))
    schedule = [{"type": "stop", "time_unit": "DAYS", "duration": 1}]
    scaling = {"changed_property": "instance_count", "configs": [{"model_id": model_id, "changed_value": 2}]}
    single = world.published(model_version="1.0.2", install_type=["real-time"])
    refused = [
        world.ask("POST", "services", body(element(model_id), element(other), service_name="two")),
        world.ask("POST", "services", body(element(model_id), service_name="timed", schedule=schedule)),
        world.ask("PUT", f"services/{service_id}/property", scaling),
        world.ask("POST", f"services/{service_id}/tags/create", {"tags": [{"key": "a"}]}),
        world.ask("POST", "services", body(element(single), service_name="single")),
        world.predict(service_id, {}),
    ]

    assert ["3037", "3037", "3037", "3037", "3589", "APIG.0101"] == [
        answer.json()["error_code"].removeprefix("ModelArts.") for answer in refused
    ]


def test_results_are_written_in_the_name_of_time(world: World) -> None:
    """What a run stores is no write of a caller."""
    files(world, a_json="{}")
    service_id = deploy(world, element(world.published()))
    before = list(world.sandbox.store.writes)
    ended(world, service_id)

    assert before == world.sandbox.store.writes


def test_the_configuration_of_the_model_says_how_it_is_asked(world: World) -> None:
    """An API that takes GET is asked with GET."""
    files(world, a_json="{}")
    config = CONFIG | {"apis": [{"url": "/", "method": "get"}]}
    model_id = world.published(initial_config=json.dumps(config))

    assert "finished" == ended(world, deploy(world, element(model_id)))["status"]
