"""``fmctl predict``: ask a service."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fmctl.cli.names import address_of
from fmctl.cli.options import Context
from fmctl.domain.problem import ExitCode, UsageError

if TYPE_CHECKING:
    from fmctl.connect import Session
    from fmctl.domain.resource import ResourceId

MULTIPART = "multipart/form-data"


def predict(
    what: Annotated[
        str, typer.Argument(metavar="Service/NAME", help="Which service.", autocompletion=address_of("Service"))
    ],
    source: Annotated[str | None, typer.Argument(metavar="[-]", help="- reads the body from stdin.")] = None,
    data: Annotated[str | None, typer.Option("--data", help="The body, as JSON.")] = None,
    file: Annotated[Path | None, typer.Option("--file", help="A file with the body.")] = None,
    content_type: Annotated[
        str | None, typer.Option("--content-type", help="Of the body; multipart/form-data sends the file as a form.")
    ] = None,
    path: Annotated[
        str, typer.Option("--path", help="Below the service's address, for images with several APIs.")
    ] = "",
    context: Context = None,
) -> int:
    """Send a body to a running service and print its answer.

    Exits 4 on a status of 400 or more.
    """
    from fmctl.addressing import address, service_address
    from fmctl.cli.output import fail
    from fmctl.cli.session import open_session, project_of

    body, type_ = _body(source, data, file, content_type)
    id = address(what, "Service")
    session = open_session(project_of(None), context)
    answer = session.api.predict(service_address(str(id), session, path), body, type_)
    text = answer.content.decode("utf-8", errors="replace")
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    if answer.status >= 400:
        fail(f"{what} answered HTTP {answer.status}", _hint(id, session))
        return ExitCode.API
    return ExitCode.OK


def _hint(id: ResourceId, session: Session) -> str | None:
    """What to do about a service that is stopped, or on its way, as all are for a moment when the sandbox comes up."""
    from fmctl.cli.session import pasted
    from fmctl.domain.live import Health
    from fmctl.kinds.service import Service

    live = Service().find_name(id.name, session.api)
    if live and live.health is Health.SUSPENDED:
        return f"it is {live.phase}: `fmctl start {id}{pasted(session)}` starts it"
    if live is None or live.health is not Health.PROGRESSING:
        return None
    return f"it is {live.phase}: `fmctl wait {id}{pasted(session)}` comes back when it answers"


def _body(source: str | None, data: str | None, file: Path | None, content_type: str | None) -> tuple[bytes, str]:
    """The body and its type: exactly one of --data, --file and - gives it."""
    import json

    if source not in (None, "-") or sum((source is not None, data is not None, file is not None)) != 1:
        msg = "say what to send: exactly one of --data JSON, --file FILE and -"
        raise UsageError(msg, hint="""for example --data '{"data": {"req_data": [{"x": 3}]}}'""")
    if data is not None:
        try:
            json.loads(data)
        except ValueError as error:
            msg = f"--data is not JSON: {error}"
            raise UsageError(msg, hint="quote it for the shell, or put it in a file: --file FILE") from error
        return data.encode(), content_type or "application/json"
    if file is None:
        return sys.stdin.buffer.read(), content_type or "application/json"
    try:
        body = file.read_bytes()
    except OSError as error:
        msg = f"cannot read {file}: {error.strerror}"
        raise UsageError(msg) from error
    if content_type == MULTIPART:
        return _form(file.name, body)
    return body, content_type or ("application/json" if file.suffix == ".json" else "application/octet-stream")


def _form(name: str, body: bytes) -> tuple[bytes, str]:
    """A form with one file, in the field ``images`` as the platform's own samples have it."""
    import secrets

    boundary = secrets.token_hex(16)
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="images"; filename="{name}"\r\n'
    whole = (
        head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + body + f"\r\n--{boundary}--\r\n".encode()
    )
    return whole, f"{MULTIPART}; boundary={boundary}"
