"""Content that a resource reads: at an address, in a local folder, or in an output of a run.

A ``ref`` is ``{jobRef, output, path}`` or ``{from}``, the forms that an input of a TrainingJob and the source of a
ModelVersion share.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fmctl.domain.problem import FmctlError, Problem
from fmctl.domain.resource import Path, Resource, ResourceId, Spec
from fmctl.domain.values import is_remote, join
from fmctl.kinds.base import Work

JOB = "TrainingJob"
"""The kind whose runs have outputs."""


def check_output(resource: Resource, others: Mapping[ResourceId, Resource], at: Path, ref: Spec) -> Iterator[Problem]:
    """Whether the job that ``ref`` names declares the output that it names."""
    job = others.get(ResourceId(JOB, ref.get("jobRef", "")))
    if job is None or not isinstance(job.spec.get("outputs", ()), Sequence):
        return
    names = [output.get("name") for output in job.spec.get("outputs", ()) if isinstance(output, Mapping)]
    if ref.get("output") not in names:
        hint = f"it has {', '.join(map(str, names))}" if names else "it declares no outputs"
        source = resource.source("spec", *at, "output")
        yield Problem(source, "FM0306", f"{job.id} has no output {ref.get('output')!r}", hint)


def located(ref: Spec, resource: Resource, work: Work) -> str:
    """The address of what ``ref`` names, now."""
    return _output(ref, work) if "jobRef" in ref else uploaded(ref["from"], resource, work)


def _output(ref: Spec, work: Work) -> str:
    """Where the current run of ``jobRef`` put ``output``, and ``path`` below it."""
    job = work.live(ResourceId(JOB, ref["jobRef"]))
    url = job.facts.get("outputs", {}).get(ref["output"]) if job else None
    if not url:
        msg = f"{JOB}/{ref['jobRef']} has no output {ref['output']!r} on the platform"
        raise FmctlError(msg, hint="its run was made by hand or is gone; set `from` to the address instead")
    return join(url, ref.get("path", ""))


def uploaded(place: str, resource: Resource, work: Work) -> str:
    """The address of something that may be local: a local folder is uploaded under its digest first."""
    return place if is_remote(place) else work.upload(resource.folders[place])
