"""From what the service answered to the error a user reads, and to the class that the program acts on.

ModelArts reuses numbers with another status and meaning, and says "not found" with 400 for half of its resources:
hence the tables of (status, code). Codes are the service's, without the prefix ``ModelArts.``.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from fmctl.domain.problem import AlreadyExists, ApiError, NoAnswer, NotFound, WrongState
from fmctl.modelarts.answer import Answer, read_answer

PREFIX = "ModelArts."

NOT_FOUND_400 = frozenset({"2755", "2775", "2842", "6309", "7005"})
"""Algorithm, training job, experiment, notebook, workspace."""

NOT_ABSENT_404 = frozenset({"2786", "2836", "3021", "3507", "4204"})
"""404, but about the caller's project, path or argument: the object that was asked for may well exist."""

EXISTS = frozenset({(400, "2751"), (400, "2752"), (400, "2821"), (400, "2841"), (409, "3002"), (409, "3503")})
"""Training job, algorithm version, algorithm, experiment, model version, service."""

WRONG_STATE = frozenset(
    {(409, "2796"), (409, "2813"), (409, "2878"), (400, "2883"), (400, "3515"), (400, "3519"), (400, "4203")}
)

FINAL_500 = frozenset({"3006", "3009", "3044", "3053", "3065", "3301", "3501", "3504", "3505", "3506"})
"""500, and yet an answer: the service tried and failed, or will not; asking again tells nothing new."""

TRANSIENT_500 = frozenset({None, "0010", *(str(code) for code in range(2950, 2960)), "7001", "7009"})

HINTS = {
    "2785": "authorise ModelArts to act for you (console: Settings > Authorization, an agency), then try again",
    "2786": "the project id is not the credential's: check the context's project and region",
    "2836": "the API has no such path: check the endpoint",
    "2799": "too many requests at once: lower --parallelism",
    "4206": "too many requests at once: slow down",
    "0210": "the project id is not the credential's: check the context's project and region",
}
UNAUTHORISED = "check the credential, its project, and that this machine's clock is right"


def classify(status: int, code: str | None) -> type[ApiError]:
    """The class of an error answer, by status and the number of its ModelArts code (None: it has none)."""
    if (status, code) in EXISTS:
        return AlreadyExists
    if (status, code) in WRONG_STATE:
        return WrongState
    if _says_absent(status, code):
        return NotFound
    if status == httpx.codes.REQUEST_TIMEOUT or (status >= 500 and code not in FINAL_500):
        return NoAnswer
    return ApiError


def is_transient(status: int, code: str | None) -> bool:
    """Whether the same question may get another answer in a moment."""
    return status in (502, 503, 504) or (status == 500 and code in TRANSIENT_500)


def service_code(error_code: str | None) -> str | None:
    """The number in ``ModelArts.2775``; None for the gateway's and everybody else's codes."""
    return error_code.removeprefix(PREFIX) if error_code and error_code.startswith(PREFIX) else None


def problem(response: httpx.Response, call: str) -> ApiError:
    """The error that an answer other than 2xx means."""
    answer = read_answer(response)
    status, code = response.status_code, service_code(answer.code)
    return classify(status, code)(
        answer.message or response.reason_phrase or "error without a message",
        status=status,
        error_code=answer.code,
        request_id=answer.request_id,
        call=call,
        hint=_hint(response, answer, code),
    )


class Garbage(NoAnswer):
    """A 2xx whose body is not what was due."""


def garbage(response: httpx.Response, call: str) -> Garbage:
    """The error that a 2xx means whose body is not what was due."""
    answer = read_answer(response)
    return Garbage(
        f"the answer is not what ModelArts sends: {answer.message or 'empty'}",
        status=response.status_code,
        request_id=answer.request_id,
        call=call,
        hint="is the endpoint right, or is there a proxy in between?",
    )


def no_answer(error: httpx.RequestError, call: str, host: str) -> NoAnswer:
    """The error that a time-out, a reset or a failed connection means."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return NoAnswer(f"cannot connect to {host}: {_reason(error)}", call=call, hint="check endpoint and network")
    return NoAnswer(f"no answer from {host}: {_reason(error)}", call=call)


def _says_absent(status: int, code: str | None) -> bool:
    if status == httpx.codes.BAD_REQUEST:
        return code in NOT_FOUND_400
    # A 404 of a proxy or a mistyped endpoint has no service code, and must not make things look deleted.
    return status == httpx.codes.NOT_FOUND and code is not None and code not in NOT_ABSENT_404


def _hint(response: httpx.Response, answer: Answer, code: str | None) -> str | None:
    if response.is_redirect:
        return f"redirects are not followed{_target(response)}: check the endpoint"
    if code in HINTS:
        return HINTS[code]
    if response.status_code == httpx.codes.UNAUTHORIZED:
        return UNAUTHORISED
    if response.status_code == httpx.codes.NOT_FOUND and answer.code is None:
        return "nothing of ModelArts answers there: check the endpoint"
    return answer.solution


def _target(response: httpx.Response) -> str:
    """The host alone: the rest of an address may hold tickets."""
    try:
        host = urlsplit(response.headers.get("Location", "")).hostname
    except ValueError:
        host = None
    return f" (to {host})" if host else ""


def _reason(error: httpx.RequestError) -> str:
    return "timed out" if isinstance(error, httpx.TimeoutException) else str(error) or type(error).__name__
