"""Options that several commands share, spelled once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from fmctl.cli.choices import (
    complete_context,
    complete_declared,
    complete_label,
    complete_overlay,
    complete_plan_format,
)

Files = Annotated[
    list[str] | None,
    typer.Option("--filename", "-f", help="File, directory, glob or - with manifests; may be repeated."),
]
Recursive = Annotated[bool, typer.Option("--recursive", "-R", help="Look into sub-directories too.")]
Overlay = Annotated[
    str | None,
    typer.Option("--overlay", help="Merge this overlay of fmctl.yaml over the set.", autocompletion=complete_overlay),
]
Selector = Annotated[
    str | None,
    typer.Option("--selector", "-l", help="Only what has these labels: key=value,…", autocompletion=complete_label),
]
Target = Annotated[
    list[str] | None,
    typer.Option("--target", help="Only Kind/name (globs), and what it needs.", autocompletion=complete_declared),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", help="All but Kind/name (globs), and what needs it.", autocompletion=complete_declared),
]
Context = Annotated[
    str | None,
    typer.Option(
        "--context", help="Where to apply: sandbox, or env, the environment's.", autocompletion=complete_context
    ),
]
Full = Annotated[bool, typer.Option("--full", help="Every resource and every field.")]
Prune = Annotated[bool, typer.Option("--prune", help="Also remove what the set owns and no longer declares.")]
Parallelism = Annotated[
    int, typer.Option("--parallelism", min=1, max=64, envvar="FMCTL_PARALLELISM", help="Calls at the same time.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", "--auto-approve", help="Do not ask before stopping or destroying.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colour (also NO_COLOR).")]
Outputs = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        "-o",
        help="text, json, markdown; FORMAT=FILE writes to a file.",
        autocompletion=complete_plan_format,
    ),
]


@dataclass(frozen=True, slots=True)
class Planning:
    """What to plan, where, and how to show it: what ``diff`` and ``apply`` take alike."""

    filename: Files = None
    recursive: Recursive = False
    overlay: Overlay = None
    selector: Selector = None
    target: Target = None
    exclude: Exclude = None
    prune: Prune = False
    context: Context = None
    parallelism: Parallelism = 10
    yes: Yes = False
    full: Full = False
    no_color: NoColor = False
