"""How this platform behaves where the reference leaves room, or where platforms were seen to differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(slots=True)
class Switches:
    """Turned by a test at any moment; times are seconds."""

    # lists
    lag: float = 0.0
    """New objects are missing from lists for so long, and deleted ones stay in them."""
    linger: float = 0.0
    """Deleted objects can be read for so long."""
    job_offset: Literal["page", "item"] = "page"
    model_offset: Literal["item", "page"] = "item"
    most: int = 1000
    """The v1 lists never answer with more at once, whatever the limit."""
    totals_lie: bool = False
    like: Literal["substring", "wildcard", "everything"] = "substring"

    # how things are shown
    null_description: bool = False
    weights_as_text: bool = False
    workspace_as_number: bool = False
    trailing_slash: bool = False
    details_grow: bool = False
    """Every look shows another field that nobody set, and lists in another order."""
    obs_spelling: Literal["same", "obs", "https", "bare"] = "same"
    empty_bodies: bool = False
    """PUT and DELETE answer without a body."""
    late_priority: bool = False
    """The platform fills in the priority when the run starts."""

    # runs
    job_course: tuple[float, float, float] = (0.02, 0.02, 0.1)
    """How long a run is Creating, Pending, Running."""
    job_ends: dict[str, str] = field(default_factory=dict)
    """The phase in which runs end whose names begin so."""
    odd_phase: str = ""
    """A phase of no documentation, instead of Pending."""
    log: str = "step 1\nValueError: boom\n"

    # models
    model_course: tuple[float, float] = (0.05, 0.05)
    """How long a model is publishing, building."""
    model_fails: bool = False
    models_are_kept: bool = False
    """Deletions of models answer 200 and name the model among those that could not be deleted."""

    # services
    service_course: tuple[float, float, float] = (0.1, 0.1, 0.1)
    """How long a service is deploying, concerning, stopping."""
    service_fails: bool = False
    drops_config: bool = False
    """A new config is accepted and forgotten."""
    rolls_back: bool = False
    starts_on_config: bool = False
    """A new config starts a service that was stopped."""
