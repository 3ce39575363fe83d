"""The program with the options of one command only: reading those of all takes a third of the time of ``--help``."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from copy import copy

import typer
from typer.models import CommandInfo


def brief(app: typer.Typer, arguments: Sequence[str]) -> typer.Typer:
    """``app``, in which every command but the one that ``arguments`` call is only a name and a line of help."""
    called = next((word for word in arguments if not word.startswith("-")), None)
    program = copy(app)
    program.registered_commands = [
        each if each.name == called else _line(each.name, inspect.getdoc(each.callback))
        for each in app.registered_commands
    ]
    program.registered_groups = [each for each in app.registered_groups if each.name == called]
    for each in app.registered_groups:
        if each.name != called and each.typer_instance:
            program.registered_commands.append(_line(each.name, each.typer_instance.info.help))
    return program


def _line(name: str | None, help: str | None) -> CommandInfo:
    return CommandInfo(name, help=help, callback=_nothing)


def _nothing() -> None:
    """Never called: the command that is called is complete."""
