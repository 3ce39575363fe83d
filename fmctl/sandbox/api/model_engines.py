"""Engines and runtimes of models. Endpoints:

GET /v1/{project_id}/models/ai-engine-runtimes
GET /v1/{project_id}/models/template
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fmctl.sandbox.api.listing import page
from fmctl.sandbox.wire import Call, Reply, Route, route

LEGACY = ("python3.6", "python3.7")

# Per engine, the one that the platform picks when none is named comes first.
RUNTIMES: Mapping[str, Sequence[str]] = {
    "TensorFlow": (
        "tensorflow_2.1.0-cuda_10.1-py_3.7-ubuntu_18.04-x86_64",
        "tensorflow_2.1.0-cpu-py_3.7",
        *LEGACY,
    ),
    "PyTorch": (
        "pytorch_1.8.0-cuda_10.2-py_3.7-ubuntu_18.04-x86_64",
        "pytorch_1.8.0-cpu-py_3.7",
        "pytorch_1.8.0-cpu-py_3.7-ubuntu_18.04-x86_64",
        "pytorch_1.11.0-cann_6.3.0-py_3.7-euler_2.8.3-aarch64",
        "pytorch_2.1.0-cann_7.0.0-py_3.9-euler_2.10.7-aarch64",
        *LEGACY,
    ),
    "MindSpore": (
        "mindspore_1.7.0-cpu-py_3.7-ubuntu_18.04-x86_64",
        "mindspore_1.7.0-cuda_10.1-py_3.7-ubuntu_18.04-x86_64",
        "mindspore_2.0.0-cann_6.3.0-py_3.7-euler_2.8.3-aarch64",
        "aarch64",
    ),
    "XGBoost": ("python3.6", "python3.7"),
    "Scikit_Learn": ("python3.6", "python3.7"),
    "Spark_MLlib": ("python3.6", "python3.7"),
    "MXNet": ("python3.6", "python3.7"),
    "Caffe": ("python3.6", "python3.7"),
}


@route("GET", "/v1/{project_id}/models/ai-engine-runtimes")
def list_runtimes(call: Call) -> Reply:
    """Here `count` is all and `total_count` is this page: the platform has them the other way round than elsewhere."""
    engines = [_engine(name, runtimes) for name, runtimes in RUNTIMES.items()]
    found = page(call, engines)
    return Reply(200, {"count": len(engines), "total_count": len(found), "engine_runtimes": found})


@route("GET", "/v1/{project_id}/models/template")
def list_templates(call: Call) -> Reply:
    """This sandbox offers no templates."""
    return Reply(200, {"templates": []})


def _engine(name: str, runtimes: Sequence[str]) -> dict[str, Any]:
    return {
        "ai_engine": name,
        "runtimes": list(runtimes),
        "request_mode": ["sync"],
        "accelerators": [{"type": kind, "name": ""} for kind in _accelerators(runtimes)],
        "arch": sorted({"aarch64" if "aarch64" in runtime else "x86_64" for runtime in runtimes}),
        "status_list": ["normal"],
        "image_source": ["base_image"],
    }


def _accelerators(runtimes: Sequence[str]) -> list[str]:
    return sorted({"npu" if "cann" in name else "gpu" if "cuda" in name else "none" for name in runtimes})


ROUTES: Sequence[Route] = (list_runtimes, list_templates)
