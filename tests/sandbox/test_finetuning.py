"""Fine-tuning through Huawei's SDK: a base model really learns, and what it has learned can be published and asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fmctl.sandbox.finetuning.assets import base_model
from fmctl.sandbox.finetuning.examples import BadData, read_examples
from fmctl.sandbox.finetuning.language import Language
from fmctl.sandbox.server import Server

from .conftest import running
from .jobs import CODE, job, upload_code
from .sdk_surface import sdk_home
from .sdk_world import sdk_client
from .test_process_runner import until
from .test_sdk_conversations import V1, token

BASE = "fmctl-characters-1.0.0"
COLOURS = {"sky": "blue", "grass": "green", "blood": "red"}
Body = dict[str, Any]


def request(name: str, **changes: Any) -> Body:
    """A request that works; keywords as in `job`."""
    remote = {"dataset": {"id": "d", "name": "colours", "obs_url": "/fmctl-demo/colours/", "dataset_proportion": 100}}
    body = job(name, algorithm={"inputs": [{"remote": remote}]}, train_type="SFT", ftjob_config={})
    body["spec"] |= {
        "asset_id": BASE,
        "asset_model": {"name": "colours", "version": "2.0.0", "type": "NEW_ASSET"},
        "output_model": {"obs": {"obs_path": f"obs://fmctl-demo/{name}/"}},
    }
    for path, value in changes.items():
        *parents, last = path.split("__")
        target = body
        for parent in parents:
            target = target[parent]
        target[last] = value
    return body


def envs(**values: str) -> Body:
    return {"envs": [{"env_name": name, "value": value} for name, value in values.items()]}


class Tunings:
    """Fine-tuning jobs, through the SDK's own methods."""

    def __init__(self, server: Server) -> None:
        from huaweicloudsdkmodelarts.v1 import model

        self.server = server
        self.client = sdk_client(server.info)
        self.model = model
        self.v1 = V1(self.client)

    def start(self, body: Body) -> str:
        made = self.client.create_training_job(self.model.CreateTrainingJobRequest(body=body))
        return str(made.metadata.id)

    def ask(self, method: str, job_id: str, **query: Any) -> Any:
        name = "".join(word.capitalize() for word in method.split("_")) + "Request"
        return getattr(self.client, method)(getattr(self.model, name)(training_job_id=job_id, **query))

    def phase(self, job_id: str) -> str:
        return str(self.ask("show_training_job_details", job_id).status.phase)

    def finish(self, body: Body) -> str:
        job_id = self.start(body)
        until(lambda: self.phase(job_id) in ("Completed", "Failed", "Abnormal"))
        return job_id

    def publish(self, job_id: str, **artifact: Any) -> str:
        one = self.model.ArtifactsPublish(**artifact)
        body = self.model.PublishArtifactsBody(publish_artifacts=[one])
        return str(self.ask("publish_ft_artifacts", job_id, body=body).model_id)

    def artifacts(self, job_id: str, **query: Any) -> list[Any]:
        return list(self.ask("list_ft_artifacts", job_id, **query).artifact_info)

    def refused(self, body: Body) -> str:
        from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

        with pytest.raises(ClientRequestException) as error:
            self.start(body)
        return str(error.value.error_code).removeprefix("ModelArts.")


@pytest.fixture(scope="module")
def tunings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tunings]:
    folder = tmp_path_factory.mktemp("tune")
    with sdk_home(folder), running(Server(folder / "state")) as server:
        upload_code(server.sandbox)
        lines = [
            json.dumps({"instruction": f"colour of {name}?", "output": colour}) for name, colour in COLOURS.items()
        ]
        server.sandbox.objects.put("fmctl-demo", "colours/a.jsonl", "\n".join(lines * 8).encode())
        server.sandbox.objects.put("fmctl-demo", "plain/a.txt", b"to be or not to be\n" * 20)
        yield Tunings(server)


