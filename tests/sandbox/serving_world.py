"""A scripted world of models and of services of the first generation."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from fmctl.sandbox.account import Account, Component
from fmctl.sandbox.models.publishing import Publishing
from fmctl.sandbox.serving.deployments import Serving

from .scripted_world import ScriptedWorld

CONFIG = {"model_type": "PyTorch", "apis": [{"url": "/", "method": "post"}]}
SCRIPT = "from model_service.pytorch_model_service import PTServingBaseService\n"
TRANSIENT = {"publishing", "building", "deploying", "stopping", "deleting"}

Json = dict[str, Any]


class World(ScriptedWorld):
    """Short names for what the tests of models and services do all the time."""

    version = "v1"

    def components(self) -> Sequence[Callable[[Account], Component]]:
        return [Publishing, partial(Serving, launcher=self.launcher)]

    def get(self, path: str, **query: Any) -> Json:
        answer = self.ask("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def upload(self, folder: str, files: dict[str, str]) -> str:
        for name, text in files.items():
            self.sandbox.objects.put("fmctl-demo", f"{folder}/{name}", text.encode())
        return f"obs://fmctl-demo/{folder}/"

    def model_body(self, **changes: Any) -> Json:
        body = {"model_name": "digits", "model_version": "1.0.0", "model_type": "PyTorch"}
        return body | {"source_location": "obs://fmctl-demo/model-files/"} | changes

    def publish(self, **changes: Any) -> str:
        """A published model, with good files unless the caller uploaded others elsewhere."""
        self.upload("model-files", {"model/config.json": json.dumps(CONFIG), "model/customize_service.py": SCRIPT})
        answer = self.ask("POST", "models", self.model_body(**changes))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["model_id"])

    def model(self, model_id: str) -> Json:
        """The model's detail when its import has ended."""
        while (found := self.get(f"models/{model_id}"))["model_status"] in TRANSIENT:
            self.advance()
        return found

    def published(self, **changes: Any) -> str:
        model_id = self.publish(**changes)
        assert self.model(model_id)["model_status"] == "published"
        return model_id

    def element(self, model_id: str, **changes: Any) -> Json:
        element = {"model_id": model_id, "weight": 100, "specification": "modelarts.vm.cpu.2u", "instance_count": 1}
        return element | changes

    def service_body(self, *elements: Json, **changes: Any) -> Json:
        return {"service_name": "digits", "infer_type": "real-time", "config": [*elements]} | changes

    def deploy(self, *elements: Json, **changes: Any) -> str:
        answer = self.ask("POST", "services", self.service_body(*elements, **changes))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["service_id"])

    def settled(self, service_id: str) -> Json:
        """The service's detail when nothing is on its way any more."""
        while (found := self.get(f"services/{service_id}"))["status"] in TRANSIENT:
            self.advance()
        return found

    def running(self, **changes: Any) -> str:
        """A running service of one new model."""
        service_id = self.deploy(self.element(self.published()), **changes)
        assert self.settled(service_id)["status"] == "running"
        return service_id


scripted_world = World.opened
