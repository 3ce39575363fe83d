"""From flags to sources and a connected session, for commands."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fmctl.domain.problem import UsageError

if TYPE_CHECKING:
    from fmctl.connect import Session
    from fmctl.settings import Project
    from fmctl.sources import Sources


def stdin() -> str:
    """What is piped in; undecodable bytes become a manifest error later, not a traceback."""
    return sys.stdin.buffer.read().decode("utf-8", errors="surrogateescape")


def sources(
    filenames: Sequence[str] | None,
    recursive: bool = False,
    overlay: str | None = None,
    selector: str | None = None,
    target: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
) -> Sources:
    """What the flags name; ``-f`` is needed."""
    from fmctl.sources import Sources

    if not filenames:
        from fmctl.settings import PROJECT_FILE

        msg = "say what to read: -f FILE, directory, glob or -"
        here = f"`-f .` is the set of {PROJECT_FILE} here" if Path(PROJECT_FILE).is_file() else ""
        raise UsageError(msg, hint=here or "for example `-f manifests/`")
    return Sources(tuple(filenames), recursive, overlay, selector, tuple(target or ()), tuple(exclude or ()))


def project_of(filenames: Sequence[str] | None) -> Project:
    """The project file of what is named, or of the working directory."""
    from fmctl.settings import find_project

    return find_project(filenames or ["."], Path.cwd())


def open_session(project: Project, context: str | None) -> Session:
    """Connect; that the sandbox was started is told on stderr."""
    from fmctl.api import open_session
    from fmctl.cli.output import warn

    return open_session(project, context, notify=warn)


def pasted(session: Session) -> str:
    """What a command that is typed here needs besides its arguments to mean the same context."""
    import os

    from fmctl.domain.problem import FmctlError
    from fmctl.settings import context_name

    try:
        here = context_name(None, project_of(None), os.environ)
    except FmctlError:
        here = ""
    return "" if here == session.context.name else f" --context {session.context.name}"


_COMMAND = re.compile(
    r"`(fmctl (?:apply|diff|get|describe|logs|events|history|wait|start|stop|delete|predict)\b[^`|]*)`"
)


def placed(text: str, options: str) -> str:
    """``text`` in which the commands to copy have ``options`` too, unless they name a context themselves."""
    if not options:
        return text
    return _COMMAND.sub(lambda found: found[0] if "--context" in found[1] else f"`{found[1]}{options}`", text)


def asked_for(arguments: Sequence[str]) -> str:
    """The ``--context`` of a command line, as an option of the next."""
    for one, other in zip(arguments, [*arguments[1:], ""], strict=True):
        option, _, value = one.partition("=")
        if option == "--context" and (value or other):
            return f" --context {value or other}"
    return ""


def seconds_of(option: str, text: str | None) -> float | None:
    """A duration of the command line in seconds."""
    from fmctl.domain.values import DURATION, seconds

    if text is None:
        return None
    if not re.match(DURATION, text):
        msg = f"{option} {text}: not a duration"
        raise UsageError(msg, hint="30s, 90m, 2h, 1d")
    return float(seconds(text))


def confirm(question: str, without: str, *, yes: bool) -> None:
    """Ask on a terminal; refuse elsewhere, since nobody can say yes there. ``without`` says what needs it."""
    from fmctl.cli.output import ask, interactive
    from fmctl.domain.problem import Cancelled, Refused

    if yes:
        return
    if not interactive():
        raise Refused(without, hint="say -y")
    if not ask(question):
        msg = "nothing was changed"
        raise Cancelled(msg)