@pytest.fixture(scope="module")
def tuned(tunings: Tunings) -> str:
    """A job of six epochs, with two checkpoints, that has ended."""
    config = {"task_env": envs(EPOCHS="6", LR="0.2"), "checkpoint_config": {"save_checkpoints_max": 2}}
    return tunings.finish(request("tuned", ftjob_config=config))


def test_the_model_learns(tunings: Tunings, tuned: str) -> None:
    """The losses that are told fall, of what is learned and of what is held out, step by step to the last."""
    found = tunings.ask("show_ft_metrics", tuned)
    curves = {metric.name_en: [point["value"] for point in metric.data] for metric in found.data.metrics}
    steps = [point["step"] for point in found.data.metrics[0].data]

    assert tunings.phase(tuned) == "Completed"
    assert ("1.0", 100.0, ["step", "step"]) == (
        found.data.format_version,
        found.train_process,
        [metric.x_axis for metric in found.data.metrics],
    )
    assert curves["train_loss"][-1] < curves["train_loss"][0] / 2
    assert curves["eval_loss"] == sorted(curves["eval_loss"], reverse=True)
    assert steps == sorted(steps)
    assert {"step": steps, "value": curves["train_loss"]} == found.loss
    assert 6 == len(found.eval_loss["value"])


def test_the_artifacts_hold_what_was_learned(tunings: Tunings, tuned: str, tmp_path: Path) -> None:
    """As many checkpoints as may be kept, and the finished model; their weights give the losses that are told."""
    newest, *others = tunings.artifacts(tuned)
    oldest = tunings.artifacts(tuned, order_by_create_time_asc=True)
    losses = {}
    for one, name in zip(oldest, ("checkpoints/epoch-3", "checkpoints/epoch-6", "final"), strict=True):
        weights = tmp_path / one.artifact_id
        weights.write_bytes(tunings.server.sandbox.objects.get("fmctl-demo", f"tuned/{name}/model/weights.json"))
        losses[one.artifact_id] = Language.load(weights).loss("\ncolour of sky?\n", "blue\n")

    assert [("final", True, 6), ("middle", False, 6), ("middle", False, 3)] == [
        (one.artifact_type, one.is_best, one.epoch) for one in (newest, *others)
    ]
    assert losses[oldest[0].artifact_id] > losses[newest.artifact_id]
    assert oldest[0].loss > newest.loss
    assert ("unpublished", "", 0) == (others[0].status, others[0].asset_id, others[0].continue_train_nums)
    assert newest.create_time.endswith("+08:00")


def test_artifacts_are_found_by_what_they_are(tunings: Tunings, tuned: str) -> None:
    """By epoch, steps, loss and status; the offset counts artifacts."""
    (third,) = tunings.artifacts(tuned, epoch=3)
    page = tunings.ask("list_ft_artifacts", tuned, limit=1, offset=2)

    assert [third.artifact_id] == [one.artifact_id for one in tunings.artifacts(tuned, loss=third.loss)]
    assert [third.artifact_id] == [one.artifact_id for one in tunings.artifacts(tuned, steps=third.steps)]
    assert (3, [third.artifact_id]) == (page.total, [one.artifact_id for one in page.artifact_info])
    assert [] == tunings.artifacts(tuned, status="published", epoch=3)


def test_the_detail_gathers_everything(tunings: Tunings, tuned: str) -> None:
    """The job, its model, its data and its variables, in the SDK's own types."""
    found = tunings.ask("show_ft_detail", tuned)
    (data,) = found.datasets_config
    variables = {one["env_name"]: one["value"] for one in json.loads(found.task_parameters)}

    assert (tuned, tuned, "Completed") == (found.task_id, found.metadata.id, found.status.phase)
    assert (BASE, "TextGeneration", "SFT") == (found.model_asset_id, found.model_type, found.train_type)
    assert {"EPOCHS": "6", "LR": "0.2", "SEED": "1", "RANK": "4"} == variables
    assert ("colours", "datamng", 100) == (data.dataset_name, data.dataset_source, data.dataset_proportion)
    assert ("colours", "2.0.0", "1", 100.0) == (
        found.asset_name,
        found.asset_version,
        found.pool_node_count,
        found.train_process,
    )
    assert ("obs://fmctl-demo/tuned/", "obs://fmctl-demo/tuned/") == (
        found.train_output_path,
        found.spec.output_model.obs.obs_path,
    )
    assert found.train_cost_time > 0


