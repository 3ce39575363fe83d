"""``fmctl explain``: what a field of a manifest or of fmctl.yaml is, and what a rule says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from fmctl.cli.choices import complete_explained
from fmctl.domain.problem import UsageError


def explain(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[FIELD|FM####]",
            help="A field, such as TrainingJob.spec.inputs, or a rule. Without it kinds and rules are listed.",
            autocompletion=complete_explained,
        ),
    ] = None,
) -> None:
    """Explain a field of a manifest, or a rule by its code; offline."""
    from fmctl.cli.output import columns, say
    from fmctl.report.explaining import explained

    if what is None or (what.upper().startswith("FM") and what[2:].isdigit()):
        say(_rules(what.upper() if what else None))
        return
    documents = _documents()
    kind, path = _named(what, documents)
    say(explained(kind, path, documents[kind], columns()))


def _documents() -> Mapping[str, Mapping[str, Any]]:
    """The schemas of what is written by hand: the kinds and the project file."""
    from fmctl.kinds import KINDS
    from fmctl.settings import PROJECT_FILE, PROJECT_SCHEMA
    from fmctl.validate import document_schema

    return {**{name: document_schema(kind) for name, kind in KINDS.items()}, PROJECT_FILE: PROJECT_SCHEMA}


def _named(what: str, documents: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    """The document and the path in it that ``what`` names, wholly or by its end."""
    from fmctl.kinds import parse
    from fmctl.report.explaining import found
    from fmctl.settings import PROJECT_FILE

    if what == PROJECT_FILE or what.startswith(f"{PROJECT_FILE}."):
        return PROJECT_FILE, what[len(PROJECT_FILE) + 1 :]
    word, _, path = what.partition(".")
    try:
        kind, name = parse(word)
    except UsageError:
        return _only(what, found(what, documents))
    if name:
        msg = f"{what} is a resource; a field is written with dots"
        raise UsageError(msg, hint=f"fmctl explain {kind}, or fmctl describe {what}")
    return kind, path


def _only(what: str, places: list[str]) -> tuple[str, str]:
    """The one place that is meant."""
    from fmctl.settings import PROJECT_FILE

    if not places:
        msg = f"no kind and no field {what!r}"
        raise UsageError(msg, hint="`fmctl explain` lists kinds and rules, `fmctl explain TrainingJob` its fields")
    if len(places) > 1:
        msg = f"{what} is a field of several things"
        raise UsageError(msg, hint="say which: " + ", ".join(places))
    kind = PROJECT_FILE if places[0].startswith(PROJECT_FILE) else places[0].partition(".")[0]
    return kind, places[0][len(kind) + 1 :]


def _rules(code: str | None) -> str:
    """One rule, or what can be explained."""
    from fmctl.report.explaining import told
    from fmctl.rules import RULES

    if code is None:
        return "\n".join([*_documents(), "", *(f"{code}  {rule.says}" for code, rule in RULES.items())])
    if code not in RULES:
        msg = f"no rule {code}"
        raise UsageError(msg, hint="`fmctl explain` lists them all")
    return told(code, RULES[code])
