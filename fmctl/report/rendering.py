"""Resources as manifests again, with everything that was merged into them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fmctl.domain.resource import API_VERSION, Resource
from fmctl.load import dump


def rendered(resources: Iterable[Resource]) -> str:
    """Their documents, one after the other."""
    return "---\n".join(dump(_manifest(resource)) for resource in resources).rstrip("\n")


def _manifest(resource: Resource) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": resource.name}
    if resource.labels:
        metadata["labels"] = dict(resource.labels)
    return {"apiVersion": API_VERSION, "kind": resource.kind, "metadata": metadata, "spec": resource.spec}
