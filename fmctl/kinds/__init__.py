"""The kinds of resources, one file each, and the registry of them all."""

from collections.abc import Mapping

from fmctl.kinds.base import Kind
from fmctl.kinds.model_version import ModelVersion
from fmctl.kinds.service import Service
from fmctl.kinds.training_job import TrainingJob

KINDS: Mapping[str, Kind] = {kind.name: kind() for kind in (TrainingJob, ModelVersion, Service)}
"""Every kind by name, in the order in which their resources are made."""
RUNS = frozenset(kind.name for kind in KINDS.values() if kind.is_run)
"""The kinds whose objects are runs."""
