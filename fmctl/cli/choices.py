"""Completing the command line with what is known on this machine: contexts, overlays, formats, fields, manifests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import typer

from fmctl.cli.formats import LISTINGS, PLANS, SHELLS

if TYPE_CHECKING:
    from fmctl.domain.resource import Resource

Completed = Sequence[str]


def _fitting(words: Iterable[str], incomplete: str) -> Completed:
    return [word for word in words if word.startswith(incomplete)]


def complete_shell(incomplete: str) -> Completed:
    """The shells that there is a script for."""
    return _fitting(SHELLS, incomplete)


def complete_context(incomplete: str) -> Completed:
    """The contexts that there are."""
    from fmctl.settings import ENV, SANDBOX

    return _fitting((SANDBOX, ENV), incomplete)


def complete_overlay(ctx: typer.Context, incomplete: str) -> Completed:
    """The overlays of the project file."""
    from fmctl.cli.session import project_of

    return _fitting(sorted(project_of(ctx.params.get("filename")).overlays), incomplete)


def complete_kind(incomplete: str) -> Completed:
    """The kinds."""
    from fmctl.kinds import KINDS

    return _fitting(KINDS, incomplete)


def complete_goal(incomplete: str) -> Completed:
    """What can be waited for."""
    from fmctl.waiting import Goal

    return _fitting(Goal, incomplete)


def complete_listing_format(incomplete: str) -> Completed:
    """What ``get -o`` takes."""
    return _fitting(LISTINGS, incomplete)


def complete_graph_format(incomplete: str) -> Completed:
    """What ``graph -o`` takes."""
    from fmctl.report.graph import FORMATS

    return _fitting(FORMATS, incomplete)


def complete_plan_format(incomplete: str) -> Completed:
    """What ``diff -o`` takes."""
    return _fitting(PLANS, incomplete)


# ------------------------------------------------------------ from the manifests that -f names


def complete_declared(ctx: typer.Context, incomplete: str) -> Completed:
    """``Kind/name`` of what the manifests declare."""
    return _fitting((str(resource.id) for resource in _declared(ctx.params)), incomplete)


def complete_label(ctx: typer.Context, incomplete: str) -> Completed:
    """``key=value`` of the labels in the manifests, behind those that are there already."""
    given, comma, last = incomplete.rpartition(",")
    labels = {f"{key}={value}" for resource in _declared(ctx.params) for key, value in resource.labels.items()}
    return [given + comma + label for label in _fitting(sorted(labels), last)]


def _declared(params: dict[str, Any]) -> Sequence[Resource]:
    from fmctl.cli.session import project_of, sources
    from fmctl.sources import check

    filenames = params.get("filename") or ["."]
    if "-" in filenames:  # what is piped in can be read but once
        return ()
    named = sources(filenames, bool(params.get("recursive")), params.get("overlay"))
    return check(named, project_of(filenames))


# ------------------------------------------------------------ what can be explained


def complete_explained(incomplete: str) -> Completed:
    """Rules by their code, kinds and the project file, and the fields below what is written so far."""
    from fmctl.kinds import KINDS
    from fmctl.settings import PROJECT_FILE, PROJECT_SCHEMA

    for name in (*KINDS, PROJECT_FILE):
        if incomplete.startswith(f"{name}."):
            schema = PROJECT_SCHEMA if name == PROJECT_FILE else _schema(name)
            return _fields(schema, name, incomplete[len(name) + 1 :])
    codes = _codes(incomplete) if incomplete.upper().startswith("FM") else ()
    return [*codes, *_fitting((*KINDS, PROJECT_FILE), incomplete)]


def _codes(incomplete: str) -> Completed:
    """The rules, in capitals or not, as they are being typed."""
    from fmctl.rules import RULES

    return [incomplete + code[len(incomplete) :] for code in RULES if code.startswith(incomplete.upper())]


def _schema(kind: str) -> Any:
    from fmctl.kinds import KINDS
    from fmctl.validate import document_schema

    return document_schema(KINDS[kind])


def _fields(schema: Any, name: str, path: str) -> Completed:
    from fmctl.report.explaining import field_names

    above, _, last = path.rpartition(".")
    lead = f"{name}.{above}." if above else f"{name}."
    return [lead + field for field in _fitting(field_names(schema, above), last)]
