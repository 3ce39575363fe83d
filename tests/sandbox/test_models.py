"""Models of the sandbox: what is accepted, how the import goes, and what lists and deletion say."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fmctl.sandbox import Sandbox, VirtualClock
from fmctl.sandbox.objects import Objects

from .serving_world import CONFIG, SCRIPT, World, scripted_world
from .test_model_service import until

PARAM = {"url": "/", "method": "post", "protocol": "http", "param_name": "a", "param_type": "int"}


@pytest.fixture
def world(tmp_path: Path, clock: VirtualClock) -> Iterator[World]:
    with scripted_world(tmp_path, clock) as made:
        yield made


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"model_name": ""}, 400, "3036"),
        ({"model_version": None}, 400, "3036"),
        ({"source_location": ""}, 400, "3036"),
        ({"model_name": "no spaces"}, 400, "3037"),
        ({"model_name": "n" * 65}, 400, "3037"),
        ({"model_version": "1.0"}, 400, "3037"),
        ({"model_version": "01.0.0"}, 400, "3037"),
        ({"model_version": "1.0.100"}, 400, "3037"),
        ({"description": "d" * 101}, 400, "3037"),
        *[({"description": f"a{character}b"}, 400, "3037") for character in "&!'\"<>=+"],
        ({"model_type": "Pytorch"}, 500, "3053"),
        ({"model_type": "Template"}, 400, "3034"),
        ({"model_type": "Template", "template": {"template_inputs": []}}, 400, "3029"),
        ({"model_type": "Template", "template": {"template_id": "none"}}, 404, "3021"),
        ({"model_type": "Template", "template": {"template_id": "100002", "template_inputs": []}}, 400, "3024"),
        ({"runtime": "python9"}, 400, "3037"),
        ({"source_location": "somewhere"}, 400, "3017"),
        ({"source_location": "http://[/a"}, 400, "3017"),
        ({"source_location": "obs://.parts/a/"}, 400, "3017"),
        ({"model_type": "Image", "source_location": "obs://fmctl-demo/model-files/"}, 400, "3017"),
        ({"execution_code": "customize_service.py"}, 400, "3037"),
        ({"source_copy": "perhaps"}, 400, "3037"),
        ({"source_type": "manual"}, 400, "3037"),
        ({"model_algorithm": "1st"}, 400, "3037"),
        ({"model_metrics": "[]"}, 400, "3037"),
        ({"model_metrics": "{"}, 400, "3037"),
        ({"deployment_constraints": []}, 400, "3037"),
        ({"install_type": ["sometimes"]}, 400, "3037"),
        ({"install_type": "batch"}, 400, "3037"),
        ({"input_params": ["x"]}, 400, "3037"),
        ({"input_params": [PARAM | {"method": ""}]}, 400, "3036"),
        ({"output_params": [PARAM | {"param_type": None}]}, 400, "3036"),
        ({"input_params": [PARAM | {"param_name": "x" * 65}]}, 400, "3037"),
        ({"input_params": [PARAM | {"param_type": "number of some kind"}]}, 400, "3037"),
        ({"input_params": [PARAM | {"method": "put"}]}, 400, "3037"),
        ({"input_params": [PARAM | {"protocol": "ftp"}]}, 400, "3037"),
        ({"input_params": [PARAM | {"min": "low"}]}, 400, "3037"),
        ({"input_params": [PARAM | {"param_desc": "x" * 101}]}, 400, "3037"),
        ({"model_docs": [{"doc_name": "a", "doc_url": "https://x"}] * 4}, 400, "3037"),
        ({"model_docs": [{"doc_name": "a"}]}, 400, "3036"),
        ({"model_docs": [{"doc_name": "a", "doc_url": "ftp://x"}]}, 400, "3037"),
        ({"model_docs": [{"doc_name": "1st", "doc_url": "https://x"}]}, 400, "3037"),
        ({"model_docs": [{"doc_name": "x" * 49, "doc_url": "https://x"}]}, 400, "3037"),
        ({"workspace_id": "f" * 32}, 400, "0102"),
        ({"initial_config": "{"}, 400, "3016"),
        ({"initial_config": "[]"}, 400, "3015"),
        ({"initial_config": json.dumps({"apis": [{"url": "/a"}]})}, 400, "3015"),
        ({"initial_config": "[" * 100_000}, 400, "3016"),
        ({"apis": [{"url": "/"}, {"url": "/b"}]}, 400, "3037"),
        ({"initial_config": json.dumps(CONFIG | {"health": {"check_method": "PING"}})}, 400, "3015"),
        *[
            ({"initial_config": json.dumps(CONFIG | {check: {"period_seconds": number}})}, 400, "3015")
            for check in ("health", "readiness_health", "startup_health")
            for number in ("soon", "-1", "1.5", "²", "9" * 5000)
        ],
        ({"initial_config": json.dumps(CONFIG | {"health": {"check_method": "EXEC"}})}, 400, "3015"),
        ({"initial_config": json.dumps(CONFIG | {"health": {"protocol": "ftp"}})}, 400, "3015"),
        (
            {"model_type": "Image", "source_location": "org/i:1", "initial_config": '{"health": {"protocol": "ftp"}}'},
            400,
            "3015",
        ),
        ({"initial_config": json.dumps(CONFIG | {"dependencies": [{"installer": "conda"}]})}, 400, "3015"),
        ({"dependencies": [{"installer": "conda", "packages": []}]}, 400, "3037"),
        ({"dependencies": [{"installer": "pip"}]}, 400, "3036"),
        ({"dependencies": [{"packages": []}]}, 400, "3036"),
        ({"dependencies": [{"installer": "pip", "packages": [{"restraint": "EXACT"}]}]}, 400, "3036"),
        (
            {"dependencies": [{"installer": "pip", "packages": [{"package_name": "a", "restraint": "NEAR"}]}]},
            400,
            "3041",
        ),
        (
            {"dependencies": [{"installer": "pip", "packages": [{"package_name": "a", "package_version": "1"}]}]},
            400,
            "3041",
        ),
        ({"dependencies": [{"installer": "pip", "packages": [{"package_name": "a", "restraint": {}}]}]}, 400, "3041"),
    ],
)
def test_a_model_that_breaks_a_rule_is_refused(world: World, changes: dict[str, Any], status: int, code: str) -> None:
    """A bad request is answered with the documented code, and nothing is stored."""
    answer = world.ask("POST", "models", world.model_body(**changes))

    assert (status, f"ModelArts.{code}") == (answer.status_code, answer.json()["error_code"])
    assert world.get("models")["total_count"] == 0


@pytest.mark.parametrize("version", ["0.0.1", "99.0.10", "1.0.0"])
def test_versions_are_three_numbers_below_a_hundred(world: World, version: str) -> None:
    """N.N.N is accepted with each part from 0 to 99."""
    assert version == world.model(world.publish(model_version=version))["model_version"]


DEEP = '{"a":' * 900 + "1" + "}" * 900


@pytest.mark.parametrize("text", [DEEP, "[" * 100_000, '{"description": "\\ud800"}', '{"description": NaN}', "{", "[]"])
def test_a_body_that_is_no_json_object_is_refused(world: World, text: str) -> None:
    """Depth without end, halves of characters and words that only Python knows are no JSON."""
    url = f"/v1/{world.sandbox.credentials.project_id}/models"
    answer = world.client.post(url, content=text, headers={"Content-Type": "application/json"})

    assert (400, "ModelArts.0104") == (answer.status_code, answer.json()["error_code"])


def test_an_import_takes_a_moment_and_ends_published(world: World) -> None:
    """A model is publishing first, and published when its folder is good."""
    model_id = world.publish()

    assert world.get(f"models/{model_id}")["model_status"] == "publishing"
    assert world.model(model_id)["model_status"] == "published"


def test_dependencies_make_an_image_that_has_to_be_built(world: World) -> None:
    """A model with dependencies is building between publishing and published."""
    package = {"package_name": "numpy", "package_version": "1.26.4", "restraint": "EXACT"}
    model_id = world.publish(dependencies=[{"installer": "pip", "packages": [package]}])
    seen = []
    for _ in range(3):
        seen.append(world.get(f"models/{model_id}")["model_status"])
        world.advance()

    assert seen == ["publishing", "building", "published"]
    assert world.get(f"models/{model_id}")["image_address"]


def test_an_image_that_cannot_be_built_is_building_failed(world: World) -> None:
    """A package that pip could not make sense of ends the build, with the reason; no image has an address then."""
    model = world.model(
        world.publish(dependencies=[{"installer": "pip", "packages": [{"package_name": "not a name"}]}])
    )

    assert ("building_failed", "") == (model["model_status"], model["image_address"])
    assert "3301" in model["error_msg"]


def test_a_container_image_is_built_too(world: World) -> None:
    """It has its own address when that is done, and none before."""
    model_id = world.publish(model_type="Image", source_location="swr.example.com/org/image:1")
    before = world.get(f"models/{model_id}")["image_address"]

    assert ("", "swr.example.com/org/image:1") == (before, world.model(model_id)["image_address"])


def test_a_model_has_an_image_when_it_was_deployed(world: World) -> None:
    """Without dependencies there is nothing to build before."""
    model_id = world.published()
    before = world.get(f"models/{model_id}")["image_address"]
    world.settled(world.deploy(world.element(model_id)))

    assert ("", True) == (before, model_id in world.get(f"models/{model_id}")["image_address"])


def test_a_template_stands_for_an_engine_and_a_folder(world: World) -> None:
    """What the list of templates offers can be imported: its input is the folder of the model."""
    template = world.get("models/template")["templates"][1]
    (wanted,) = template["template_inputs"]
    given = [{"input_id": wanted["input_id"], "input": "/fmctl-demo/model-files/"}]
    chosen = {"template_id": template["template_id"], "template_inputs": given}
    model = world.model(world.publish(model_type="Template", source_location=None, template=chosen))

    assert ("published", "Template") == (model["model_status"], model["model_type"])
    assert model["runtime"].startswith("pytorch")


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"config.json": "{}"}, "no folder model/"),
        ({"model/customize_service.py": SCRIPT}, "no config.json"),
        ({"model/customize_service.py": SCRIPT, "model/config.json": "{"}, "not valid JSON"),
        ({"model/customize_service.py": SCRIPT, "model/config.json": "{}"}, "exactly one entry"),
        ({"model/config.json": json.dumps(CONFIG)}, "customize_service.py"),
        (
            {"model/customize_service.py": SCRIPT, "model/config.json": json.dumps(CONFIG | {"runtime": "python1"})},
            "python1 is no runtime",
        ),
    ],
)
def test_a_bad_folder_fails_the_import_and_says_why(world: World, files: dict[str, str], reason: str) -> None:
    """What is wrong with the files shows as status failed and in error_msg."""
    model = world.model(world.publish(source_location=world.upload("bad", files)))

    assert model["model_status"] == "failed"
    assert reason in model["error_msg"]


class SlowObjects(Objects):
    """Its downloads wait until they are let go."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox.store, sandbox.state_dir / "objects", sandbox.clock)
        self.go = threading.Event()

    def download_tree(self, bucket: str, prefix: str, local_dir: Path) -> int:
        assert self.go.wait(20)
        return super().download_tree(bucket, prefix, local_dir)


