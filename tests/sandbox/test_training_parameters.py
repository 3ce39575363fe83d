"""Hyper-parameters and machines that an algorithm constrains, through Huawei's SDK; nothing here runs."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fmctl.sandbox.server import Server

from .conftest import running
from .jobs import CODE, ENGINE, job, upload_code
from .sdk_surface import sdk_home

INTEGER = {"type": "Integer", "valid_type": "Range", "valid_range": ["1", "10"]}
CHOICE = {"type": "String", "valid_type": "Choice", "valid_range": ["adam", "sgd"]}
CUDA = {"engine_name": "PyTorch", "engine_version": "pytorch_1.8.0-cuda_10.2-py_3.7-ubuntu_18.04-x86_64"}
GPU, ASCEND = "modelarts.p3.8xlarge.public", "modelarts.kat1.8xlarge"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("parameters")
    with sdk_home(folder), running(Server(folder / "state")) as made:
        upload_code(made.sandbox)
        yield made


@pytest.fixture
def refusal(client: Any, model: Any, request: pytest.FixtureRequest) -> Callable[..., str]:
    """The code with which a job is refused; empty when it is created. No two jobs have one name."""
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

    def create(**changes: Any) -> str:
        body = job("".join(sign if sign.isalnum() else "-" for sign in request.node.name)[-60:], **changes)
        try:
            made = client.create_training_job(model.CreateTrainingJobRequest(body=body))
        except ClientRequestException as error:
            return str(error.error_code).removeprefix("ModelArts.")
        client.delete_training_job(model.DeleteTrainingJobRequest(training_job_id=made.metadata.id))
        return ""

    return create


def parameter(value: str | None, **constraint: Any) -> list[dict[str, Any]]:
    return [{"name": "p", "value": value, "constraint": constraint}]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (parameter("5", **INTEGER), ""),
        (parameter("10", **INTEGER), ""),
        (parameter("sgd", **CHOICE), ""),
        (parameter("1e-4", type="Float"), ""),
        (parameter("True", type="Boolean"), ""),
        (parameter("", required=False, **INTEGER), ""),
        (parameter("rmsprop", **CHOICE), "2765"),
        (parameter("", required=True), "2766"),
        (parameter("5") * 2, "2767"),
        (parameter("x", type="Integer"), "2768"),
        (parameter("x", type="Float"), "2768"),
        (parameter("1", type="Boolean"), ""),
        (parameter("yes", type="Boolean"), "2768"),
        (parameter("11", **INTEGER), "2769"),
        (parameter("3", type="Integer", valid_type="Choice", valid_range=["1", "2"]), "2769"),
        (parameter("5", type="Integer", valid_type="Range", valid_range=["10", "1"]), "2770"),
        (parameter("5", type="Integer", valid_type="Range", valid_range=["1"]), "2770"),
        (parameter("x", type="String", valid_type="Range", valid_range=["a", "b"]), "2770"),
        (parameter("x", type="String", valid_type="Choice", valid_range=[]), "2770"),
        (parameter("x", type="Complex"), "2774"),
        (parameter("5", type="Integer", valid_type="Prime"), "2774"),
    ],
)
def test_values_fit_their_constraints(refusal: Callable[..., str], parameters: Any, expected: str) -> None:
    """Type, range, choice, presence and uniqueness of a hyper-parameter have a code each."""
    assert expected == refusal(algorithm__parameters=parameters)


@pytest.fixture
def stored(client: Any, model: Any) -> Callable[..., str]:
    """The id of a new algorithm."""

    def create(name: str, requirements: Any = (), **config: Any) -> str:
        source = {"code_dir": CODE, "boot_file": CODE + "train.py", "engine": dict(ENGINE)}
        body = {"metadata": {"name": name}, "job_config": source | config, "resource_requirements": list(requirements)}
        return str(client.create_algorithm(model.CreateAlgorithmRequest(body=body)).metadata.id)

    return create


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ([{"name": "steps", "value": "7"}], ""),
        ([{"name": "steps", "value": "7"}, {"name": "fixed", "value": "yes"}], ""),
        ([], "2766"),
        ([{"name": "steps", "value": "11"}], "2769"),
        ([{"name": "steps", "value": "11", "constraint": {"valid_range": ["1", "99"]}}], "2769"),
        ([{"name": "steps", "value": "7"}, {"name": "fixed", "value": "no"}], "2814"),
        ([{"name": "steps", "value": "7"}, {"name": "other", "value": "1"}], "2814"),
    ],
)
def test_an_algorithm_constrains_its_jobs(
    refusal: Callable[..., str], stored: Callable[..., str], parameters: Any, expected: str
) -> None:
    """A job gives the values that the algorithm asks for, within its bounds, and no others."""
    steps = {"name": "steps", "value": "", "constraint": {**INTEGER, "required": True}}
    fixed = {"name": "fixed", "value": "yes", "constraint": {"type": "String", "editable": False}}
    algorithm_id = stored(f"a-{abs(hash(str(parameters)))}", parameters=[steps, fixed])

    assert expected == refusal(algorithm={"id": algorithm_id, "parameters": parameters})


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"flavor_id": GPU, "node_count": 1}, ""),
        ({"flavor_id": GPU, "node_count": 2}, "2763"),
        ({"flavor_id": "modelarts.vm.cpu.2u", "node_count": 1}, "2763"),
    ],
)
def test_an_algorithm_wants_certain_machines(
    refusal: Callable[..., str], stored: Callable[..., str], resource: Any, expected: str
) -> None:
    """A flavor of another type, or more machines than the algorithm can use, is no flavor for it."""
    wanted = [
        {"key": "flavor_type", "values": ["GPU"], "operator": "in"},
        {"key": "host_distributed_mode", "values": ["singular"], "operator": "in"},
    ]
    algorithm_id = stored(f"b-{resource['flavor_id'][-9:-7]}-{resource['node_count']}", wanted, engine=CUDA)

    assert expected == refusal(algorithm={"id": algorithm_id}, spec__resource=resource)


@pytest.mark.parametrize(
    ("engine", "flavor", "expected"),
    [(CUDA, GPU, ""), (CUDA, ASCEND, "2840"), (ENGINE, ASCEND, ""), (ENGINE, GPU, "2840")],
)
def test_an_engine_runs_on_its_accelerators(
    client: Any, model: Any, refusal: Callable[..., str], engine: Any, flavor: str, expected: str
) -> None:
    """What a flavor lists as its engines is what it takes."""
    flavors = client.show_training_job_flavors(model.ShowTrainingJobFlavorsRequest()).flavors
    engines = client.show_training_job_engines(model.ShowTrainingJobEnginesRequest()).items
    (supported,) = [one.support_engines for one in flavors if one.flavor_id == flavor]
    (engine_id,) = [one.engine_id for one in engines if one.engine_version == engine["engine_version"]]

    assert (engine_id in supported) == (not expected)
    assert expected == refusal(algorithm__engine=dict(engine), spec__resource={"flavor_id": flavor, "node_count": 1})


def test_requirements_are_read_by_either_name(client: Any, model: Any, stored: Callable[..., str]) -> None:
    """The SDK reads `value` where the request says `values`; both are there."""
    algorithm_id = stored("named", [{"key": "flavor_type", "values": ["CPU"], "operator": "in"}])
    shown = client.show_algorithm_by_uuid(model.ShowAlgorithmByUuidRequest(algorithm_id=algorithm_id))

    assert [["CPU"]] == [one.value for one in shown.resource_requirements]
    assert [["CPU"]] == [one["values"] for one in shown.to_json_object()["resource_requirements"]]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"algorithm__code_dir": "/fmctl-demo/code"}, ""),
        ({"algorithm__code_dir": "obs://fmctl-demo/code"}, ""),
        ({"algorithm__code_dir": "s3://fmctl-demo/code/"}, "2802"),
        ({"algorithm__code_dir": "/fmctl-demo/cod"}, "2757"),
        ({"algorithm__outputs": [{"name": "a"}]}, "2753"),
        ({"algorithm__outputs": [{"name": "a"}, {"name": "b"}]}, "2754"),
    ],
)
def test_paths_have_their_codes(refusal: Callable[..., str], changes: Any, expected: str) -> None:
    """A folder may end with a slash; one that is none, or holds nothing, and outputs that go nowhere are told apart."""
    assert expected == refusal(**changes)
