"""From flags and the environment to a connected session."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fmctl.domain.problem import ManifestError, UsageError
from fmctl.domain.resource import Resource

if TYPE_CHECKING:
    from fmctl.connect import Session
    from fmctl.settings import Context as ContextType
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
        msg = "say what to read: -f FILE, directory, glob or -"
        raise UsageError(msg, hint="for example `fmctl diff -f manifests/`")
    return Sources(tuple(filenames), recursive, overlay, selector, tuple(target or ()), tuple(exclude or ()))


def project_of(named: Sources) -> Project:
    """The project file of what is named."""
    from fmctl.settings import find_project

    return find_project(named.filenames, Path.cwd())


def read(named: Sources, project: Project) -> tuple[Resource, ...]:
    """The resources of the set, or a ManifestError with every problem."""
    from fmctl.sources import read

    return read(named, project, stdin)


def open_session(project: Project, flag: str | None, *, start: bool = True) -> Session:
    """Connect to the context that applies; the sandbox is started when it is that and ``start``."""
    from fmctl.clock import SystemClock
    from fmctl.connect import connect
    from fmctl.secrets import reader
    from fmctl.settings import SANDBOX, context_name, find_context

    name = context_name(flag, project, os.environ)
    if project.document is None and name not in (SANDBOX, "env"):
        msg = f"context {name} needs a set, and there is no fmctl.yaml"
        raise UsageError(msg, hint="put `set: NAME` into fmctl.yaml beside the manifests")
    context = find_context(name, os.environ, _sandbox(start))
    return connect(context, project, SystemClock(), reader(os.environ, project.root))


def _sandbox(start: bool) -> Callable[[], ContextType]:
    from fmctl.cli import sandbox_host

    return lambda: sandbox_host.context(start=start)


__all__ = ["ManifestError", "open_session", "project_of", "read", "sources", "stdin"]