def test_a_large_model_holds_up_nobody(world: World) -> None:
    """While a model is copied, time goes on: others are published, and it can be deleted without a trace."""
    quick = world.sandbox.objects
    world.sandbox.objects = slow = SlowObjects(world.sandbox)
    large, doomed = world.publish(), world.publish(model_version="2.0.0")
    world.advance()
    statuses = [world.get(f"models/{model_id}")["model_status"] for model_id in (large, doomed)]
    world.sandbox.objects = quick
    small = world.model(world.publish(model_version="3.0.0"))["model_status"]
    world.ask("DELETE", f"models/{doomed}")
    slow.go.set()
    end = world.model(large)["model_status"]

    def traces() -> list[Path]:
        world.advance()
        return list((world.folder / "models").glob(f"{doomed}*"))

    until(lambda: not traces())

    assert (["publishing", "publishing"], "published", "published") == (statuses, small, end)


def test_a_bucket_that_does_not_exist_fails_the_import(world: World) -> None:
    """The reason names OBS's own code."""
    model = world.model(world.publish(source_location="obs://no-such-bucket/x/"))

    assert (model["model_status"], "NoSuchBucket" in model["error_msg"]) == ("failed", True)


@pytest.mark.parametrize(
    "location",
    [
        "obs://fmctl-demo/model-files",
        "/fmctl-demo/model-files/",
        "https://fmctl-demo.obs.sandbox.example.com/model-files",
        "http://127.0.0.1:9000/fmctl-demo/model-files/",
    ],
)
def test_every_spelling_of_a_location_is_the_same_folder(world: World, location: str) -> None:
    """All spellings of the documents are read, and returned as they were sent."""
    model = world.model(world.publish(source_location=location))

    assert ("published", location) == (model["model_status"], model["source_location"])


