"""``fmctl completion``: what a shell needs to complete commands, options and live names, and the answer that it gets.

The scripts stand beside this file. They call fmctl with VARIABLE set to the shell's name and the words so far in
COMP_WORDS, and are answered one candidate a line, with its help behind a tab where the shell shows it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from fmctl.cli.choices import complete_shell
from fmctl.cli.formats import SHELLS
from fmctl.domain.problem import UsageError

VARIABLE = "_FMCTL_COMPLETE"
"""Set by the shell when it asks for completions; the answer is the program's only output then."""
SEPARATOR = "\x1f"
BREAKS = ("=", ":")
"""Of these bash makes words of their own."""


def completion(
    shell: Annotated[
        str, typer.Argument(metavar="bash|zsh|fish", help="For which shell.", autocompletion=complete_shell)
    ],
) -> None:
    """Print the script that completes fmctl in a shell.

    bash: eval "$(fmctl completion bash)" in ~/.bashrc; zsh: the same with zsh in ~/.zshrc, after compinit;
    fish: fmctl completion fish > ~/.config/fish/completions/fmctl.fish
    """
    from fmctl.cli.output import say

    if shell not in SHELLS:
        msg = f"no completion for {shell!r}"
        raise UsageError(msg, hint=f"shells: {', '.join(SHELLS)}")
    say(Path(__file__).with_suffix(f".{shell}").read_text("utf-8").rstrip("\n"))


def is_asked() -> bool:
    """Whether a shell asks for completions."""
    return VARIABLE in os.environ


def answer(app: typer.Typer) -> None:
    """Tell the shell what may follow; whatever goes wrong, it is told nothing."""
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115, for as long as the process
    with suppress(BaseException):  # an error in the middle of a command line helps nobody
        words, shell = os.environ["COMP_WORDS"].split(SEPARATOR), os.environ[VARIABLE]
        sys.stdout.write("".join(f"{line}\n" for line in _lines(app, words, shell)))
        sys.stdout.flush()
    os._exit(0)  # a look at the platform that nobody waits for any more must not keep the shell


def _lines(app: typer.Typer, words: Sequence[str], shell: str) -> Iterator[str]:
    from typer._completion_classes import BashComplete
    from typer.main import get_command

    from fmctl.cli.brief import brief

    words, given = glued(words) if shell == "bash" else (words, "")
    *before, last = words[1:] or [""]
    option, equals, value = last.partition("=") if last.startswith("--") else ("", "", last)
    known = [*before, option] if equals else before
    command = get_command(brief(app, known))
    for found in BashComplete(command, {}, "fmctl", VARIABLE).get_completions(known, value if equals else last):
        text = f"{option}={found.value}" if equals else str(found.value)
        help = " ".join(str(found.help or "").split())
        yield f"{text}\t{help}" if help and shell != "bash" else text.removeprefix(given)


def glued(words: Sequence[str]) -> tuple[Sequence[str], str]:
    """The words of bash as they were typed, and how much of the last is there before what bash completes."""
    whole: list[str] = []
    open_, given = False, ""
    for word in words:
        joins = word in BREAKS
        if whole and (joins or open_):
            given = whole[-1] + (word if joins else "")
            whole[-1] += word
        else:
            whole.append(word)
            given = ""
        open_ = joins
    return whole, given