def test_what_was_learned_is_served(tunings: Tunings, tuned: str) -> None:
    """Published, it is a model like any other: deployed, it answers as it was taught. It is published once."""
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

    model_id = tunings.publish(tuned, is_ckpt=False, asset_name="colours", description="taught")
    until(lambda: tunings.v1("GET", f"models/{model_id}")["model_status"] == "published")
    (final,) = tunings.artifacts(tuned, status="published")
    with pytest.raises(ClientRequestException) as again:
        tunings.publish(tuned, is_ckpt=False)
    config = {"model_id": model_id, "weight": 100, "specification": "modelarts.vm.cpu.2u", "instance_count": 1}
    wanted = {"service_name": "colours", "infer_type": "real-time", "config": [config]}
    service_id = tunings.v1("POST", "services", wanted)["service_id"]
    until(lambda: tunings.v1("GET", f"services/{service_id}")["status"] == "running")
    address = tunings.v1("GET", f"services/{service_id}")["access_address"]
    headers = token(tunings.server)
    said = {
        name: httpx.post(address, json={"prompt": f"colour of {name}?"}, headers=headers).json() for name in COLOURS
    }
    tunings.v1("DELETE", f"services/{service_id}")

    assert {name: {"text": colour} for name, colour in COLOURS.items()} == said
    assert (model_id, "colours", "final") == (final.asset_id, final.asset_name, final.artifact_type)
    assert "ModelArts.2788" == again.value.error_code


def test_training_goes_on_from_a_checkpoint(tunings: Tunings, tuned: str) -> None:
    """A job that restores starts where the checkpoint stopped, and the checkpoint knows of it."""
    (third,) = tunings.artifacts(tuned, epoch=3)
    config = {
        "task_env": envs(EPOCHS="1", LR="0.01"),
        "checkpoint_config": {"checkpoint_id": third.artifact_id, "restore_training": 1, "skipped_steps": 2},
    }
    more = tunings.finish(request("more", ftjob_config=config))
    first = tunings.ask("show_ft_metrics", more).loss
    whole = tunings.ask("show_ft_detail", more)
    detail = whole.continue_task
    (known,) = tunings.artifacts(tuned, epoch=3)

    assert (third.artifact_id, "tuned", 3, 2) == (
        detail.checkpoint_id,
        detail.source_model_name,
        detail.epoch,
        detail.skipped_steps,
    )
    assert ["colours"] == [one.dataset_name for one in whole.datasets_config]
    assert 3 == first["step"][0]
    assert first["value"][0] < 3 * third.loss + 0.1
    assert (1, [more]) == (known.continue_train_nums, [one.continue_task_id for one in known.task_infos])


def test_training_goes_on_from_a_published_model(tunings: Tunings, tuned: str) -> None:
    """A checkpoint that was published is an asset to start from."""
    (third,) = tunings.artifacts(tuned, epoch=3)
    model_id = tunings.publish(tuned, is_ckpt=True, artifact_id=third.artifact_id)
    body = request("next", ftjob_config={"task_env": envs(EPOCHS="1", LR="0.01")}, spec__asset_id=model_id)
    found = tunings.ask("show_ft_metrics", tunings.finish(body))
    model = tunings.v1("GET", f"models/{model_id}")

    assert found.loss["value"][0] < 3 * third.loss + 0.1
    assert model["model_name"].startswith("colours-SFT-")
    assert "2.0.0" == model["model_version"]