def test_initial_config_stands_in_for_config_json(world: World) -> None:
    """A folder without config.json is good when the request says it all."""
    source = world.upload("bare", {"model/customize_service.py": SCRIPT})
    model = world.model(world.publish(source_location=source, initial_config=json.dumps(CONFIG)))

    assert model["model_status"] == "published"
    assert json.loads(model["config"]) == CONFIG


def test_what_the_request_says_overrules_config_json(world: World) -> None:
    """apis of the request win over the folder's."""
    model = world.model(world.publish(apis=[{"url": "/", "method": "get"}]))

    assert [api["method"] for api in json.loads(model["apis"])] == ["get"]


def test_execution_code_brings_the_script(world: World) -> None:
    """A script elsewhere in OBS is taken when the folder has none."""
    source = world.upload("apart", {"model/config.json": json.dumps(CONFIG), "code/service.py": SCRIPT})
    code = "obs://fmctl-demo/apart/code/service.py"

    assert world.model(world.publish(source_location=source, execution_code=code))["model_status"] == "published"


def test_a_detail_has_strings_where_the_request_had_lists(world: World) -> None:
    """apis and config are JSON text, install_type is spelled realtime, derived parameters hold their schema as text."""
    schema = {"type": "object", "properties": {"data": {"type": "object"}}}
    api = {"url": "/", "method": "post", "request": {"Content-type": "application/json", "data": schema}}
    config = json.dumps({"apis": [api]})
    model = world.model(world.publish(initial_config=config))

    assert schema == json.loads(model["apis"])[0]["input_params"]
    assert schema == json.loads(model["input_params"][0]["param_desc"])
    assert model["install_type"] == ["realtime", "batch"]
    assert len(json.dumps(CONFIG)) + len(SCRIPT) == model["model_size"]


