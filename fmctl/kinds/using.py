"""Who uses an object: services a model version, model versions the run that they came from.

Sources: services v1, "querying services" (filter ``model_id``; ModelArts.3009 is what deleting a used model ends in);
models v1, "querying a model" (``source_job_id``, which the list does not have).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from fmctl.domain.ports import Api
from fmctl.kinds.base import Fan
from fmctl.kinds.paging import listing
from fmctl.kinds.service_wire import SERVICES

MODELS = "/v1/{project_id}/models"


def users_of_version(model_id: str, api: Api) -> tuple[str, ...]:
    """The live names of the services that use a model version, whoever they belong to; one filtered list."""
    found = listing(api, SERVICES, "services", "service_id", model_id=model_id)
    return tuple(str(item["service_name"]) for item in found)


def versions_by_job(api: Api, fan: Fan) -> Mapping[str, Sequence[str]]:
    """``<model> <version>`` of every live model version, by the id of the job that it came from; a detail for each."""

    def detail(item: Mapping[str, Any]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = api.call("GET", f"{MODELS}/{item['model_id']}")
        return found

    result: dict[str, list[str]] = defaultdict(list)
    for model in fan(detail, listing(api, MODELS, "models", "model_id")):
        result[str(model.get("source_job_id") or "")].append(f"{model['model_name']} {model['model_version']}")
    return result
