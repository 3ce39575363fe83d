"""Provenance: what a run was made from, for the ledger: the folders, the addresses that it reads, the commit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from fmctl.domain.ports import ObjectStore
from fmctl.domain.problem import FmctlError
from fmctl.domain.resource import Resource
from fmctl.domain.values import address, is_remote
from fmctl.kinds.base import Work
from fmctl.kinds.schema import plain


def provenance(resource: Resource, work: Work) -> dict[str, Any]:
    """The digests of local folders by their path in the manifest, ``obs://`` inputs by name, the commit of the set.

    And the names of the parameters that came from ``valueFrom``: the platform shows their values, so fmctl must not.
    """
    inputs, parameters = resource.spec.get("inputs", ()), resource.spec.get("parameters", {})
    return {
        "hidden": sorted(name for name, value in parameters.items() if isinstance(plain(value), Mapping)),
        "digests": {path: folder.digest for path, folder in resource.folders.items()},
        "inputs": {item["name"]: address(item["from"]) for item in inputs if is_remote(item.get("from", ""))},
        "commit": work.commit(),
    }


def listings(inputs: Mapping[str, str], store: ObjectStore) -> dict[str, Any]:
    """What is at each address: how many objects and bytes, and a digest over their keys, sizes and etags."""
    return {name: {"from": url, **_listing(url, store)} for name, url in inputs.items()}


def _listing(url: str, store: ObjectStore) -> dict[str, Any]:
    try:
        found = sorted((item.key, item.size, item.etag) for item in store.list(url))
    except FmctlError as error:  # the run has been carried out, whatever may be listed of it
        return {"error": error.message}
    text = "\n".join(f"{key} {size} {etag}" for key, size, etag in found)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {"objects": len(found), "bytes": sum(size for _, size, _ in found), "digest": digest}
