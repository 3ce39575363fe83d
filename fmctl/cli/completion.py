"""``fmctl completion``: the shell's part of completing commands, options and live names."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from fmctl.domain.problem import UsageError

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_FMCTL_COMPLETE"
"""Set by the shell when it asks for completions; the answer is the program's only output then."""


def completion(
    shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", help="For which shell.")],
) -> None:
    """Print the script that completes fmctl in a shell.

    bash: eval "$(fmctl completion bash)" in ~/.bashrc; zsh: the same with zsh in ~/.zshrc, after compinit;
    fish: fmctl completion fish > ~/.config/fish/completions/fmctl.fish
    """
    from typer._completion_shared import get_completion_script

    from fmctl.cli.output import say

    if shell not in SHELLS:
        msg = f"no completion for {shell!r}"
        raise UsageError(msg, hint=f"shells: {', '.join(SHELLS)}")
    say(get_completion_script(prog_name="fmctl", complete_var=VARIABLE, shell=shell))


def is_asked() -> bool:
    """Whether a shell asks for completions."""
    return VARIABLE in os.environ


def prepare() -> None:
    """Make typer ready to answer a shell; without this only what click itself knows is completed."""
    if is_asked():
        from typer._completion_classes import completion_init

        completion_init()
