"""``fmctl explain``: what a field of a manifest is, and what a rule says."""

from __future__ import annotations

from typing import Annotated

import typer

from fmctl.cli.names import complete_field
from fmctl.domain.problem import UsageError


def explain(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[KIND[.PATH]|FM####]",
            help="TrainingJob.spec.inputs, FM0204; without it kinds and rules are listed.",
            autocompletion=complete_field,
        ),
    ] = None,
) -> None:
    """Explain a field of a manifest, or a rule by its code; offline."""
    from fmctl.cli.output import columns, say
    from fmctl.kinds import KINDS, parse
    from fmctl.report.explaining import explained
    from fmctl.validate import document_schema

    if what is None or (what.upper().startswith("FM") and what[2:].isdigit()):
        say(_rules(what.upper() if what else None))
        return
    word, _, path = what.partition(".")
    kind, rest = parse(word)
    if rest:
        msg = f"{what} is a resource; a field is written with dots"
        raise UsageError(msg, hint=f"fmctl explain {kind}, or fmctl describe {what}")
    say(explained(kind, path, document_schema(KINDS[kind]), columns()))


def _rules(code: str | None) -> str:
    """One rule, or the kinds and every rule."""
    from fmctl.kinds import KINDS
    from fmctl.rules import RULES

    if code is None:
        return "\n".join([*(f"{kind}" for kind in KINDS), "", *(f"{code}  {text}" for code, text in RULES.items())])
    if code not in RULES:
        msg = f"no rule {code}"
        raise UsageError(msg, hint="`fmctl explain` lists them all")
    return f"{code}  {RULES[code]}"
