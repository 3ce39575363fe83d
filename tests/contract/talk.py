"""A conversation: questions asked through a door, their answers kept under the name of their step."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .door import Answer, Door
from .shape import at
from .site import Site


class Missed(AssertionError):
    """What was to happen did not, for as long as the site's patience lasted."""


class Talk:
    """What was said, step by step. A step that is asked again keeps its last answer."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self._said: dict[str, Answer] = {}

    @property
    def site(self) -> Site:
        """Who answers."""
        return self.door.site

    def __getitem__(self, step: str) -> Answer:
        return self._said[step]

    @property
    def statuses(self) -> dict[str, tuple[int, str]]:
        """How every step ended."""
        return {step: answer.refusal for step, answer in self._said.items()}

    def name(self, what: str) -> str:
        """A name that nobody else has."""
        return f"contract-{self.site.tag}-{self.door.name}-{what}"

    def ask(self, step: str, method: str, path: str, body: Any = None, **query: Any) -> Answer:
        """Ask, and keep the answer."""
        answer = self._said[step] = self.door.ask(method, path, body, query)
        return answer

    def in_vain(self, step: str, path: str, body: Any, id_at: str) -> None:
        """Try to make what must be refused; should it be made all the same, it is deleted at once."""
        made = self.ask(step, "POST", path, body)
        if made.status < 300:
            self.door.ask("DELETE", f"{path}/{at(made.data, id_at)}")

    def keep(self, step: str, data: Any, status: int = 200, code: str = "") -> None:
        """Keep what came back in another way than by asking."""
        self._said[step] = Answer(status, data, code)

    def apart(self) -> Talk:
        """A conversation of its own through the same door."""
        return Talk(self.door)

    def through(self, door: Door) -> Talk:
        """The same conversation through another door."""
        other = Talk(door)
        other._said = self._said
        return other

    def until(self, step: str, path: str, reached: Callable[[Answer], Any], method: str = "GET") -> Answer:
        """Ask until it is so; the answer that it was seen in is kept."""
        end = time.monotonic() + self.site.patience
        while not reached(answer := self.ask(step, method, path)):
            if time.monotonic() > end:
                last = answer.data if answer.status < 400 else f"{answer.code} {answer.message}"
                raise Missed(f"{step} at {self.site.name}: after {self.site.patience:.0f} s still {last}")
            time.sleep(self.site.pause)
        return answer


def field(path: str, *values: Any) -> Callable[[Answer], bool]:
    """Whether an answer has one of some values at a path such as ``status.phase``."""
    return lambda answer: at(answer.data, path) in values
