"""fmctl: a declarative reconciler for Huawei ModelArts.

The Python API is imported when it is first used, so that the command line starts fast.
"""

from typing import TYPE_CHECKING, Any

from fmctl.version import __version__

if TYPE_CHECKING:
    from fmctl.api import Applied, apply, copy, delete, diff, get, logs, predict, start, stop, wait
    from fmctl.domain.problem import FmctlError

__all__ = [
    "Applied",
    "FmctlError",
    "__version__",
    "apply",
    "copy",
    "delete",
    "diff",
    "get",
    "logs",
    "predict",
    "start",
    "stop",
    "wait",
]


def __dir__() -> list[str]:
    return __all__  # what a notebook completes


def __getattr__(name: str) -> Any:
    if name in __all__:
        from fmctl import api

        return getattr(api, name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
