"""How many jobs there may be: what ModelArts gives, unless the account has set less or more."""

from collections.abc import Mapping

from fmctl.sandbox.store import Store

COLLECTION = "training_quotas"
DEFAULTS: Mapping[str, int] = {"job-num": 10_000, "visual-job-num": 10_000}


def quota_of(store: Store, resource: str) -> int:
    """The quota of a resource that has one."""
    stored = store.get(COLLECTION, resource)
    return int(stored["quota"]) if stored else DEFAULTS[resource]


def set_quota(store: Store, resource: str, quota: int) -> None:
    """Allow more or fewer from now on; what there is stays."""
    store.put(COLLECTION, resource, {"quota": quota})
