"""Loads customize_service.py and makes the one service object that it defines."""

from __future__ import annotations

import importlib.util
import inspect
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from .imports import provide_platform_imports
from .weights import model_path

SCRIPT = "customize_service.py"
BASE_PACKAGE = Path(__file__).parent.parent / "model_service"


class ScriptError(Exception):
    """The script has no service that could be started; the message says what to write."""


def load_service(folder: Path, model_name: str, model_type: str) -> Any:
    """The service object of the model in `folder`, with its weights loaded."""
    provide_platform_imports(BASE_PACKAGE)
    # The script may import its neighbours, and they win over installed packages, as on the platform.
    sys.path.insert(0, str(folder))
    service_class = _service_class(_import_script(folder / SCRIPT))
    return _construct(service_class, model_name, os.fspath(model_path(folder, model_type)))


def _import_script(script: Path) -> ModuleType:
    if not script.is_file():
        msg = f"the model has no {SCRIPT} in its model/ folder"
        raise ScriptError(msg)
    spec = importlib.util.spec_from_file_location(script.stem, script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[script.stem] = module
    spec.loader.exec_module(module)
    return module


def _service_class(module: ModuleType) -> type[Any]:
    """The most derived class of the script that comes from one of the platform's base classes."""
    base = sys.modules["model_service.model_service"].SingleNodeService
    candidates: list[type[Any]] = [
        value for value in vars(module).values() if _defined_in(module, value) and issubclass(value, base)
    ]
    leaves = [c for c in candidates if not any(other is not c and issubclass(other, c) for other in candidates)]
    if len(leaves) == 1:
        return leaves[0]
    names = ", ".join(sorted(leaf.__name__ for leaf in leaves)) or "none"
    msg = f"{SCRIPT} must define one class derived from a base class of model_service; found {names}"
    raise ScriptError(msg)


def _defined_in(module: ModuleType, value: object) -> bool:
    return inspect.isclass(value) and value.__module__ == module.__name__


def _construct(service_class: type[Any], model_name: str, path: str) -> Any:
    """Scripts define `__init__(self, model_name, model_path)` or, for machine learning engines, only `model_path`."""
    signature = inspect.signature(service_class)
    try:
        signature.bind(model_name, path)
    except TypeError:
        return service_class(path)
    return service_class(model_name, path)
