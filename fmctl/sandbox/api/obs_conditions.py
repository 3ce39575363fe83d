"""OBS: what a request expects of an object before it is read or copied, and which part of it is wanted."""

from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from urllib.parse import unquote

from werkzeug.datastructures import Headers
from werkzeug.http import parse_range_header

from fmctl.sandbox.object_info import ObjectInfo
from fmctl.sandbox.objects import ObsError

CONDITIONS = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")


class Verdict(Enum):
    """What comes of the conditions of a request."""

    GO_ON = auto()
    KNOWN = auto()  # the client has it already
    UNEXPECTED = auto()  # it is not what the client expects


def judge(info: ObjectInfo, headers: Headers, prefix: str = "") -> Verdict:
    """The conditions in the headers, whose names may have a prefix; a matching ETag wins over a time."""
    match, none_match, modified_since, unmodified_since = (headers.get(prefix + name) for name in CONDITIONS)
    modified = int(info.modified)
    if match is not None:
        if not _names(match, info):
            return Verdict.UNEXPECTED
    elif modified > _seconds(unmodified_since, modified):
        return Verdict.UNEXPECTED
    if none_match is not None:
        return Verdict.KNOWN if _names(none_match, info) else Verdict.GO_ON
    return Verdict.KNOWN if modified <= _seconds(modified_since, -1) else Verdict.GO_ON


def refused() -> ObsError:
    """The error for an object that is not what was expected."""
    return ObsError(412, "PreconditionFailed", "At least one of the preconditions you specified did not hold.")


def part(asked: str | None, size: int) -> tuple[int, int]:
    """Start and stop of one range of bytes; of no range, and of what is no range, all."""
    if asked is None or not asked.startswith("bytes="):
        return 0, size
    if asked == "bytes=-0":
        raise _unsatisfiable()
    parsed = parse_range_header(asked)
    if parsed is None or len(parsed.ranges) != 1:
        return 0, size
    found = parsed.range_for_length(size)
    if found is None:
        raise _unsatisfiable()
    return found


def _unsatisfiable() -> ObsError:
    return ObsError(416, "InvalidRange", "The requested range is not satisfiable.")


def _names(value: str, info: ObjectInfo) -> bool:
    return bool({info.etag, "*"} & set(_etags(value)))


def _etags(value: str) -> Sequence[str]:
    """Some clients percent-encode these, quotes included."""
    return [tag.strip().strip('"') for tag in unquote(value).split(",")]


def _seconds(value: str | None, default: float) -> float:
    try:
        return parsedate_to_datetime(unquote(value)).timestamp() if value else default
    except ValueError:
        return default