def test_a_version_exists_once(world: World) -> None:
    """The pair of name and version is unique, however the first one ended."""
    world.publish(source_location="obs://no-such-bucket/x/")
    again = world.ask("POST", "models", world.model_body())
    other = world.ask("POST", "models", world.model_body(model_version="1.0.1"))

    assert (again.status_code, again.json()["error_code"]) == (409, "ModelArts.3002")
    assert other.status_code == 200


def test_lists_filter_and_page_by_records(world: World) -> None:
    """offset counts records; total_count is all that fits, count what is shown; the newest comes first."""
    for version in ("1.0.0", "1.0.1", "1.0.2"):
        world.publish(model_version=version, description=f"number {version}")
        world.advance()
    page = world.get("models", limit=2, offset=1)

    assert (page["total_count"], page["count"]) == (3, 2)
    assert [model["model_version"] for model in page["models"]] == ["1.0.1", "1.0.0"]
    assert world.get("models", description="number 1.0.2")["total_count"] == 1
    assert world.get("models", model_version="1.0.1")["total_count"] == 1
    assert world.get("models", model_status="failed")["total_count"] == 0
    assert world.get("models", model_type="pytorch")["total_count"] == 3
    assert world.get("models", not_model_type="PyTorch")["total_count"] == 0
    ascending = world.get("models", order="asc", sort_by="model_version")["models"]
    assert [model["model_version"] for model in ascending] == ["1.0.0", "1.0.1", "1.0.2"]
    assert "config" not in ascending[0]
    assert world.get("models", model_type="", not_model_type="", model_name="")["total_count"] == 3


def test_versions_are_sorted_as_numbers(world: World) -> None:
    """1.0.10 is younger than 1.0.9."""
    for version in ("1.0.9", "1.0.10", "1.0.2"):
        world.publish(model_version=version)
    listed = world.get("models", order="asc", sort_by="model_version")["models"]

    assert ["1.0.2", "1.0.9", "1.0.10"] == [model["model_version"] for model in listed]


@pytest.mark.parametrize("query", [{"limit": "-1"}, {"offset": "9" * 5000}, {"sort_by": "size"}, {"order": "up"}])
def test_a_list_refuses_what_it_cannot_follow(world: World, query: dict[str, str]) -> None:
    """Numbers below zero or without end, and orders that nobody knows."""
    answer = world.ask("GET", "models", **query)

    assert (400, "ModelArts.3037") == (answer.status_code, answer.json()["error_code"])


