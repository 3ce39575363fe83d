"""Creating exactly one object through an API without idempotency tokens: the name is the key."""

from __future__ import annotations

from collections.abc import Callable, Generator

from fmctl.domain.live import Live
from fmctl.domain.ports import Clock
from fmctl.domain.problem import AlreadyExists, NoAnswer
from fmctl.kinds.base import Watch

LOOKUP_SECONDS = 120  # lists lag; job names can be checked, models and services cannot


def create_once(
    name: str, post: Callable[[], str], find: Callable[[], Live | None], clock: Clock
) -> Generator[Watch, Live | None, tuple[str, Live | None]]:
    """Create by ``post`` (returns the remote id) unless an object of this name exists.

    Returns the remote id, and the object itself when it was found rather than made by a call that answered.
    After a lost answer it looks up by name, sends once more if the name is absent, and on "exists" looks it up for
    as long as lists may lag. Raises what ``post`` raises, or NoAnswer when the object cannot be found.
    """
    for _ in range(2):
        try:
            return _sent(name, post), None
        except AlreadyExists:
            break
        except NoAnswer:
            found = find()
            if found:
                return found.remote_id, found
    deadline = clock.now() + LOOKUP_SECONDS
    while clock.now() < deadline:
        found = yield Watch("", name, "exists, waiting for it to show in the list")
        if found:
            return found.remote_id, found
    msg = f"{name} was sent, or exists already, but did not show in any list for {LOOKUP_SECONDS} s"
    raise NoAnswer(msg, hint="apply again: it is looked up by name, never created twice")


def _sent(name: str, post: Callable[[], str]) -> str:
    """The id in the answer to ``post``; an answer without one says as little as none about what was done."""
    try:
        remote_id = post()
    except (AttributeError, LookupError, TypeError, ValueError):
        remote_id = ""
    if not remote_id:
        msg = f"{name} was sent, and the answer does not say what became of it"
        raise NoAnswer(msg)
    return remote_id
