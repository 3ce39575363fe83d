"""The example in manifests/ is real: its jobs learn, its gate closes, and what it serves reads digits."""

import csv
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "manifests"
CODE = EXAMPLE / "code"
SAMPLES = sorted((EXAMPLE / "samples").glob("*.json"))
STAND_IN = """
class PTServingBaseService:
    def __init__(self, model_name, model_path):
        self.model_name = model_name
        self.model_path = model_path
"""


def documents() -> Iterator[dict[str, Any]]:
    for file in ("training.yaml", "model.yaml", "service.yaml"):
        # BaseLoader keeps the text of a scalar, which is what a parameter is.
        yield from yaml.load_all((EXAMPLE / file).read_text(), yaml.BaseLoader)


def spec(name: str) -> dict[str, Any]:
    return next(document["spec"] for document in documents() if document["metadata"]["name"] == name)


def job(name: str, results: Path, *extra: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a job of the manifests as the platform would: inputs and outputs as folders, parameters as arguments."""
    declared = spec(name)
    arguments = dict(declared["parameters"])
    for channel in declared["inputs"]:
        upstream = results / channel.get("jobRef", "") / channel.get("path", "")
        arguments[channel["name"]] = str(EXAMPLE / channel["from"] if "from" in channel else upstream)
    arguments["train_url"] = str(results / name)
    arguments |= changes
    command = [sys.executable, "-B", str(CODE / declared["algorithm"]["bootFile"])]  # -B: no __pycache__ in the example
    command += [f"--{key}={value}" for key, value in arguments.items()]
    return subprocess.run([*command, *extra], text=True, capture_output=True, timeout=60)


def train_all(results: Path) -> None:
    """Run the chain in the order in which fmctl would."""
    done = [job(name, results) for name in ("digits-pretrain", "digits-finetune", "digits-evaluate")]
    assert [ended.returncode for ended in done] == [0, 0, 0], [ended.stderr for ended in done]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    train_all(folder)
    return folder


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    before = set(sys.modules)
    sys.path.append(str(folder))  # last, so that nothing else in the folder is found before what it is named like
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if name.split(".")[0] == "model_service":
                del sys.modules[name]


def base_class_folder(scratch: Path) -> Path:
    """The folder that makes `import model_service` work: the sandbox's own, and a stand-in only without it."""
    sandbox = ROOT / "fmctl" / "sandbox"
    if (sandbox / "model_service").is_dir():
        return sandbox
    package = scratch / "model_service"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "pytorch_model_service.py").write_text(STAND_IN)
    return scratch


@pytest.fixture(scope="module")
def service_class(results: Path, tmp_path_factory: pytest.TempPathFactory) -> type:
    """The class that the fine-tuning has put beside its weights."""
    file = results / "digits-finetune" / "model" / "customize_service.py"
    with importable(base_class_folder(tmp_path_factory.mktemp("platform"))):
        found = importlib.util.spec_from_file_location("customize_service", file)
        assert found is not None
        assert found.loader is not None
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
    return module.DigitsService  # type: ignore[no-any-return]


@pytest.fixture(params=["digits.json", ""], ids=["weights", "folder"])
def service(request: pytest.FixtureRequest, results: Path, service_class: type) -> Any:
    return service_class("digits", str(results / "digits-finetune" / "model" / request.param))


def predict(service: Any, body: object) -> Any:
    return service._postprocess(service._inference(service._preprocess(body)))


def rows(part: str) -> list[tuple[str, ...]]:
    with (EXAMPLE / "data" / part).open(newline="") as file:
        return [tuple(row) for row in csv.reader(file)][1:]


def test_no_held_out_digit_is_learned_from() -> None:
    """A row of the held-out part is in no folder that a training job reads."""
    folders = [
        channel["from"] for name in ("digits-pretrain", "digits-finetune") for channel in spec(name)["inputs"][:1]
    ]
    learned = {row for folder in folders for file in (EXAMPLE / folder).iterdir() for row in rows(str(file))}

    assert learned
    assert set() == learned & set(rows("holdout/digits.csv"))