def test_a_pretraining_learns_all_of_a_text(tunings: Tunings) -> None:
    """Lines of text, from an input in OBS; without checkpoints there is the finished model alone."""
    config = {"checkpoint_config": {"save_checkpoints_max": 0}}
    inputs = [{"name": "text", "remote": {"obs": {"obs_url": "obs://fmctl-demo/plain/a.txt"}}}]
    body = request("plain", train_type="PRETRAIN", algorithm={"inputs": inputs}, ftjob_config=config)
    job_id = tunings.finish(body)
    losses = tunings.ask("show_ft_metrics", job_id).loss["value"]

    assert losses[-1] < losses[0] / 2
    assert ["final"] == [one.artifact_type for one in tunings.artifacts(job_id)]


def test_low_rank_adaptation_learns_a_product(tunings: Tunings) -> None:
    """What LORA of rank 1 adds to the weights of two characters at one place are multiples of one another."""
    config = {"task_env": envs(EPOCHS="4", RANK="1"), "checkpoint_config": {"save_checkpoints_max": 0}}
    job_id = tunings.finish(request("lora", train_type="LORA", ftjob_config=config))
    losses = tunings.ask("show_ft_metrics", job_id).eval_loss["value"]
    weights = json.loads(tunings.server.sandbox.objects.get("fmctl-demo", "lora/final/model/weights.json"))["rows"]
    before = base_model().rows()
    added = [[a - b for a, b in zip(weights[name], before[name], strict=True)] for name in ("1:79", "1:69")]
    pairs = [(x, y) for x, y in zip(*added, strict=True) if abs(x) > 0.1]

    assert losses[-1] < losses[0]
    assert len(pairs) > 5
    assert all(y / x == pytest.approx(pairs[0][1] / pairs[0][0], abs=0.01) for x, y in pairs)


def test_examples_come_in_the_usual_forms(tmp_path: Path) -> None:
    """Lines of text, pairs under their common names, single texts, and conversations, whose last message is learned."""
    records = [
        {"instruction": "add", "input": "1 1", "output": "2"},
        {"prompt": "p", "completion": "c"},
        {"context": "x", "target": "t"},
        {"question": "q", "answer": "a"},
        {"text": "alone"},
        {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]},
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, records)) + "\n\n")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.txt").write_text("first\n\nsecond\n")
    pairs = [("\nadd\n1 1\n", "2"), ("\np\n", "c"), ("\nx\n", "t"), ("\nq\n", "a"), ("\n", "alone"), ("\nhi\n", "ho")]
    expected = [(prompt, answer + "\n") for prompt, answer in [*pairs, ("\n", "first"), ("\n", "second")]]

    assert expected == read_examples(tmp_path, 100)
    assert expected[:2] == read_examples(tmp_path, 25)


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"messages": 1}', '{"messages": []}', '{"text": 1}'])
def test_other_forms_are_refused_with_their_place(tmp_path: Path, line: str) -> None:
    """What is no example is told with its file and line."""
    (tmp_path / "a.jsonl").write_text('{"text": "good"}\n' + line)

    with pytest.raises(BadData, match=r"^a\.jsonl:2: "):
        read_examples(tmp_path, 100)


def test_a_training_that_diverges_fails(tunings: Tunings) -> None:
    """When the loss grows instead of falling, the job ends and says what is to blame."""
    config = {"task_env": envs(EPOCHS="100", LR="1"), "checkpoint_config": {"save_checkpoints_max": 0}}
    job_id = tunings.finish(request("wild", train_type="LORA", ftjob_config=config))
    log = tunings.ask("show_training_job_logs_preview", job_id, task_id="worker-0").content

    assert "Failed" == tunings.phase(job_id)
    assert "failed: the loss grows beyond all bounds: LR 1 is too high" in log
    assert [] == tunings.artifacts(job_id)


