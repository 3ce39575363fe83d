"""What the account sets for training: how many jobs there may be, and switches that travel among the quotas."""

from collections.abc import Mapping
from dataclasses import dataclass

from fmctl.sandbox.store import Document, Store

COLLECTION = "training_quotas"


@dataclass(frozen=True, slots=True)
class Limits:
    """What ModelArts gives, and between which numbers it can be set."""

    default: int
    least: int
    most: int = 2**31 - 1


RESOURCES: Mapping[str, Limits] = {
    "job-num": Limits(10_000, 1),
    "visual-job-num": Limits(10_000, 1),
    "job-retention-enabled": Limits(0, 0, 1),
    "job-num-quota-notify": Limits(0, 0, 0),
}


def quota_of(store: Store, resource: str) -> int:
    """The quota of a resource that has one."""
    stored = store.get(COLLECTION, resource)
    return int(stored["quota"]) if stored else RESOURCES[resource].default


def extra_of(store: Store, resource: str) -> str:
    """What was said beside the quota: whom to tell when it is used up."""
    return str((store.get(COLLECTION, resource) or {}).get("extra_info") or "")


def set_quota(store: Store, change: Document) -> None:
    """Allow more or fewer from now on; what there is stays."""
    store.put(COLLECTION, change["resource"], change)
