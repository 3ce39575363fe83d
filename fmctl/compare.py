"""Compare: which fields of a live object differ from what the manifest says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fmctl.domain.plan import FieldChange
from fmctl.domain.resource import Path, Spec
from fmctl.domain.values import agrees, dotted


def differences(live: Spec, desired: Spec) -> tuple[FieldChange, ...]:
    """The fields of ``desired`` that ``live`` has otherwise, by path below ``spec``, in the order of the paths.

    What only ``live`` has is not compared: the server fills in a lot. None in ``desired`` means "not there".
    """
    if agrees(live, desired):
        return ()
    return tuple(sorted(_leaves(_project(live, desired), desired), key=lambda change: change.path))


def _leaves(live: Any, desired: Any) -> Iterator[FieldChange]:
    """DeepDiff tells where two trees differ; it is slow to import and to run, so only pairs that differ come here."""
    from deepdiff import DeepDiff

    tree = DeepDiff(live, desired, view="tree", ignore_numeric_type_changes=True, threshold_to_diff_deeper=0)
    for levels in tree.values():
        for level in levels:
            path: Path = ("spec", *level.path(output_format="list"))
            yield FieldChange(dotted(path), _shown(level.t1), _shown(level.t2))


def _shown(value: Any) -> Any:
    """A value for the plan: what is absent on one side is None there."""
    return None if type(value).__name__ == "NotPresent" else value


def _project(live: Any, desired: Any) -> Any:
    """``live`` cut down to the keys that ``desired`` has."""
    if isinstance(desired, Mapping) and isinstance(live, Mapping):
        return {key: _project(live.get(key), value) for key, value in desired.items()}
    if isinstance(desired, list) and isinstance(live, (list, tuple)):
        pairs = zip(live, desired, strict=False)
        return [_project(*pair) for pair in pairs] + list(live[len(desired) :])
    return live
