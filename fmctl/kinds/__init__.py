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


def parse(what: str) -> tuple[str, str | None]:
    """``Service``, ``services`` or ``service/x`` as the kind and the name, if any; UsageError for an unknown kind."""
    word, _, name = what.partition("/")
    found = [kind for kind in KINDS if word.lower() in (kind.lower(), kind.lower() + "s")]
    if not found:
        msg = f"no kind {word!r}"
        raise UsageError(msg, hint=f"kinds: {', '.join(KINDS)}")
    return found[0], name or None
