"""Engines and runtimes of models. Endpoints:

GET /v1/{project_id}/models/ai-engine-runtimes
GET /v1/{project_id}/models/template
"""

from collections.abc import Sequence
from typing import Any

from fmctl.sandbox.api.listing import page
from fmctl.sandbox.models.engines import LISTED, RUNTIMES
from fmctl.sandbox.models.templates import TEMPLATES, Template
from fmctl.sandbox.wire import Call, Reply, Route, route

NO_ACCELERATOR = {"type": "none", "name": "", "cuda_version": "", "driver_version_section": ""}


@route("GET", "/v1/{project_id}/models/ai-engine-runtimes")
def list_runtimes(call: Call) -> Reply:
    """Here `count` is all and `total_count` is this page: the platform has them the other way round than elsewhere."""
    engines = [_engine(name, runtimes) for name, runtimes in RUNTIMES.items() if name in LISTED]
    found = page(call, engines)
    return Reply(200, {"count": len(engines), "total_count": len(found), "engine_runtimes": found})


@route("GET", "/v1/{project_id}/models/template")
def list_templates(call: Call) -> Reply:
    """What a model of type Template may name."""
    return Reply(200, {"templates": [_template(template) for template in TEMPLATES.values()]})


def _template(template: Template) -> dict[str, Any]:
    folder = {"input_id": template.input_id, "input_type": "obs", "name_en": "Model folder"}
    return {
        "template_id": template.template_id,
        "template_name_en": template.name,
        "description_en": template.description,
        "arch": template.arch,
        "template_labels": {"theme": ["general"], "engine": [template.engine], "environment": ["python3.7"]},
        "template_docs": [],
        "template_inputs": [folder | {"description_en": "The OBS folder that holds the folder model/"}],
    }


def _engine(name: str, runtimes: Sequence[str]) -> dict[str, Any]:
    return {
        "ai_engine": name,
        "runtimes": list(runtimes),
        "request_mode": ["sync"],
        "accelerators": [NO_ACCELERATOR | {"type": kind} for kind in _accelerators(runtimes)],
        "arch": sorted({"aarch64" if "aarch64" in runtime else "x86_64" for runtime in runtimes}),
        "status_list": ["normal"],
        "image_source": ["base_image"],
    }


def _accelerators(runtimes: Sequence[str]) -> list[str]:
    return sorted({"npu" if "cann" in name else "gpu" if "cuda" in name else "none" for name in runtimes})


ROUTES: Sequence[Route] = (list_runtimes, list_templates)
