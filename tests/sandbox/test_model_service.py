"""Models hosted for real: scripts written for the platform run unchanged in processes of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from fmctl.sandbox.models.config import Health
from fmctl.sandbox.server import Server
from fmctl.sandbox.serving.instances import Answer, Instance, InstanceLost, InstanceSpec, InstanceState, Query
from fmctl.sandbox.serving.launcher import ProcessLauncher
from fmctl.sandbox.serving_host.weights import model_path

from .conftest import login

ECHO = """
import json, logging, os, subprocess
from model_service.pytorch_model_service import PTServingBaseService
import pytorch_model_service, store

assert pytorch_model_service.PTServingBaseService is PTServingBaseService

class Echo(PTServingBaseService):
    def __init__(self, model_name, model_path):
        super().__init__(model_name, model_path)
        with open(model_path) as file:
            self.factor = json.load(file)["factor"]

    def _preprocess(self, data):
        if "child" in data:
            subprocess.Popen(["sleep", "60"])
        if "leave" in data:
            os._exit(1)
        if "exit" in data:
            raise SystemExit(2)
        if "half" in data:
            raise ValueError("\\ud83d")
        return data

    def _inference(self, data):
        if "files" in data:
            return {name: file.read().decode() for name, file in data["files"].items()} | {"text": data["text"]}
        if "look" in data:
            return {"env": dict(os.environ), "name": self.model_name, "store": store.MINE}
        return {"result": data["x"] * self.factor}

    def _postprocess(self, data):
        return data
"""
FILES = {"customize_service.py": ECHO, "weights.json": '{"factor": 3}', "store.py": "MINE = 'of the model'"}


class Host:
    """Starts instances of models written by a test, and ends them with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "model.log"
        self._started: list[Instance] = []

    def start(self, files: dict[str, str], **changes: Any) -> Instance:
        model = self.folder / "model"
        model.mkdir(exist_ok=True)
        for name, text in files.items():
            (model / name).write_text(text)
        spec = {"service_id": "s", "model_id": "m", "model_name": "demo", "model_type": "PyTorch"} | changes
        instance = ProcessLauncher().start(InstanceSpec(folder=model, log=self.log, **spec))
        self._started.append(instance)
        return instance

    def ready(self, files: dict[str, str], **changes: Any) -> Instance:
        instance = self.start(files, **changes)
        until(lambda: instance.state() is InstanceState.READY)
        return instance

    def close(self) -> None:
        for instance in self._started:
            instance.kill()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    made = Host(tmp_path)
    yield made
    made.close()


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Processes have their own time: ask again until they are there."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def post(instance: Instance, body: Any, path: str = "/", method: str = "POST") -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return instance.send(Query(method, path, {"Content-Type": "application/json"}, data), 10)


def test_a_script_for_the_platform_answers_json(host: Host) -> None:
    """Both spellings of the import give the same class; PyTorch models get the path of their weights."""
    answer = post(host.ready(FILES), {"x": 2})

    assert (answer.status, answer.content_type) == (200, "application/json")
    assert json.loads(answer.body) == {"result": 6}


def test_forms_arrive_as_fields_and_named_files(host: Host) -> None:
    """{field: {file name: open file}} beside {field: text}."""
    files = [("files", ("a.png", b"first")), ("files", ("b.png", b"second"))]
    form = httpx.Request("POST", "http://model/", files=files, data={"text": "hello"})
    query = Query("POST", "/", {"Content-Type": form.headers["Content-Type"]}, form.read())
    answer = host.ready(FILES).send(query, 10)

    assert json.loads(answer.body) == {"a.png": "first", "b.png": "second", "text": "hello"}


def test_an_exception_is_an_error_for_the_caller_and_a_traceback_for_the_log(host: Host) -> None:
    """500 in the platform's shape, naming the exception but no line of code."""
    answer = post(host.ready(FILES), {"y": 2})
    error = json.loads(answer.body)

    assert (answer.status, error["error_code"]) == (500, "ModelArts.4503")
    assert "KeyError: 'x'" in error["error_msg"]
    assert "Traceback" not in error["error_msg"]
    assert "Traceback" in host.log.read_text()


