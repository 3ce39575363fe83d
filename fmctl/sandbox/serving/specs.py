"""What the elements of a configuration come to on this machine: the model of a folder, or what runs for an image."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fmctl.sandbox.account import Account
from fmctl.sandbox.models import config as model_config
from fmctl.sandbox.models.publishing import MODELS, Publishing, engine_of
from fmctl.sandbox.serving.containers import LISTENS, CannotRun, in_place_of, needs_container, notice
from fmctl.sandbox.serving.instances import InstanceSpec
from fmctl.sandbox.serving.state import Config

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Specs:
    """What services print is kept below `root`, in a folder for each."""

    account: Account
    root: Path

    def of(self, service: Document, element: Document) -> InstanceSpec:
        """What an element runs. Raises CannotRun."""
        document = self.account.store.get(MODELS, element["model_id"])
        if document is None:
            raise CannotRun(f"the model {element['model_id']} does not exist any more")
        model = document["model"]
        spec = InstanceSpec(
            service_id=service["service_id"],
            model_id=model["model_id"],
            model_name=model["model_name"],
            model_type=engine_of(document),
            folder=self.account.part(Publishing).folder(model["model_id"]) / "model",
            log=self.root / service["service_id"] / f"{model['model_id']}.log",
            envs=element["envs"],
        )
        return self._of_image(model, spec) if model["model_type"] == "Image" else _of_folder(model, spec)

    def notices(self, config: Config) -> Iterator[str]:
        """What has to be said of the elements that a placeholder answers for."""
        for element in config:
            document = self.account.store.get(MODELS, element["model_id"])
            model = document["model"] if document else {"model_type": ""}
            if model["model_type"] == "Image" and needs_container(model["source_location"]):
                yield notice(f"{model['model_name']} {model['model_version']}", model["source_location"])

    def _of_image(self, model: Document, spec: InstanceSpec) -> InstanceSpec:
        """In a folder of its own, which is empty: all files of an image are inside of it."""
        config = model_config.check(json.loads(model["config"]), is_image=True)
        health = replace(config.health, initial_delay=config.health.patience) if model["health"] else LISTENS
        folder = self.root / spec.service_id / spec.model_id
        own = replace(spec, folder=folder, command=model["cmd"], health=health, port=config.port)
        runs = in_place_of(model["source_location"], own)
        folder.mkdir(parents=True, exist_ok=True)
        return runs


def _of_folder(model: Document, spec: InstanceSpec) -> InstanceSpec:
    config = model_config.check(json.loads(model["config"]), is_image=False)
    return replace(spec, api_method=config.apis[0]["method"], health=config.health)
