"""Imports models: reads the OBS folder, checks it, keeps a copy, and moves the status along.

publishing -> (building ->) published | failed. A model is copied when it is imported: what happens to the OBS folder
later does not change it. What is wrong with the folder ends the model as `failed`, with `error_msg` in its detail.

Models of gigabytes take long to copy, so threads do it; a tick waits for them just long enough that a small model is
imported by the tick that begins it.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from fmctl.sandbox.account import Account
from fmctl.sandbox.models import config as model_config
from fmctl.sandbox.models.config import ConfigError, ModelConfig
from fmctl.sandbox.models.engines import RUNTIMES
from fmctl.sandbox.models.locations import LocationError, parse_folder, parse_object
from fmctl.sandbox.objects import ObsError

Document = dict[str, Any]

MODELS = "models"
IN_PROGRESS = ("publishing", "building")
STEP = 0.3  # seconds that each status lasts, so that whoever polls sees it
PATIENCE = 0.2  # seconds that a tick waits for an import that it has begun
IMPORTS_AT_ONCE = 4
MAX_BYTES = 20 << 30
SCRIPT = "customize_service.py"
REGISTRY = "swr.sandbox.example.com/infers"
IMPORT_FAILED = "ModelArts.3006"
BUILD_FAILED = "ModelArts.3301"
NO_OBS_PATH = "ModelArts.3551"
TOO_LARGE = "ModelArts.3044"
BAD_RUNTIME = "ModelArts.3015"

log = logging.getLogger(__name__)


class Publishing:
    """The component behind models."""

    def __init__(self, sandbox: Account) -> None:
        self._sandbox = sandbox
        self._pool = ThreadPoolExecutor(IMPORTS_AT_ONCE, thread_name_prefix="import")
        self._imports: dict[str, Future[Document]] = {}

    def recover(self) -> None:
        """Nothing to put right: an import that was cut off is done again."""

    def tick(self) -> None:
        """Advance every model whose time has come."""
        now = self._sandbox.clock.now()
        documents = self._sandbox.store.find(MODELS, states=IN_PROGRESS)
        for document in documents:
            if now - document["since"] >= STEP:
                self._advance(document, now)
        if self._imports:
            self._drop_imports({document["model"]["model_id"] for document in documents})

    def close(self) -> None:
        """Imports that wait are given up; the next process begins them again."""
        self._pool.shutdown(cancel_futures=True)

    def folder(self, model_id: str) -> Path:
        """Where the copy of a model is kept; its `model/` is below."""
        return self._sandbox.state_dir / "models" / model_id

    def forget(self, model_id: str) -> None:
        """Drop the copy of a model that was deleted."""
        shutil.rmtree(self.folder(model_id), ignore_errors=True)

    def add_image(self, model_id: str) -> None:
        """A model that is deployed has an image; before, only one with dependencies has."""
        with self._sandbox.store.transaction():
            document = self._sandbox.store.get(MODELS, model_id)
            if document and not document["model"]["image_address"]:
                document["model"]["image_address"] = _image_address(document["model"])
                put(self._sandbox, document)

    def _advance(self, document: Document, now: float) -> None:
        model = document["model"]
        if model["model_status"] == "building":
            self._build(document, now)
            return
        started = self._started(document)
        if not started.done():
            return
        del self._imports[model["model_id"]]
        try:
            changes = started.result()
        except (ConfigError, ObsError) as error:
            self._fail(document, now, f"{error.code}: {error.message}")
            return
        except Exception:  # a model that cannot be read must not hold up the others
            log.exception("model %s cannot be imported", model["model_id"])
            self._fail(document, now, f"{IMPORT_FAILED}: The sandbox cannot import this model; its log says more.")
            return
        model.update(changes)
        self._save(document, now, "building" if self._needs_image(model) else "published")

    def _build(self, document: Document, now: float) -> None:
        """The image is but a name: services run with what is installed. What cannot be built fails all the same."""
        model = document["model"]
        if package := model_config.uninstallable(model["dependencies"]):
            self._fail(document, now, f"{BUILD_FAILED}: pip cannot install {package!r}.", "building_failed")
            return
        model["image_address"] = _image_address(model)
        self._save(document, now, "published")

    def _needs_image(self, model: Document) -> bool:
        """Whether an image has to be built of it."""
        return model["model_type"] == "Image" or bool(model["dependencies"])

    def _started(self, document: Document) -> Future[Document]:
        """The import of a model, begun now unless it was before."""
        model_id = document["model"]["model_id"]
        if model_id not in self._imports:
            self._imports[model_id] = self._pool.submit(self._import, document)
            wait([self._imports[model_id]], PATIENCE)
        return self._imports[model_id]

    def _drop_imports(self, wanted: Collection[str]) -> None:
        """Take away what was copied of models that were deleted meanwhile."""
        for model_id in [known for known, started in self._imports.items() if known not in wanted and started.done()]:
            del self._imports[model_id]
            self.forget(model_id)

    def _fail(self, document: Document, now: float, reason: str, status: str = "failed") -> None:
        self.forget(document["model"]["model_id"])
        document["model"]["error_msg"] = reason
        self._save(document, now, status)

    def _save(self, document: Document, now: float, status: str) -> None:
        """Unless it was deleted meanwhile."""
        model = document["model"]
        model["model_status"], document["since"] = status, now
        with self._sandbox.store.transaction():
            if self._sandbox.store.get(MODELS, model["model_id"]) is None:
                self.forget(model["model_id"])
            else:
                put(self._sandbox, document)

    def _import(self, document: Document) -> Document:
        """What the import adds to the model's detail."""
        model = document["model"]
        if model["model_type"] == "Image":
            config = _merged(b"", document)
            return described(config, model_config.check(config, is_image=True), document)
        folder = self._copy(document)
        config_file = folder / "model" / "config.json"
        config = _merged(config_file.read_bytes() if config_file.is_file() else b"", document)
        checked = model_config.check(config, is_image=False)
        _check_runtime(checked, document)
        return described(config, checked, document) | {"model_size": _size(folder)}

    def _copy(self, document: Document) -> Path:
        """Copy the OBS folder; the copy appears under its name only when it is whole."""
        objects, model = self._sandbox.objects, document["model"]
        bucket, prefix = parse_folder(document.get("source") or model["source_location"])
        objects.need_bucket(bucket)
        sizes = [info.size for info in objects.walk(bucket, f"{prefix}model/")]
        if not sizes:
            raise ConfigError(NO_OBS_PATH, f"obs://{bucket}/{prefix} has no folder model/.")
        if sum(sizes) > MAX_BYTES:
            raise ConfigError(TOO_LARGE, f"The model has more than {MAX_BYTES >> 30} GB.")
        target = self.folder(model["model_id"])
        partial = target.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        objects.download_tree(bucket, f"{prefix}model/", partial / "model")
        self._add_script(model, partial / "model" / SCRIPT)
        shutil.rmtree(target, ignore_errors=True)
        return partial.rename(target)

    def _add_script(self, model: Document, script: Path) -> None:
        if model["execution_code"]:
            try:
                bucket, key = parse_object(model["execution_code"])
            except LocationError as error:
                raise ConfigError(NO_OBS_PATH, f"execution_code: {error}.") from error
            self._sandbox.objects.download(self._sandbox.objects.need(bucket, key), script)
        if not script.is_file():
            raise ConfigError(IMPORT_FAILED, f"The folder model/ has no {SCRIPT}, and execution_code names none.")


