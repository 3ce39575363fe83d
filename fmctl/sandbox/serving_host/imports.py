"""Gives the hosted process the import names that scripts written for the platform use."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

PACKAGE = "model_service"
MODULES = ("model_service", "pytorch_model_service", "tfserving_model_service", "python_model_service")


def provide_platform_imports(package_dir: Path) -> None:
    """Make `model_service.<module>` importable, and `<module>` by itself, as one and the same module.

    The package is registered instead of its parent folder being put on the path: a script that has its own `store.py`
    or `clock.py` must get its own.
    """
    spec = importlib.util.spec_from_file_location(
        PACKAGE, package_dir / "__init__.py", submodule_search_locations=[str(package_dir)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)
    for name in MODULES:
        module = importlib.import_module(f"{PACKAGE}.{name}")
        # `model_service` alone stays the package: `from model_service import …` still finds its modules.
        sys.modules.setdefault(name, module)
