"""``fmctl init``: a first set that works as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where; made when it is not there.")] = Path("."),
) -> None:
    """Write a first set to start from.

    A job, a model version and a service with code and data: it applies on the sandbox as it is. Nothing that exists
    is overwritten.
    """
    import shlex

    from fmctl.cli.output import say, warn
    from fmctl.starter import write_starter

    for path in write_starter(folder):
        say(str(path))
    where = shlex.quote(str(folder))
    warn(f"now run: fmctl diff -f {where}, then fmctl apply -f {where}")