def put(sandbox: Account, document: Document) -> None:
    """Store a model."""
    model = document["model"]
    key = {"project": model["project"], "name": model["model_name"], "state": model["model_status"]}
    sandbox.store.put(MODELS, model["model_id"], document, **key)


def _image_address(model: Document) -> str:
    own = f"{REGISTRY}/{model['model_id']}:{model['model_version']}"
    return str(model["source_location"]) if model["model_type"] == "Image" else own


def engine_of(document: Document) -> str:
    """The engine that a model runs on: its type, or that of its template."""
    return str(document.get("engine") or document["model"]["model_type"])


def _merged(config_file: bytes, document: Document) -> Document:
    """config.json, overruled by `initial_config`, overruled by what the request says outside of it."""
    initial: str = document["initial_config"]
    request: Document = document["request"]
    if not config_file and not initial and "apis" not in request and document["model"]["model_type"] != "Image":
        raise ConfigError(model_config.NOT_CONFORMING, "The folder model/ has no config.json.")
    merged = dict(model_config.parse(config_file, "model/config.json")) if config_file else {}
    if initial:
        merged.update(model_config.parse(initial, "initial_config"))
    return merged | request


def _check_runtime(config: ModelConfig, document: Document) -> None:
    engine = engine_of(document)
    if not document["model"]["runtime"] and config.runtime and config.runtime not in RUNTIMES[engine]:
        raise ConfigError(BAD_RUNTIME, f"{config.runtime} is no runtime of {engine}.")


def described(config: Mapping[str, Any], checked: ModelConfig, document: Document) -> Document:
    """The parts of a detail that come from the configuration."""
    model = document["model"]
    default = next(iter(RUNTIMES.get(engine_of(document), ())), "")
    metrics = config.get("metrics")
    return {
        "runtime": model["runtime"] or checked.runtime or default,
        "model_algorithm": model["model_algorithm"] or checked.algorithm,
        "model_metrics": json.dumps(metrics) if metrics and model["model_metrics"] == "{}" else model["model_metrics"],
        "apis": json.dumps([_wire_api(api) for api in checked.apis], ensure_ascii=False),
        "config": json.dumps(config, ensure_ascii=False),
        "input_params": model["input_params"] or _params(checked, _request_schema),
        "output_params": model["output_params"] or _params(checked, _response_schema),
        "dependencies": list(checked.dependencies),
        "health": config.get("health") or {},
    }


def _wire_api(api: Mapping[str, Any]) -> Document:
    return {
        "url": api["url"],
        "method": api["method"].lower(),
        "protocol": api["protocol"],
        "input_params": _request_schema(api),
        "output_params": _response_schema(api),
    }


def _request_schema(api: Mapping[str, Any]) -> Any:
    return api.get("input_params") or (api.get("request") or {}).get("data") or {}


def _response_schema(api: Mapping[str, Any]) -> Any:
    return api.get("output_params") or (api.get("response") or {}).get("data") or {}


def _params(checked: ModelConfig, schema: Callable[[Mapping[str, Any]], Any]) -> list[Document]:
    """One derived parameter per API; its description is the schema, as a string."""
    return [
        {
            "url": api["url"],
            "method": api["method"].lower(),
            "protocol": api["protocol"],
            "param_name": "data",
            "param_type": "object",
            "param_desc": json.dumps(schema(api), ensure_ascii=False),
        }
        for api in checked.apis
    ]


def _size(folder: Path) -> int:
    return sum(entry.stat().st_size for entry in folder.rglob("*") if entry.is_file())