def test_an_underscore_in_a_name_filter_is_a_wildcard_unless_exact_match(world: World) -> None:
    """exact_match only takes underscores literally; the name still matches in part."""
    for name in ("a_b", "a-b", "xa_by"):
        world.publish(model_name=name)

    assert world.get("models", model_name="a_b")["total_count"] == 3
    assert world.get("models", model_name="a_b", exact_match="true")["total_count"] == 2


def test_a_model_that_a_service_names_is_not_deleted(world: World) -> None:
    """The answer is 200 all the same, with 3009 in the list of failures; also when the service is stopped."""
    service_id = world.running()
    model_id = world.get(f"services/{service_id}")["config"][0]["model_id"]
    world.ask("PUT", f"services/{service_id}", {"status": "stopped"})
    world.settled(service_id)
    answer = world.ask("DELETE", f"models/{model_id}")

    assert (answer.status_code, answer.json()["delete_success_list"]) == (200, [])
    failure = answer.json()["delete_failed_list"][0]
    assert (model_id, "ModelArts.3009") == (failure["model_id"], failure["error_code"])
    assert world.ask("GET", f"models/{model_id}").status_code == 200


def test_cascade_deletes_every_version_of_the_name(world: World) -> None:
    """Other names stay."""
    first, second = world.published(), world.published(model_version="1.0.1")
    other = world.published(model_name="other")
    answer = world.ask("DELETE", f"models/{first}", cascade="true").json()

    assert {first, second} == set(answer["delete_success_list"])
    assert [other] == [model["model_id"] for model in world.get("models")["models"]]


def test_cascade_deletes_twenty_versions_the_named_one_among_them(world: World) -> None:
    """The rest needs another call."""
    versions = [world.publish(model_version=f"1.0.{number}") for number in range(22)]
    answer = world.ask("DELETE", f"models/{versions[-1]}", cascade="True").json()

    assert (20, True) == (len(answer["delete_success_list"]), versions[-1] in answer["delete_success_list"])
    assert world.get("models")["total_count"] == 2


def test_cascade_deletes_what_it_can(world: World) -> None:
    """A version that a service uses stays, and the answer says of each what became of it."""
    used, free = world.published(), world.published(model_version="1.0.1")
    world.deploy(world.element(used))
    answer = world.ask("DELETE", f"models/{free}", cascade="true").json()

    assert [free] == answer["delete_success_list"]
    assert [(used, "ModelArts.3009")] == [
        (failure["model_id"], failure["error_code"]) for failure in answer["delete_failed_list"]
    ]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_model_is_404(world: World, method: str) -> None:
    """3001 says so."""
    answer = world.ask(method, "models/none")

    assert (answer.status_code, answer.json()["error_code"]) == (404, "ModelArts.3001")


def test_runtimes_have_their_counts_swapped(world: World) -> None:
    """count is all engines, total_count those on the page; the path is no model id."""
    answer = world.get("models/ai-engine-runtimes", limit=1)

    assert (answer["total_count"], len(answer["engine_runtimes"])) == (1, 1)
    assert answer["count"] > 1
    engine = answer["engine_runtimes"][0]
    assert {"ai_engine", "runtimes", "request_mode", "accelerators", "arch", "status_list", "image_source"} == set(
        engine
    )
    assert {"type", "name", "cuda_version", "driver_version_section"} == set(engine["accelerators"][0])


def test_an_import_that_was_cut_off_is_done_again_from_the_start(world: World) -> None:
    """What a killed sandbox had copied so far is not part of the model."""
    model_id = world.publish()
    leftover = world.folder / "models" / f"{model_id}.partial" / "model"
    leftover.mkdir(parents=True)
    (leftover / "half-a-file").write_text("x" * 1000)
    world.restart()
    model = world.model(model_id)

    assert (model["model_status"], model["model_size"]) == ("published", len(json.dumps(CONFIG)) + len(SCRIPT))


def test_a_published_model_does_not_follow_its_folder(world: World) -> None:
    """The import is a copy: deleting the objects afterwards leaves a model that deploys."""
    model_id = world.published()
    for name in ("config.json", "customize_service.py"):
        world.sandbox.objects.delete("fmctl-demo", f"model-files/model/{name}")

    assert world.settled(world.deploy(world.element(model_id)))["status"] == "running"
