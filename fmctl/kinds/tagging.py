"""Tagging: labels of manifests, mirrored to the platform's tags.

Tags are a second call and never the truth: they are not compared, and what goes wrong with them is no trouble of what
they are on. Tags that others gave stay.

Sources: training API, "tags on jobs"; services v1, "tags". Models have none.
"""

from __future__ import annotations

import logging

from fmctl.domain.ports import Api
from fmctl.domain.problem import ApiError
from fmctl.domain.resource import Resource

log = logging.getLogger(__name__)


def mirror(resource: Resource, path: str, api: Api) -> None:
    """Give the object at ``path`` the labels of its manifest; a key that is there gets the new value."""
    if not resource.labels:
        return
    tags = [{"key": key, "value": value} for key, value in sorted(resource.labels.items())]
    try:
        api.call("POST", f"{path}/tags/create", body={"tags": tags}, safe=True)
    except ApiError as error:
        log.info("the tags of %s: %s", resource.id, error.message)