def test_the_parts_are_the_whole() -> None:
    """Cutting the data up loses, repeats and changes no row."""
    parts = [row for part in ("pretrain", "finetune", "holdout") for row in rows(f"{part}/digits.csv")]

    assert len(parts) == 1797
    assert sorted(rows("digits.csv")) == sorted(parts)


def test_samples_are_held_out_digits() -> None:
    """A sample is a held-out digit, and its name tells its label."""
    held_out = set(rows("holdout/digits.csv"))
    for sample in SAMPLES:
        (digit,) = json.loads(sample.read_text())["data"]["req_data"]

        assert (*map(str, digit["pixels"]), sample.stem.removeprefix("digit-")) in held_out


def test_the_model_is_good(results: Path) -> None:
    """The fine-tuned weights read at least 93 % of the held-out digits, each class counted."""
    metrics = json.loads((results / "digits-evaluate" / "metrics.json").read_text())

    assert metrics["accuracy"] >= 0.93
    assert len(rows("holdout/digits.csv")) == metrics["digits"]
    assert [str(label) for label in range(10)] == sorted(metrics["accuracy_by_class"])


def test_learning_is_repeatable(results: Path, tmp_path: Path) -> None:
    """The same manifests give the same weights, byte for byte."""
    train_all(tmp_path)
    weights = Path("digits-finetune/model/digits.json")

    assert (results / weights).read_bytes() == (tmp_path / weights).read_bytes()


def test_fine_tuning_continues(results: Path, tmp_path: Path) -> None:
    """Fine-tuning begins where pretraining ended: its first epoch is far ahead of that of pretraining."""
    first = {}
    for name in ("digits-pretrain", "digits-finetune"):
        log = job(name, results, train_url=str(tmp_path / name)).stdout
        line = next(line for line in log.splitlines() if line.startswith("epoch 1/"))
        first[name] = float(line.split("accuracy ")[1].split()[0])

    assert first["digits-finetune"] > first["digits-pretrain"] + 0.1


def test_jobs_report_every_epoch(results: Path, tmp_path: Path) -> None:
    """A job's log has a line for each epoch."""
    log = job("digits-pretrain", results, train_url=str(tmp_path), epochs="2").stdout

    assert [line[:9] for line in log.splitlines() if line.startswith("epoch")] == ["epoch 1/2", "epoch 2/2"]


def test_the_gate_closes(results: Path, tmp_path: Path) -> None:
    """Below min_accuracy the evaluation fails, says so, and leaves its numbers all the same."""
    ended = job("digits-evaluate", results, train_url=str(tmp_path), min_accuracy="1.0")

    assert ended.returncode == 1
    assert "is below min_accuracy 1" in ended.stderr
    assert (tmp_path / "metrics.json").is_file()


