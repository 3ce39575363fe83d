"""What can go wrong, and the exit code each outcome has.

FmctlError
├── UsageError             the command line or the project file is wrong (2)
│   └── ManifestError      one or many Problems, each with a place (2)
├── Refused                a guard, a policy or a missing confirmation (5)
├── Conflict               a stale plan or checksum (6)
├── CredentialError        no usable credential, or a refused one (3)
├── Cancelled              the user said no, or Ctrl-C (8)
├── TimedOut               a wait ended before its goal (9)
├── RunEnded               a run ended otherwise than wanted (7)
├── NotReady               a model version or a service did not become what was wanted (4)
├── LedgerError            the ledger cannot be read or written (4)
├── StorageError           object storage failed (4)
└── ApiError               ModelArts answered with an error (4; 3 for 401 and 403)
    ├── NotFound           absent, whatever status the API used for it
    ├── AlreadyExists      the name is taken: 2751, 3002, 3503
    ├── WrongState         the object is not in a state that allows this: 2796, 2878, 3519
    └── NoAnswer           time-out, reset, 5xx or garbage: nobody knows whether it was done
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from fmctl.domain.resource import Document, Source


class ExitCode(IntEnum):
    """What a command exits with; the table is a public interface."""

    OK = 0
    DIFFERENCES = 1
    USAGE = 2
    AUTH = 3
    API = 4
    REFUSED = 5
    CONFLICT = 6
    RUN_ENDED = 7
    CANCELLED = 8
    TIMEOUT = 9
    INTERNAL = 255


PRECEDENCE = (
    ExitCode.CANCELLED,
    ExitCode.AUTH,
    ExitCode.CONFLICT,
    ExitCode.REFUSED,
    ExitCode.API,
    ExitCode.RUN_ENDED,
    ExitCode.TIMEOUT,
    ExitCode.DIFFERENCES,
)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """The one code to exit with when several things happened."""
    seen = set(codes)
    return next((code for code in PRECEDENCE if code in seen), ExitCode.OK)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a manifest: where, which rule (``FM####``), what, and what to do about it."""

    source: Source
    rule: str
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        text = f"{self.source}: {self.rule} {self.message}"
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class FmctlError(Exception):
    """An outcome that the user is told in words, without a traceback."""

    code: ExitCode = ExitCode.DIFFERENCES  # 1: "unclassified error" of apply

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if hint:
            self.add_note(f"hint: {hint}")  # for who sees the traceback: a notebook


class UsageError(FmctlError):
    """The command line, the environment or the project file is wrong."""

    code = ExitCode.USAGE


class ManifestError(UsageError):
    """The manifests are wrong: all their problems, in the order of the files.

    ``readable`` are the documents that could be read all the same, so that what is wrong with them can be told too.
    """

    def __init__(self, problems: Iterable[Problem], readable: Iterable[Document] = ()) -> None:
        self.readable = tuple(readable)
        self.problems = tuple(sorted(problems, key=lambda p: (p.source, p.rule, p.message)))
        super().__init__("\n".join(map(str, self.problems)))


class Refused(FmctlError):
    """fmctl will not do this: a guard, a policy, or a confirmation that is missing."""

    code = ExitCode.REFUSED


class Conflict(FmctlError):
    """The world is not as it was when the plan was made."""

    code = ExitCode.CONFLICT


class CredentialError(FmctlError):
    """No usable credential, or one that was refused."""

    code = ExitCode.AUTH


class Cancelled(FmctlError):
    """The user said no, or detached."""

    code = ExitCode.CANCELLED


class TimedOut(FmctlError):
    """A wait ended before its goal was reached."""

    code = ExitCode.TIMEOUT


class RunEnded(FmctlError):
    """A run ended otherwise than wanted; ``log`` holds the last lines it wrote."""

    code = ExitCode.RUN_ENDED

    def __init__(self, message: str, *, log: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.log = log


class NotReady(FmctlError):
    """A model version or a service did not become what was wanted: failed, rolled back, degraded for too long."""

    code = ExitCode.API


class LedgerError(FmctlError):
    """The ledger cannot be read or written."""

    code = ExitCode.API


class StorageError(FmctlError):
    """Object storage failed: status and OBS code are in the message."""

    code = ExitCode.API

    def __init__(self, message: str, *, status: int | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class ApiError(FmctlError):
    """ModelArts answered with an error.

    ``status`` is the HTTP status (None when there was no answer), ``error_code`` the service's own
    (``ModelArts.2775``), ``request_id`` what support asks for.
    """

    code = ExitCode.API

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        error_code: str | None = None,
        request_id: str | None = None,
        call: str = "",
        hint: str | None = None,
    ) -> None:
        self.status = status
        self.error_code = error_code
        self.request_id = request_id
        self.call = call
        where = [f"HTTP {status}" if status else "", error_code or "", f"request {request_id}" if request_id else ""]
        detail = ", ".join(part for part in where if part)
        text = f"{call}: {message}" if call else message
        super().__init__(f"{text} ({detail})" if detail else text, hint=hint)
        if status in (401, 403):
            self.code = ExitCode.AUTH


class NotFound(ApiError):
    """The object is absent; the API says so with 404, or with 400 and a code of its own."""


class AlreadyExists(ApiError):
    """The name is taken: for fmctl, whose names are content, this means that it exists."""


class WrongState(ApiError):
    """The object is not in a state that allows the call; read it again."""


class NoAnswer(ApiError):
    """A time-out, a reset, a 5xx or garbage: the call may or may not have been carried out."""
