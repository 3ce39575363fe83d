"""Engines and runtimes of models. Endpoints:

GET /v1/{project_id}/models/ai-engine-runtimes
GET /v1/{project_id}/models/template
"""

from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.api.listing import page
from fmctl.sandbox.models.engines import RUNTIMES
from fmctl.sandbox.wire import Call, Reply, Route, route


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