def test_data_that_cannot_be_read_fails_the_job(tunings: Tunings) -> None:
    """The log names file and line, and nothing is left to publish."""
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

    tunings.server.sandbox.objects.put("fmctl-demo", "bad/b.jsonl", b'{"instruction": "a", "output": "b"}\n{"x": 1}\n')
    inputs = [{"name": "data", "remote": {"obs": {"obs_url": "/fmctl-demo/bad/"}}}]
    job_id = tunings.finish(request("bad", algorithm={"inputs": inputs}))
    log = tunings.ask("show_training_job_logs_preview", job_id, task_id="worker-0").content
    with pytest.raises(ClientRequestException) as refused:
        tunings.publish(job_id, is_ckpt=False)

    assert "Failed" == tunings.phase(job_id)
    assert "b.jsonl:2: an object is expected with instruction/output" in log
    assert (409, "ModelArts.2878") == (refused.value.status_code, refused.value.error_code)


def test_searches_tell_the_two_kinds_apart(tunings: Tunings, tuned: str) -> None:
    """train_type ftjob finds fine-tuning jobs, job finds the others, and both are found without it."""
    plain = tunings.start(job("plain-code"))

    def names(**wanted: Any) -> set[str]:
        body = {"limit": 50, "offset": 0} | wanted
        found = tunings.client.list_training_jobs(tunings.model.ListTrainingJobsRequest(body=body))
        return {item.metadata.id for item in found.items}

    assert tuned in names(train_type="ftjob")
    assert plain not in names(train_type="ftjob")
    assert {plain} == names(train_type="job")
    assert {tuned, plain} <= names(unified_jobs=True)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"train_type": "DPO"}, "2858"),
        ({"train_type": "X"}, "2788"),
        ({"spec__asset_id": ""}, "2788"),
        ({"spec__asset_id": "llama"}, "2788"),
        ({"spec__output_model": {}}, "2788"),
        ({"spec__output_model": {"obs": {"obs_path": "/nowhere/x/"}}}, "2791"),
        ({"spec__asset_model": {"name": "x"}}, "2788"),
        ({"ftjob_config": {"task_env": envs(EPOCHS="0")}}, "2788"),
        ({"ftjob_config": {"task_env": envs(EPOCHS="1.5")}}, "2788"),
        ({"ftjob_config": {"task_env": envs(LR="nan")}}, "2788"),
        ({"ftjob_config": {"task_env": envs(HEADS="1")}}, "2788"),
        ({"ftjob_config": {"checkpoint_config": {"restore_training": 1, "checkpoint_id": "x"}}}, "2788"),
        ({"ftjob_config": {"checkpoint_config": {"save_checkpoints_max": -2}}}, "2788"),
        ({"ftjob_config": {"checkpoint_config": {"save_checkpoints_max": "2"}}}, "2825"),
        ({"algorithm": {"inputs": []}}, "2753"),
        ({"algorithm": {"inputs": [{"remote": {"dataset": {"id": "d"}}}]}}, "2783"),
        ({"algorithm": {"inputs": [{"name": "x", "remote": {}}]}}, "2753"),
        ({"algorithm": {"inputs": [], "code_dir": CODE}}, "2788"),
        ({"algorithm": {"policies": {"auto_search": {"algo_configs": []}}}}, "2788"),
        (
            {"algorithm": {"inputs": [{"name": "x", "remote": {"obs": {"obs_url": "/fmctl-demo/colours/"}}}] * 2}},
            "2753",
        ),
        ({"kind": "autosearch_job"}, "2788"),
    ],
    ids=str,
)
def test_a_fine_tuning_that_cannot_be_run_is_refused(tunings: Tunings, change: Body, expected: str) -> None:
    """What is wrong with it is said when the job is created."""
    assert expected == tunings.refused(request("wrong", **change))