def test_unknown_arguments_are_ignored(results: Path, tmp_path: Path) -> None:
    """What the platform passes beyond what was asked for is named in the log and fails nothing."""
    ended = job("digits-evaluate", results, "--num_gpus=0", "--rank", "0", train_url=str(tmp_path))

    assert ended.returncode == 0
    assert "ignored arguments: --num_gpus=0 --rank 0" in ended.stdout


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("digits-pretrain", {"epochs": "0"}, "argument --epochs: '0' is not a whole number of at least 1"),
        ("digits-pretrain", {"learning_rate": "nan"}, "argument --learning_rate: 'nan' is not a number"),
        ("digits-pretrain", {"learning_rate": "-1"}, "argument --learning_rate: '-1' is not above 0"),
        ("digits-pretrain", {"data_url": "/nowhere"}, "argument --data_url: '/nowhere' is not a folder"),
        ("digits-pretrain", {"data_url": str(CODE)}, "holds no digits"),
        ("digits-finetune", {"pretrained_url": str(CODE)}, "has no digits.json"),
        ("digits-evaluate", {"min_accuracy": "93"}, "argument --min_accuracy: '93' is not between 0 and 1"),
    ],
)
def test_wrong_arguments_are_explained(
    name: str, change: dict[str, str], message: str, results: Path, tmp_path: Path
) -> None:
    """A job that was started wrongly ends at once and says what is wrong, without a traceback."""
    ended = job(name, results, **{"train_url": str(tmp_path)} | change)

    assert ended.returncode != 0
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1,2,3", "digits.csv:2: 3 columns where 65 are expected"),
        (",".join(["17"] * 64 + ["1"]), "digits.csv:2: a pixel is not in 0-16"),
        (",".join(["0"] * 64 + ["10"]), "digits.csv:2: a pixel is not in 0-16 or the label not in 0-9"),
        (",".join(["x"] * 65), "digits.csv:2: not a whole number"),
    ],
)
def test_wrong_data_is_located(row: str, message: str, results: Path, tmp_path: Path) -> None:
    """A row that is no digit stops the job with its file and line."""
    header = (EXAMPLE / "data" / "digits.csv").read_text().partition("\n")[0]
    (tmp_path / "digits.csv").write_text(f"{header}\n{row}\n")
    ended = job("digits-pretrain", results, data_url=str(tmp_path), train_url=str(tmp_path / "out"))

    assert ended.returncode == 1
    assert message in ended.stderr


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_the_service_reads_the_samples(sample: Path, service: Any) -> None:
    """Every sample is predicted as its name says, whether the platform names the weights or their folder."""
    (prediction,) = predict(service, json.loads(sample.read_text()))["predictions"]

    assert sample.stem == f"digit-{prediction['label']}"
    assert 0.5 < prediction["probability"] <= 1


def test_the_service_agrees_with_the_evaluation(service: Any, results: Path) -> None:
    """What is served is as good as what was measured: the two share no code."""
    held_out = rows("holdout/digits.csv")
    body = {"data": {"req_data": [{"pixels": [int(pixel) for pixel in row[:64]]} for row in held_out]}}
    right = [
        str(prediction["label"]) == row[64]
        for prediction, row in zip(predict(service, body)["predictions"], held_out, strict=True)
    ]
    metrics = json.loads((results / "digits-evaluate" / "metrics.json").read_text())

    assert metrics["accuracy"] == sum(right) / len(right)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "expected {"),
        ({"data": {"req_data": []}}, "at least one digit"),
        ({"data": {"req_data": [{"pixels": [0] * 63}]}}, r"req_data\[0\].pixels: expected a list of 64 numbers"),
        ({"data": {"req_data": [{"pixels": [0] * 63 + [17]}]}}, r"pixels\[63\]: expected a whole number from 0 to 16"),
        ({"data": {"req_data": [{"pixels": [True] * 64}]}}, r"pixels\[0\]: expected a whole number"),
    ],
)
def test_bad_requests_are_explained(body: object, message: str, service: Any) -> None:
    """A request that holds no digits is a ValueError that says where and what was expected."""
    with pytest.raises(ValueError, match=message):
        predict(service, body)


def test_the_servable_folder_says_what_the_manifest_says(results: Path) -> None:
    """config.json agrees with the ModelVersion and has the one API that a PyTorch model may have."""
    config = json.loads((results / "digits-finetune" / "model" / "config.json").read_text())
    manifest = spec("digits-1-0-0")

    assert (manifest["type"], manifest["runtime"]) == (config["model_type"], config["runtime"])
    assert [(api["url"], api["method"]) for api in config["apis"]] == [("/", "post")]


def test_the_split_is_reproducible(tmp_path: Path) -> None:
    """Running split.py again gives the committed parts and samples."""
    data = tmp_path / "data"
    data.mkdir()
    for file in ("split.py", "digits.csv"):
        os.link(EXAMPLE / "data" / file, data / file)
    subprocess.run([sys.executable, "-B", str(data / "split.py")], check=True, capture_output=True, timeout=60)

    committed = [EXAMPLE / "data" / part / "digits.csv" for part in ("pretrain", "finetune", "holdout")] + SAMPLES
    assert {str(file.relative_to(EXAMPLE)): file.read_bytes() for file in committed} == {
        str(file.relative_to(tmp_path)): file.read_bytes()
        for file in [*data.glob("*/digits.csv"), *tmp_path.glob("samples/*.json")]
    }