@pytest.mark.parametrize(("body", "message"), [({"exit": 1}, "SystemExit: 2"), ({"half": 1}, "ValueError: ?")])
def test_no_exception_leaves_the_caller_without_an_answer(host: Host, body: dict[str, int], message: str) -> None:
    """Nor does one that would end a program, or whose text cannot be sent."""
    answer = post(host.ready(FILES), body)

    assert (500, f"The model raised {message}") == (answer.status, json.loads(answer.body)["error_msg"])


def test_requests_that_are_not_for_the_model_are_refused(host: Host) -> None:
    """Bad JSON, JSON without end, another method, another path."""
    instance = host.ready(FILES)
    answers = [post(instance, body) for body in (b"{", b"[" * 100_000)]
    answers += [post(instance, b"", method="GET"), post(instance, {}, path="/other")]

    assert [answer.status for answer in answers] == [400, 400, 405, 404]
    assert all(json.loads(answer.body)["error_code"].startswith("ModelArts.") for answer in answers)


def test_the_method_of_the_configuration_is_the_one_that_is_served(host: Host) -> None:
    """A model whose api says get answers GET with the query as its data."""
    script = "from model_service.model_service import SingleNodeService\nclass S(SingleNodeService):\n"
    script += "    def _inference(self, data):\n        return data\n"
    instance = host.ready({"customize_service.py": script}, api_method="GET")
    answers = [instance.send(Query("GET", "/?a=1", {}, b""), 10), post(instance, {})]

    assert [answer.status for answer in answers] == [200, 405]
    assert json.loads(answers[0].body) == {"a": "1"}


def test_a_model_sees_its_own_environment_and_nothing_of_the_server(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """envs of the element arrive; the server's variables do not; the model's own modules win."""
    monkeypatch.setenv("SERVER_SECRET", "do not tell")
    answer = json.loads(post(host.ready(FILES, envs={"MODE": "test"}), {"look": 1}).body)

    assert (answer["name"], answer["store"], answer["env"]["MODE"]) == ("demo", "of the model", "test")
    assert "SERVER_SECRET" not in answer["env"]
    assert "do not tell" not in json.dumps(answer["env"])


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("def broken(:", "SyntaxError"),
        ("x = 1", "found none"),
        ("import sys\nsys.exit('not today')", "SystemExit: not today"),
    ],
)
def test_a_script_that_cannot_be_loaded_ends_with_its_reason(host: Host, script: str, reason: str) -> None:
    """The instance is over, and its error says what a user has to mend."""
    instance = host.start({"customize_service.py": script})
    until(lambda: instance.state() is InstanceState.ENDED)

    assert reason in instance.error


def test_a_process_that_dies_without_a_word_has_no_reason(host: Host) -> None:
    """Only what the model said is told."""
    instance = host.start({"customize_service.py": "import os\nos._exit(3)"})
    until(lambda: instance.state() is InstanceState.ENDED)

    assert instance.error == ""


def test_machine_learning_scripts_may_take_the_path_alone(host: Host) -> None:
    """`__init__(self, model_path)`, and results with a tolist method."""
    script = """
from model_service.python_model_service import XgSklServingBaseService

class Array:
    def tolist(self):
        return [1, 2]

class Model(XgSklServingBaseService):
    def __init__(self, model_path):
        self.model_path = model_path

    def _inference(self, data):
        return {"file": self.model_path.rsplit("/", 1)[-1], "array": Array()}
"""
    instance = host.ready({"customize_service.py": script, "model.m": ""}, model_type="Scikit_Learn")

    assert json.loads(post(instance, {}).body) == {"file": "model.m", "array": [1, 2]}


def test_a_health_check_that_keeps_failing_makes_the_instance_unhealthy(host: Host) -> None:
    """A command of the configuration decides, after as many failures as it allows."""
    health = Health(url="/well", command="test -e /no/such/file", period=0.01, threshold=2)
    instance = host.start(FILES, health=health)
    until(lambda: instance.state() is InstanceState.UNHEALTHY)

    assert instance.error == "its health check fails"


