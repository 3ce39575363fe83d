"""``fmctl status``: where one is, and how things are there."""

from __future__ import annotations

import os

from fmctl.cli.options import Context


def status(context: Context = None) -> None:
    """Tell where you are and how things are there.

    Context, credential (never its secret), host, project, workspace, and how many resources are how.
    """
    from fmctl import host
    from fmctl.cli.output import say
    from fmctl.cli.session import open_session, project_of
    from fmctl.listing import entries
    from fmctl.report.status import status_text
    from fmctl.settings import SANDBOX, context_name

    project = project_of(None)
    folder = host.state_dir(os.environ)
    if context_name(context, project, os.environ) == SANDBOX and host.running(folder) is None:
        say(f"Context:     sandbox (down)\nState in:    {folder}\n")
        say("Start it with `fmctl sandbox up`; apply does so by itself.")
        return
    session = open_session(project, context)
    say(status_text(session, entries(session)))
