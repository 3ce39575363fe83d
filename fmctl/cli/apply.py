"""``fmctl apply``: make the remote side match."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fmctl.cli.bundle import spread
from fmctl.cli.options import Planning
from fmctl.domain.problem import ExitCode

if TYPE_CHECKING:
    from fmctl.cli.progress import Printer
    from fmctl.connect import Session
    from fmctl.domain.event import Outcome
    from fmctl.domain.plan import Plan
    from fmctl.execute import Limits


@spread
def apply(
    options: Planning,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Start runs and leave them running.")] = False,
    timeout: Annotated[str | None, typer.Option("--timeout", help="Stop waiting after this long: 90m, 2h.")] = None,
    checksum: Annotated[
        str | None,
        typer.Option("--checksum", help="Apply only the plan with this checksum, from a reviewed `diff -o json`."),
    ] = None,
    plan_file: Annotated[
        Path | None, typer.Option("--plan", help="Apply this plan from `diff --out`; -f may name the set's root.")
    ] = None,
    json_events: Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout.")] = False,
) -> int:
    """Make the remote side match the manifests.

    It creates, updates, stops, publishes and deploys in the right order, and waits until all is as wanted.
    """
    from fmctl.cli.output import disable_colour
    from fmctl.cli.planning import make, remake
    from fmctl.cli.printers import printer
    from fmctl.cli.session import seconds_of
    from fmctl.execute import Limits

    if options.no_color:
        disable_colour()
    limits = Limits(options.parallelism, not no_wait, seconds_of("--timeout", timeout))
    out = printer(json_events, full=options.full)
    with out.telling_errors():
        plan, session = remake(plan_file, options) if plan_file else make(options)[:2]
        out.plan(plan)
        approved = options.yes or checksum is not None or plan_file is not None
        _approve(plan, session, yes=approved, checksum=checksum)
        return run(plan, session, limits, out)


def run(plan: Plan, session: Session, limits: Limits, out: Printer) -> ExitCode:
    """Carry out, print the results, and say by the exit code how it went."""
    from fmctl.workflow import apply as carry_out

    out.attach(session)
    with out:
        outcomes = carry_out(plan, session, limits, out.event)
    return finish(plan, outcomes, out)


def finish(plan: Plan, outcomes: list[Outcome], out: Printer) -> ExitCode:
    """Print the results, and say by the exit code how it went."""
    from fmctl.api import Applied

    done = Applied(plan, tuple(outcomes))
    out.results(outcomes, done.summary)
    return done.code


def _approve(plan: Plan, session: Session, *, yes: bool, checksum: str | None) -> None:
    """Everything that can stop the whole apply before its first write."""
    from fmctl.api import require_reviewed
    from fmctl.cli.output import ask, interactive
    from fmctl.domain.problem import Cancelled, Refused
    from fmctl.guards import asks, guard

    require_reviewed(plan, checksum)
    refused = guard(plan, session.project.policy)
    if refused:
        raise Refused("\n".join(refusal.message for refusal in refused), hint="nothing was changed")
    destructive = asks(plan)
    costs = plan.summary.start > 0 and not session.context.state_dir and interactive()
    if yes or not (destructive or costs):
        return
    if not interactive():
        names = ", ".join(f"{change.action} {change.id}" for change in destructive)
        raise Refused(f"this needs a yes: {names}", hint="say -y, or --checksum from a reviewed diff")
    if not ask("Apply this?"):
        msg = "nothing was changed"
        raise Cancelled(msg)
