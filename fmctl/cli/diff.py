"""``fmctl diff``: what ``apply`` would do, for review; never writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fmctl.cli.bundle import spread
from fmctl.cli.options import Outputs, Planning
from fmctl.domain.problem import ExitCode

if TYPE_CHECKING:
    from fmctl.connect import Session
    from fmctl.domain.plan import Plan


@spread
def diff(
    options: Planning,
    output: Outputs = None,
    out: Annotated[Path | None, typer.Option("--out", help="Save the plan for `apply --plan`.")] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="0 in sync, 1 error, 2 differences, as Terraform.")
    ] = False,
) -> int:
    """Show what apply would do. Exits 0 in sync, 1 with differences, 5 or 6 where apply would refuse."""
    from fmctl.cli.output import disable_colour
    from fmctl.cli.planning import make, save, show

    if options.no_color:
        disable_colour()
    plan, session, resources = make(options)
    show(plan, output or ["text"], full=options.full)
    if out:
        save(out, plan, resources, session.project, prune=options.prune)
    _look_closer(plan, session)
    code = exit_code(plan, session, yes=options.yes)
    if detailed_exitcode:
        return {ExitCode.OK: 0, ExitCode.DIFFERENCES: 2}.get(code, 1)
    return code


def _look_closer(plan: Plan, session: Session) -> None:
    """On stderr, how to see why something is not as wanted that apply would not touch."""
    from fmctl.cli.output import warn
    from fmctl.cli.progress import MOST_HINTS
    from fmctl.cli.session import pasted
    from fmctl.report.text import left_as_it_is

    there = [change.id for change in left_as_it_is(plan) if change.live and not change.live.facts.get("gone")]
    for id in there[:MOST_HINTS]:
        warn(f"  hint: look closer: fmctl describe {id}{pasted(session)}")


def exit_code(plan: Plan, session: Session, *, yes: bool) -> ExitCode:
    """What ``diff`` says by its exit code; it tells on stderr why apply would refuse, or what it would skip."""
    from fmctl.cli.output import interactive, warn
    from fmctl.domain.problem import worst
    from fmctl.guards import asks, guard, refusals

    whole, single = guard(plan, session.project.policy), refusals(plan)
    codes = [refusal.code for refusal in (*whole, *single)]
    for refusal in whole:
        warn(f"apply would refuse: {refusal.message}")
    for refusal in single:
        warn(f"apply would skip: {refusal.message}")
    if asks(plan) and not yes and not interactive():
        warn("apply would refuse: it stops, destroys or replaces something and needs -y where nobody can be asked")
        codes.append(ExitCode.REFUSED)
    if any(change.writes or change.drift for change in plan.changes):
        codes.append(ExitCode.DIFFERENCES)
    return worst(codes)