def test_a_crash_ends_the_instance_and_all_that_it_started(host: Host) -> None:
    """A dead process is seen at once, and its children go with it."""
    instance = host.ready(FILES)
    post(instance, {"child": 1, "x": 1})
    (child,) = [process for process in psutil.Process().children(recursive=True) if process.name() == "sleep"]
    with pytest.raises(InstanceLost):
        post(instance, {"leave": 1})
    until(lambda: instance.state() is InstanceState.ENDED)

    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_an_idle_instance_ends_when_it_is_asked_to(host: Host) -> None:
    """SIGTERM is enough."""
    instance = host.ready(FILES)
    instance.stop()

    until(lambda: instance.state() is InstanceState.ENDED)


def test_instances_end_with_a_server_that_was_killed(host: Host, tmp_path: Path) -> None:
    """kill -9 leaves nothing behind: the pipe that the instance watches is closed by the kernel."""
    host.start(FILES).kill()
    program = f"""
import time
from pathlib import Path
from fmctl.sandbox.serving.instances import InstanceSpec, InstanceState
from fmctl.sandbox.serving.launcher import ProcessLauncher
spec = InstanceSpec("s", "m", "demo", "PyTorch", Path({str(tmp_path / "model")!r}), Path({str(tmp_path / "log")!r}))
instance = ProcessLauncher().start(spec)
while instance.state() is not InstanceState.READY:
    time.sleep(0.01)
print("ready", flush=True)
time.sleep(60)
"""
    root = Path(__file__).parents[2]
    environment = {"PATH": os.defpath, "PYTHONPATH": str(root)}
    server = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment)
    assert server.stdout is not None
    with server.stdout:
        assert server.stdout.readline() == b"ready\n"
        (instance,) = psutil.Process(server.pid).children()
        server.send_signal(signal.SIGKILL)
        server.wait()

    until(lambda: not instance.is_running() or instance.status() == psutil.STATUS_ZOMBIE)


@pytest.mark.parametrize(
    ("model_type", "files", "expected"),
    [
        ("PyTorch", ["config.json", "customize_service.py", "labels.json", "net.pth"], "net.pth"),
        ("PyTorch", ["config.json", "customize_service.py", "digits.json", "helper.py"], "digits.json"),
        ("PyTorch", ["config.json", "customize_service.py"], ""),
        ("Scikit_Learn", ["model.m", "z.txt"], "model.m"),
        ("TensorFlow", ["saved_model.pb"], ""),
        ("MindSpore", ["net.pth"], ""),
    ],
)
def test_the_model_path_is_the_weights_file_or_the_folder(
    tmp_path: Path, model_type: str, files: list[str], expected: str
) -> None:
    """Engines whose model is one file get that file, the others the folder."""
    for name in files:
        (tmp_path / name).touch()

    assert model_path(tmp_path, model_type) == tmp_path / expected


def test_publish_deploy_predict_over_a_socket(server: Server) -> None:
    """The whole chain as a user sees it: a real server, a real process, a crash, and a recovery."""
    info, files = server.info, {**FILES, "config.json": json.dumps({"apis": [{"url": "/"}]})}
    for name, text in files.items():
        server.sandbox.objects.put("fmctl-demo", f"m/model/{name}", text.encode())
    with httpx.Client(base_url=info["endpoint"]) as api:
        api.headers["X-Auth-Token"] = api.post("/v3/auth/tokens", json=login(server.sandbox)).headers["X-Subject-Token"]
        base = f"/v1/{info['project_id']}"
        model = {
            "model_name": "m",
            "model_version": "1.0.0",
            "model_type": "PyTorch",
            "source_location": "/fmctl-demo/m",
        }
        model_id = api.post(f"{base}/models", json=model).json()["model_id"]
        until(lambda: api.get(f"{base}/models/{model_id}").json()["model_status"] == "published")
        element = {"model_id": model_id, "weight": 100, "specification": "modelarts.vm.cpu.2u", "instance_count": 1}
        body = {"service_name": "s", "infer_type": "real-time", "config": [element]}
        service = f"{base}/services/{api.post(f'{base}/services', json=body).json()['service_id']}"
        until(lambda: api.get(service).json()["status"] == "running")
        address = api.get(service).json()["access_address"]

        assert address.startswith(info["endpoint"])
        assert api.post(address, json={"x": 5}).json() == {"result": 15}
        assert api.post(address, json={"leave": 1}).status_code == 502
        until(lambda: api.get(service).json()["status"] == "concerning")
        until(lambda: api.get(service).json()["status"] == "running")
        assert api.post(address, json={"x": 5}).json() == {"result": 15}
