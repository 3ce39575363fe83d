"""The program: its commands, and how every outcome becomes words and an exit code."""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated

import typer

from fmctl.cli import (
    apply,
    completion,
    cp,
    delete,
    describe,
    diff,
    events,
    explain,
    get,
    graph,
    history,
    init,
    logs,
    predict,
    render,
    sandbox,
    schema,
    start,
    status,
    stop,
    validate,
    wait,
)
from fmctl.cli.brief import brief
from fmctl.cli.examples import elsewhere, epilog
from fmctl.cli.output import fail, warn
from fmctl.cli.session import asked_for, placed
from fmctl.domain.problem import ExitCode, FmctlError, ManifestError
from fmctl.version import __version__

app = typer.Typer(
    name="fmctl",
    help="Make ModelArts match the manifests in your repository: training runs, model versions, services.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"fmctl {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Make ModelArts match the manifests in your repository: training runs, model versions, services."""


app.command("init", epilog=epilog("init"))(init.init)
app.command("validate", epilog=epilog("validate"))(validate.validate)
app.command("render", epilog=epilog("render"))(render.render)
app.command("explain", epilog=epilog("explain"))(explain.explain)
app.command("diff", epilog=epilog("diff"))(diff.diff)
app.command("apply", epilog=epilog("apply"))(apply.apply)
app.command("get", epilog=epilog("get"))(get.get)
app.command("describe", epilog=epilog("describe"))(describe.describe)
app.command("logs", epilog=epilog("logs"))(logs.logs)
app.command("events", epilog=epilog("events"))(events.events)
app.command("history", epilog=epilog("history"))(history.history)
app.command("status", epilog=epilog("status"))(status.status)
app.command("graph", epilog=epilog("graph"))(graph.graph)
app.command("predict", epilog=epilog("predict"))(predict.predict)
app.command("cp", epilog=epilog("cp"))(cp.cp)
app.command("wait", epilog=epilog("wait"))(wait.wait)
app.command("start", epilog=epilog("start"))(start.start)
app.command("stop", epilog=epilog("stop"))(stop.stop)
app.command("delete", epilog=epilog("delete"))(delete.delete)
app.command("schema", epilog=epilog("schema"))(schema.schema)
app.command("completion", epilog=epilog("completion"))(completion.completion)
app.add_typer(sandbox.app, name="sandbox")


INTERRUPTED = 128 + signal.SIGINT
"""What typer makes of a KeyboardInterrupt."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with the code of the outcome. No traceback ever reaches a user."""
    _prepare()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    if completion.is_asked():
        completion.answer(app)
    code = run(sys.argv[1:] if arguments is None else arguments)
    if code == ExitCode.CANCELLED:
        sys.stdout.flush()
        os._exit(code)  # a call that hangs must not keep who has said to leave
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command; the exit code."""
    try:
        result = brief(app, arguments)(args=arguments, prog_name="fmctl", standalone_mode=False)
        if result == INTERRUPTED:
            raise KeyboardInterrupt
        return int(result) if isinstance(result, int) else ExitCode.OK
    except ManifestError as error:
        fail(f"{error}\n{_count(len(error.problems))}")
        return error.code
    except FmctlError as error:
        fail(f"error: {error.message if not error.args else error}", placed(error.hint or "", asked_for(arguments)))
        return error.code
    except (KeyboardInterrupt, typer.Abort):
        fail("cancelled")
        return ExitCode.CANCELLED
    except typer.TyperException as error:
        return _usage(error, arguments)
    except SystemExit as end:
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        return ExitCode.CANCELLED  # the reader has left in the middle, which typer makes an exit and closes its eyes to
    except Exception as error:
        if os.environ.get("FMCTL_LOG") == "debug":
            import traceback

            warn(traceback.format_exc())
        fail(f"internal error: {type(error).__name__}: {error}", "set FMCTL_LOG=debug to see where, and report it")
        return ExitCode.INTERNAL


def _interrupt(_number: int, _frame: object) -> None:
    """Ctrl-C and SIGTERM detach; a second one leaves at once, and harms no more than a kill, which is safe."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(ExitCode.CANCELLED))
    raise KeyboardInterrupt


def _usage(error: typer.TyperException, arguments: list[str]) -> ExitCode:
    """A wrong command line, in the words of the parser, and what other programs' words are here."""
    show = getattr(error, "show", None)
    meant = elsewhere(arguments, str(error))
    if meant:
        fail(*meant)
    elif show:
        show()
    else:
        fail(f"error: {error}")
    return ExitCode.USAGE


def _count(number: int) -> str:
    return f"{number} problem{'s' if number != 1 else ''}"


def _prepare() -> None:
    """UTF-8 out whatever the locale says, nowhere when it is closed; logging only when it is asked for."""
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115, for as long as the process
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    level = os.environ.get("FMCTL_LOG", "").upper()
    if level:
        import logging

        known = {"DEBUG", "INFO", "WARNING", "ERROR"}
        logging.basicConfig(level=level if level in known else "INFO", format="%(levelname)s %(name)s %(message)s")
