"""The kinds of resources, one file each, and the registry of them all."""

from collections.abc import Mapping

from fmctl.domain.problem import UsageError
from fmctl.kinds.base import Kind
from fmctl.kinds.model_version import ModelVersion
from fmctl.kinds.service import Service
from fmctl.kinds.training_job import TrainingJob

KINDS: Mapping[str, Kind] = {kind.name: kind() for kind in (TrainingJob, ModelVersion, Service)}
"""Every kind by name, in the order in which their resources are made."""
RUNS = frozenset(kind.name for kind in KINDS.values() if kind.is_run)
"""The kinds whose objects are runs."""
SHORT = {"job": "TrainingJob", "model": "ModelVersion", "svc": "Service"}
"""What may be typed for a kind."""


def parse(what: str) -> tuple[str, str | None]:
    """``Service``, ``services`` or ``svc/x`` as the kind and the name, if any; UsageError for an unknown kind."""
    word, slash, name = what.partition("/")
    singular = word.lower().removesuffix("s") if word.lower() not in SHORT else word.lower()
    found = SHORT.get(singular) or next((kind for kind in KINDS if singular == kind.lower()), None)
    if not found:
        msg = f"no kind {word!r}"
        names = ", ".join(f"{kind}/{word}" for kind in KINDS)
        hint = f"kinds: {', '.join(KINDS)} (short: {', '.join(SHORT)})"
        raise UsageError(msg, hint=hint if slash else f"name it with its kind: {names} (short: {', '.join(SHORT)})")
    return found, name or None
