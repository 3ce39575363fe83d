"""Masking: values of variables that must not show, while a difference still does."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from fmctl.domain.resource import Resource
from fmctl.domain.values import is_secret_name
from fmctl.kinds.schema import plain


def spelled_out(resource: Resource) -> frozenset[str]:
    """Names of variables whose values may show. Not those behind ``valueFrom``, nor what may have been so before."""
    pairs = [pair for model in resource.spec["models"] for pair in model.get("env", {}).items()]
    hidden = {key for key, value in pairs if isinstance(plain(value), Mapping)}
    return frozenset(key for key, _ in pairs if key not in hidden and not is_secret_name(key))


def mask(live: list[Any], desired: list[Any], shown: frozenset[str], *, moved: bool) -> tuple[list[Any], list[Any]]:
    """Both sides without secret values, so that a difference still shows as one.

    ``shown`` are the variables that the manifest spells out. When it ``moved``, a live value may be a secret of the
    manifest before, whatever this one says of the variable.
    """
    before: list[dict[str, Any]] = [dict(model) for model in live]
    after: list[dict[str, Any]] = [dict(model) for model in desired]
    nothing: dict[str, Any] = {}
    for there, here in zip_longest(before, after, fillvalue=nothing):
        old, new = dict(there.get("env") or {}), dict(here.get("env") or {})
        for key in old.keys() | new.keys():
            same = key in old and key in new and old[key] == new[key]
            if old.get(key) is not None and (key not in shown or (moved and not same)):
                old[key] = "***" if same else "*** (before)"
            if new.get(key) is not None and key not in shown:
                new[key] = "***" if same else "*** (after)"
        for side, env in ((there, old), (here, new)):
            if env:
                side["env"] = env
    return before, after
